package daemon

import (
	"context"
	"io"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"dotproxy/app/systemdns"
)

// fakeDisk has the files and the network that it is given.
type fakeDisk struct {
	mu      sync.Mutex
	files   map[string]fakeFile
	network systemdns.NetworkID
	name    string // of the network
	looks   int
	listen  func(ctx context.Context) networkEvents // nil: nobody tells of the network
}

type fakeFile struct {
	text string
	filePrint
	err error
}

func (f *fakeDisk) around() surroundings {
	return surroundings{
		hosts: "/etc/hosts", listen: f.listen,
		stat: func(path string) (filePrint, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if file, ok := f.files[path]; ok {
				return file.filePrint, nil
			}
			if path == "/etc/hosts" || slices.Contains(systemdns.Files, path) {
				return filePrint{}, fs.ErrNotExist
			}
			return printOf(path) // of the certificate files, which are real
		},
		open: func(path string) (io.ReadCloser, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			file, ok := f.files[path]
			if !ok {
				return nil, fs.ErrNotExist
			}
			return io.NopCloser(strings.NewReader(file.text)), file.err
		},
		name: func(context.Context, systemdns.NetworkID) string {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.name
		},
		network: func() systemdns.NetworkID {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.looks++
			return f.network
		},
	}
}

// write makes or replaces a file, as an atomic rename does.
func (f *fakeDisk) write(path, text string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.files == nil {
		f.files = map[string]fakeFile{}
	}
	f.files[path] = fakeFile{text, filePrint{size: int64(len(text)), inode: f.files[path].inode + 1}, err}
}

// move takes the computer to another network.
func (f *fakeDisk) move(local string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.network = systemdns.NetworkID{}
	if local != "" {
		f.network.Local = netip.MustParsePrefix(local)
	}
}
