package control

import (
	"os/exec"
	"sync"
	"syscall"

	"golang.org/x/sys/windows"
)

// exitWatch tells when a process has ended.
type exitWatch struct {
	done chan struct{}
	stop chan struct{}
	wg   *sync.WaitGroup
}

// startDetached starts cmd without a console and outside our process group.
func startDetached(cmd *exec.Cmd) (exitWatch, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS,
		HideWindow:    true,
	}
	if err := cmd.Start(); err != nil {
		return exitWatch{}, err
	}
	w := exitWatch{done: make(chan struct{}), stop: make(chan struct{}), wg: new(sync.WaitGroup)}
	handle, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(cmd.Process.Pid))
	if err != nil {
		return w, nil // the caller's context bounds the wait
	}
	w.wg.Go(func() { w.watch(handle) })
	return w, nil
}

func (w exitWatch) watch(handle windows.Handle) {
	defer windows.CloseHandle(handle) //nolint:errcheck // nothing to do about it
	for {
		if event, err := windows.WaitForSingleObject(handle, 100); err != nil || event == windows.WAIT_OBJECT_0 {
			close(w.done)
			return
		}
		select {
		case <-w.stop:
			return
		default:
		}
	}
}

// Done is closed when the process has ended.
func (w exitWatch) Done() <-chan struct{} { return w.done }

// Close ends the watch.
func (w exitWatch) Close() {
	close(w.stop)
	w.wg.Wait()
}
