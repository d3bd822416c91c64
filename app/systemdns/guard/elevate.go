package guard

import (
	"errors"
	"os/exec"
	"strings"

	"dotproxy/app/systemdns"
)

// elevation is how a system has a program run with the superuser's rights: by
// another program, which asks for the administrator's password.
type elevation struct {
	// program is that program; with returns it ends when ours has begun.
	program string
	returns bool
	// with are its arguments for a program and its arguments that serves a user.
	with func(user string, args []string) []string
	// dismissed and refused are its statuses where nothing was run: somebody
	// said no, or nobody may or can say yes.
	dismissed, refused int
}

// none is no status of a program.
const none = -1

// The elevations of the systems.
var (
	// pkexec(1) tells the guard itself whom it serves.
	pkexec = elevation{program: "pkexec", with: func(_ string, args []string) []string { return args }, dismissed: 126, refused: 127}
	// osascript(1) runs what a shell would, which therefore stays behind.
	osascript = elevation{program: "osascript", returns: true, dismissed: 1, refused: none, with: func(user string, args []string) []string {
		return append([]string{"-e", `on run argv
set line to ""
repeat with word in argv
set line to line & quoted form of word & " "
end repeat
do shell script line & ">/dev/null 2>&1 &" with administrator privileges with prompt "DoT Proxy wants to change this computer’s DNS, and to put it back later."
end run`}, append(args, forFlag, user)...)
	}}
	// PowerShell has Windows ask (User Account Control).
	powershell = elevation{program: "powershell.exe", returns: true, dismissed: 1, refused: none, with: func(user string, args []string) []string {
		var words []string
		for _, a := range append(args[1:], forFlag, user) {
			words = append(words, quoted(a))
		}
		return []string{"-NoProfile", "-NonInteractive", "-Command", "$ErrorActionPreference = 'Stop'; Start-Process -Verb RunAs -WindowStyle Hidden -FilePath " +
			quoted(args[0]) + " -ArgumentList " + strings.Join(words, ",")}
	}}
)

// forFlag tells a guard whom it serves, where nobody else does.
const forFlag = "--for"

// quoted is a word as PowerShell takes it literally.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", "''") + "'" }

// args have args run with the superuser's rights, for a user; prompt is the
// leave to ask for a password.
func (e *elevation) args(user string, args []string, prompt bool) ([]string, error) {
	path, err := exec.LookPath(e.program)
	if err != nil || !prompt {
		return nil, errors.Join(systemdns.ErrNeedsRoot, err)
	}
	return append([]string{path}, e.with(user, args)...), nil
}

// lasts tells whether what was started goes on where its starter ended.
func (e *elevation) lasts() bool { return e != nil && e.returns }
