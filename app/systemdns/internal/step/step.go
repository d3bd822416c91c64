// Package step names the moments between two changes that must survive a crash
// of this program, so that tests can end it at each of them.
package step

// hook is nil in every program; tests set it before they start anything.
var hook func(name string)

// At marks the moment after which name is done.
func At(name string) {
	if hook != nil {
		hook(name)
	}
}

// Watch has f called at each moment until stop is called. It is for tests, one
// at a time.
func Watch(f func(name string)) (stop func()) {
	hook = f
	return func() { hook = nil }
}
