package systemdns

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"dotproxy/app/systemdns/internal/step"

	"golang.org/x/sys/unix"
)

// tree is a file system below a folder, which tests choose. Paths in it are
// absolute, and so are links.
type tree struct {
	dir string
	// rename and flags are os.Rename and the attributes of chattr(1).
	rename func(from, to string) error
	flags  func(path string) (uint32, error)
}

// thisSystem is the computer's own file system.
func thisSystem() tree { return treeAt("/") }

func treeAt(dir string) tree { return tree{dir: dir, rename: os.Rename, flags: attributes} }

// at is where a path of the tree is.
func (t tree) at(path string) string { return filepath.Join(t.dir, path) }

// The kinds of a node.
const (
	kindNone = "none"
	kindFile = "file"
	kindLink = "link"
)

// node is all of a file, or of a symbolic link, that is put back.
type node struct {
	Kind string `json:"kind"`
	// Link is where a link leads.
	Link string `json:"link,omitempty"`
	Text []byte `json:"text,omitempty"`
	// Mode are the permission bits as in stat(2).
	Mode uint32 `json:"mode,omitempty"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
	// Label is SELinux's, which a new file would not have.
	Label []byte `json:"label,omitempty"`
}

// selinux is the name of the attribute that holds a file's label.
const selinux = "security.selinux"

// look reads what stands at path, links not followed.
func (t tree) look(path string) (node, error) {
	info, err := os.Lstat(t.at(path))
	if errors.Is(err, fs.ErrNotExist) {
		return node{Kind: kindNone}, nil
	}
	if err != nil {
		return node{}, err
	}
	n := node{Kind: kindFile}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		n.Mode, n.UID, n.GID = stat.Mode&0o7777, int(stat.Uid), int(stat.Gid)
	}
	switch info.Mode().Type() {
	case 0:
		n.Text, err = readBounded(t.at(path))
		label := make([]byte, 256)
		if size, labelErr := unix.Lgetxattr(t.at(path), selinux, label); labelErr == nil {
			n.Label = label[:size]
		}
	case fs.ModeSymlink:
		n.Kind, n.Mode = kindLink, 0
		n.Link, err = os.Readlink(t.at(path))
	default:
		err = &Refusal{Why: path + " is neither a file nor a link.", Do: "Make it a plain file, and try again."}
	}
	return n, err
}

// readBounded reads a small file, and refuses one that no resolver wrote.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConf+1))
	if err == nil && len(text) > maxConf {
		err = &Refusal{Why: fmt.Sprintf("%s has more than %d bytes.", path, maxConf), Do: "Make it smaller, and try again."}
	}
	return text, err
}

// maxLinks bounds how many links are followed, as the kernel does.
const maxLinks = 40

// chain is path and, where it is a link, what it leads to, in order.
func (t tree) chain(path string) []string {
	all := []string{path}
	for range maxLinks {
		link, err := os.Readlink(t.at(path))
		if err != nil {
			break // no link: a file, or nothing
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = filepath.Clean(link)
		all = append(all, path)
	}
	return all
}

// content reads the file to which path leads; one that is not there is empty.
func (t tree) content(path string) ([]byte, error) {
	all := t.chain(path)
	text, err := readBounded(t.at(all[len(all)-1]))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// spare is the name under which a file is made that takes the place of path.
func spare(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".dot-proxy")
}

// put makes n stand at path: whole or not at all, save where path is a mount
// point, which nothing can take the place of. There it is written in place.
func (t tree) put(path string, n node) error {
	if n.Kind == kindNone {
		if err := os.Remove(t.at(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		step.At("removed")
		return t.syncFolder(path)
	}
	if err := t.clear(path); err != nil {
		return err
	}
	tmp := t.at(spare(path))
	if err := create(tmp, n); err != nil {
		return errors.Join(err, t.clear(path))
	}
	step.At("spare written")
	err := t.rename(tmp, t.at(path))
	if errors.Is(err, unix.EBUSY) && n.Kind == kindFile {
		return errors.Join(overwrite(t.at(path), n), t.clear(path))
	}
	if err != nil {
		return errors.Join(err, t.clear(path))
	}
	step.At("renamed")
	return t.syncFolder(path)
}

// clear removes what a crash left beside path.
func (t tree) clear(path string) error {
	if err := os.Remove(t.at(spare(path))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// create makes a file or a link that does not exist yet.
func create(path string, n node) error {
	if n.Kind == kindLink {
		return errors.Join(os.Symlink(n.Link, path), os.Lchown(path, n.UID, n.GID))
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	if len(n.Label) > 0 {
		err = unix.Fsetxattr(int(f.Fd()), selinux, n.Label, 0)
	}
	_, writeErr := f.Write(n.Text)
	// Changing the owner clears bits of the mode.
	return errors.Join(err, writeErr, f.Chown(n.UID, n.GID), unix.Fchmod(int(f.Fd()), n.Mode), f.Sync(), f.Close())
}

// overwrite changes the content of a file, and neither its name nor its mode.
func overwrite(path string, n node) error {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(n.Text, 0)
	step.At("written in place")
	if err == nil {
		err = f.Truncate(int64(len(n.Text)))
	}
	step.At("cut in place")
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolder makes a change of names in path's folder last.
func (t tree) syncFolder(path string) error {
	err := syncFolder(filepath.Dir(t.at(path)))
	step.At("folder synced")
	return err
}

// syncFolder waits until the names in a folder are on the disk.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// attributes returns the flags of chattr(1); a file system without them has
// none.
func attributes(path string) (uint32, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	flags, err := unix.IoctlGetUint32(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return 0, nil
	}
	return flags, err
}

// The flags of linux/fs.h that lock a file.
const (
	immutable  = 0x10
	appendOnly = 0x20
)

// unlocked refuses a file that not even the superuser may change.
func (t tree) unlocked(path string) error {
	flags, err := t.flags(t.at(path))
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	letter := "i"
	if flags&immutable == 0 {
		letter = "a"
	}
	if flags&(immutable|appendOnly) == 0 {
		return nil
	}
	return &Refusal{Why: path + " is locked against changes (chattr +" + letter + ").", Do: "Unlock it with chattr -" + letter + " " + path + ", and try again."}
}
