//go:build unix

package guard

import "syscall"

// detached gives a process a session of its own.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// logs is the folder for the log of a guard that this process starts.
func (e environment) logs() string {
	if e.uid == 0 {
		return rootJournal
	}
	return e.user().journal.dir
}
