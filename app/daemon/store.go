package daemon

import "dotproxy/app/control"

// store keeps settings.
type store interface {
	Load() loaded
	// Save keeps s for the next start. The error is a *Problem.
	Save(s control.Settings) error
}

// loaded is what a store had.
type loaded struct {
	settings control.Settings
	// usable is false where settings must not be used: what the user chose is
	// not known, and the default may be something else.
	usable bool
	// problem says what is wrong with the saved settings, nil where nothing is.
	problem *control.Problem
}
