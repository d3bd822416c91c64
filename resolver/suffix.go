package resolver

// suffixes says something of domains and all names below them. Its keys are
// names in wire format and lower case.
type suffixes[T any] map[string]T

// longest finds the longest domain that is name or above it, and where in name
// it begins. It goes from label to label, so what looks like a domain inside of
// a label is none. It allocates nothing.
func (m suffixes[T]) longest(name []byte) (v T, at int, ok bool) {
	if len(m) == 0 {
		return v, 0, false
	}
	for at < len(name) {
		if v, ok = m[string(name[at:])]; ok {
			return v, at, true
		}
		at += 1 + int(name[at])
	}
	return v, 0, false
}
