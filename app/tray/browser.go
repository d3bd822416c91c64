package tray

import (
	"errors"
	"net/url"
	"os/exec"
	"runtime"
	"strings"
)

// plainPage is opened where a network does not name its sign-in page: it leads
// every page that is not encrypted there.
const plainPage = "http://detectportal.firefox.com/"

// maxPage bounds the address of a page, in bytes.
const maxPage = 2000

// signInPage is the page to open for a network that names text, which comes from
// whoever runs the network: anything but a plain address of the web is left
// aside.
func signInPage(text string) string {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxPage || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(text, "\"'`\\ ") {
		return plainPage
	}
	return u.String()
}

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
		return errors.New("The sign-in page could not be opened; open " + page + " in your browser.")
	}
	go func() { _ = cmd.Wait() }()
	return nil
}
