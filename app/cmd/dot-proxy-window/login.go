package main

import (
	"dotproxy/app/autostart"
	"dotproxy/app/control"
)

// trayProgram is what start at login starts.
const trayProgram = "dot-proxy-tray"

// login is the start at login of this user's session.
type login struct{ autostart.Entry }

// Turn implements window.Login.
func (l login) Turn(on bool) error {
	if !on {
		return l.Off()
	}
	program, err := control.FindProgram(trayProgram)
	if err != nil {
		return err
	}
	return l.On(program)
}
