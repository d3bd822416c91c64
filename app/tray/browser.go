package tray

import (
	"errors"
	"os/exec"
	"runtime"

	"dotproxy/app/words"
)

// browserCommand is how a system opens a page in the user's browser.
func browserCommand(system, page string) []string {
	switch system {
	case "darwin":
		return []string{"open", page}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler", page}
	}
	return []string{"xdg-open", page}
}

// openPage opens a page in the user's browser and does not wait for it.
func openPage(page string) error {
	args := browserCommand(runtime.GOOS, page)
	cmd := exec.Command(args[0], args[1:]...)
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return errors.New(words.T("The sign-in page could not be opened; open {{.Page}} in your browser.", "Page", page))
	}
	go func() { _ = cmd.Wait() }()
	return nil
}
