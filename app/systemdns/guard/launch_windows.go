package guard

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// detached gives a process neither our console nor our process group.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS, HideWindow: true}
}

// logs is the folder for the log of a guard that this process starts.
func (e environment) logs() string { return e.own().journal.dir }
