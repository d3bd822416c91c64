//go:build unix

package tray

import (
	"os/exec"
	"syscall"
)

// detach lets cmd outlive the terminal and the signals of this process.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
