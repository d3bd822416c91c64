package guard

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// detached gives a process neither our console nor our process group.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS, HideWindow: true}
}
