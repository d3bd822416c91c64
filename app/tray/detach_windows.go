package tray

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// detach lets cmd outlive the console and the signals of this process.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
