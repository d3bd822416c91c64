package systemdns

import (
	"context"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// watch calls changed when the file at path, or one that it leads to, may have
// changed, until ctx ends. The folders are watched for new names, and the files
// themselves, since one that is mounted changes without its folder.
func (t tree) watch(ctx context.Context, path string, changed func()) error {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return err
	}
	events := os.NewFile(uintptr(fd), "inotify") // not blocking: Close ends Read
	stop := context.AfterFunc(ctx, func() { _ = events.Close() })
	defer func() {
		if stop() {
			_ = events.Close()
		}
	}()
	buffer := make([]byte, 64<<10)
	for {
		if err := t.watchAll(events, path); err != nil {
			return ended(ctx, err)
		}
		changed()
		if _, err := events.Read(buffer); err != nil {
			return ended(ctx, err)
		}
	}
}

// ended returns the reason of ctx, where it has ended, before err.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// What is watched of a folder, and of a file.
const (
	folderEvents = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_ONLYDIR
	fileEvents   = unix.IN_CLOSE_WRITE | unix.IN_MODIFY | unix.IN_ATTRIB | unix.IN_DONT_FOLLOW
)

// watchAll watches path and all that it leads to; watching again is no change.
func (t tree) watchAll(events *os.File, path string) error {
	raw, err := events.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		for i, p := range t.chain(path) {
			_, err := unix.InotifyAddWatch(int(fd), t.at(filepath.Dir(p)), folderEvents)
			if err != nil && i == 0 {
				failed = err
			}
			_, _ = unix.InotifyAddWatch(int(fd), t.at(p), fileEvents) // it may not be there
		}
	})
	if err != nil {
		return err
	}
	return failed
}
