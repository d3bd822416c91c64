package tray

import (
	"errors"
	"io"
	"os"
	"os/exec"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// fyneCache bounds the memory that a fast query log takes in the window: Fyne
// keeps the picture of every text for so long after its last use.
const fyneCache = "FYNE_CACHE=5s"

// openWindow starts the window in a session of its own and does not wait for
// it. A window that is already open is raised by the one started here.
func openWindow(controlPath string, stderr io.Writer, args ...string) error {
	program, err := control.FindProgram("dot-proxy-window")
	if err != nil {
		return err
	}
	if controlPath != "" {
		args = append([]string{"--control", controlPath}, args...)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), fyneCache)
	if file, ok := stderr.(*os.File); ok {
		cmd.Stderr = file // handed on as it is: the window outlives the tray
	}
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return errors.New(words.T("The window could not be opened: {{.Error}}.", "Error", err))
	}
	go func() { _ = cmd.Wait() }()
	return nil
}
