package viewmodel

import "dotproxy/app/words"

// Outside is a switch of what is not in the settings form: this computer's DNS,
// and the start at login. It shows what is, and what was asked for until that is
// done. The zero Outside is off.
type Outside struct {
	// Working says that it is being turned; nil stands for plain words.
	Working func(on bool) string

	on      bool
	hint    string
	tone    Tone
	busy    bool
	wanted  bool
	failure string
}

// See takes what is.
func (o *Outside) See(on bool, hint string, tone Tone) {
	if on != o.on {
		o.failure = "" // it came about after all
	}
	o.on, o.hint, o.tone = on, hint, tone
}

// Turn puts the switch; false while it is still being turned.
func (o *Outside) Turn(on bool) bool {
	if o.busy {
		return false
	}
	o.busy, o.wanted, o.failure = true, on, ""
	return true
}

// Done ends what Turn began: err is why it was refused, which gives the switch
// its old position back, or nil.
func (o *Outside) Done(err error) {
	o.busy = false
	if err != nil {
		o.failure = Told(err)
		return
	}
	o.on = o.wanted
}

// On is the position of the switch.
func (o *Outside) On() bool {
	if o.busy {
		return o.wanted
	}
	return o.on
}

// Text is the line under the label.
func (o *Outside) Text() (string, Tone) {
	switch {
	case o.failure != "":
		return o.failure, Bad
	case o.busy && o.Working != nil:
		return o.Working(o.wanted), Neutral
	case o.busy && o.wanted:
		return words.T("Being turned on…"), Neutral
	case o.busy:
		return words.T("Being turned off…"), Neutral
	}
	return o.hint, o.tone
}

// AtLogin is what the switch “Start at login” says.
func AtLogin(on bool) string {
	if on {
		return words.T("The tray starts when you log in, and with it the engine")
	}
	return words.T("The tray does not start when you log in")
}
