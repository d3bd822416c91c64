//go:build unix

package control

import (
	"os"
	"os/exec"
	"syscall"
)

// exitWatch tells when a process has ended, without taking its status from
// the one who will Wait for it.
type exitWatch struct {
	read *os.File
	done chan struct{}
}

// startDetached starts cmd in a session of its own. The child holds the only
// write end of a pipe, so the read end sees its end.
func startDetached(cmd *exec.Cmd) (exitWatch, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return exitWatch{}, err
	}
	defer write.Close()
	cmd.ExtraFiles = []*os.File{write}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		_ = read.Close()
		return exitWatch{}, err
	}
	w := exitWatch{read: read, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		_, _ = read.Read(make([]byte, 1))
	}()
	return w, nil
}

// Done is closed when the process has ended.
func (w exitWatch) Done() <-chan struct{} { return w.done }

// Close ends the watch.
func (w exitWatch) Close() {
	_ = w.read.Close()
	<-w.done
}
