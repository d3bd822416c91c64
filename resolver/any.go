package resolver

import "context"

// minimalANY answers questions for all types with one record that says that
// they are not answered (RFC 8482 section 4.2): what a server happens to hold
// helps nobody, and large answers to small questions are what floods are made
// of.
type minimalANY struct{ next exchanger }

// hinfoANY is CPU "RFC8482" and an empty OS.
const hinfoANY = "\x07RFC8482\x00"

func (m minimalANY) exchange(ctx context.Context, qu *question) (*answer, error) {
	if qu.typ == typeANY {
		a := answerANY(qu)
		a.authoritative = false // the zone is another's
		return a, nil
	}
	return m.next.exchange(ctx, qu)
}

func answerANY(qu *question) *answer {
	a := newAnswer(qu, 0, SourceLocal)
	a.addAnswer(typeHINFO, localTTL, []byte(hinfoANY))
	return a
}
