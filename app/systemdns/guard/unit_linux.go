package guard

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dotproxy/app/systemdns/internal/step"
)

const (
	unitName = "dot-proxy-system-dns.service"
	// unitWanted starts it with the system.
	unitWanted = "sysinit.target.wants"
)

// unitFolders are where systemd looks for units; ours is the first.
var unitFolders = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}

// unitMark begins a unit that the program wrote itself.
const unitMark = "# Written by DoT Proxy, which removes it again.\n"

// unitText is the unit, as packaging/linux has it too.
const unitText = `[Unit]
Description=Put this computer's DNS back where DoT Proxy was cut off
ConditionPathExists=/var/lib/dot-proxy/system-dns.json
DefaultDependencies=no
RequiresMountsFor=/var/lib/dot-proxy /etc /usr
After=systemd-remount-fs.service local-fs.target
Wants=network-pre.target
Before=network-pre.target sysinit.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=/usr/bin/dot-proxy system-dns repair --boot
TimeoutStartSec=30

[Install]
WantedBy=sysinit.target
`

// text is the unit for this program.
func (u bootUnit) text() []byte {
	return []byte(unitMark + strings.Replace(unitText, "/usr/bin/dot-proxy", u.program, 1))
}

func (u bootUnit) at(path ...string) string {
	return filepath.Join(append([]string{u.root}, path...)...)
}

// install writes the unit where systemd runs the computer and there is none.
func (u bootUnit) install() error {
	if u.root == "" {
		return nil
	}
	if _, err := os.Lstat(u.at("/run/systemd/system")); err != nil {
		return nil // another init, as sd_booted(3) tells
	}
	for _, dir := range unitFolders {
		if _, err := os.Lstat(u.at(dir, unitName)); err == nil {
			return nil
		}
	}
	path, wants := u.at(unitFolders[0], unitName), u.at(unitFolders[0], unitWanted)
	if err := os.MkdirAll(wants, 0o755); err != nil { //nolint:gosec // as systemd has it
		return err
	}
	if err := errors.Join(writeSynced(path, u.text()), syncFolder(filepath.Dir(path))); err != nil {
		return err
	}
	step.At("unit written")
	err := os.Symlink("../"+unitName, filepath.Join(wants, unitName))
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return errors.Join(err, syncFolder(wants))
}

// remove takes away a unit that install wrote, and no other.
func (u bootUnit) remove() error {
	if u.root == "" {
		return nil
	}
	path := u.at(unitFolders[0], unitName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.HasPrefix(text, []byte(unitMark)) {
		return nil
	}
	if err != nil {
		return err
	}
	// The unit goes last: while it is there, remove finds its link.
	link := u.at(unitFolders[0], unitWanted, unitName)
	if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	step.At("unit disabled")
	return errors.Join(os.Remove(path), syncFolder(filepath.Dir(path)))
}
