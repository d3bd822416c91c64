package systemdns

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// file is the mechanism “resolv.conf”: the file that C libraries read, where no
// other program writes it.
type file struct{ tree tree }

func newFile(t tree) *file { return &file{t} }

// FileAt is the mechanism “resolv.conf” of the system whose root folder is dir.
func FileAt(dir string) Mechanism { return newFile(treeAt(dir)) }

// fileBackup is the journal's part of file.
type fileBackup struct {
	Before node `json:"before"`
	// Wrote is the content that Apply writes.
	Wrote []byte `json:"wrote"`
	// Offered are the servers that Before names, or what it leads to.
	Offered []netip.Addr `json:"offered,omitempty"`
}

func (b fileBackup) marshal() (Backup, error) { return json.Marshal(b) }

func readFileBackup(raw Backup) (fileBackup, error) {
	var b fileBackup
	if err := json.Unmarshal(raw, &b); err != nil {
		return b, err
	}
	if known := []string{kindNone, kindFile, kindLink}; !slices.Contains(known, b.Before.Kind) || len(b.Wrote) == 0 {
		return b, errors.New("the backup of resolv.conf is incomplete")
	}
	return b, nil
}

// Name implements Mechanism.
func (f *file) Name() string { return "resolv.conf" }

// Detect implements Mechanism: there is always a file, or may be one.
func (f *file) Detect(context.Context) (bool, error) { return true, nil }

// Volatile implements Mechanism.
func (f *file) Volatile() bool { return false }

// Networks implements Mechanism.
func (f *file) Networks(Backup) []string { return []string{"all networks"} }

// Servers implements Remembers.
func (f *file) Servers(raw Backup) []netip.Addr {
	b, err := readFileBackup(raw)
	if err != nil {
		return nil
	}
	return b.Offered
}

// Allowed implements Mechanism.
func (f *file) Allowed(context.Context) error {
	err := unix.Faccessat(unix.AT_FDCWD, f.tree.at(filepath.Dir(resolvConf)), unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return ErrNeedsRoot
	case errors.Is(err, unix.EROFS):
		return &Refusal{Why: "The folder of " + resolvConf + " is read-only.", Do: "Change it where the system is built, or mount the folder writable.", cause: err}
	}
	return err
}

// Read implements Mechanism.
func (f *file) Read(_ context.Context, t Target) (Backup, error) {
	if err := onlyPort53(t); err != nil {
		return nil, err
	}
	before, err := f.tree.look(resolvConf)
	if err != nil {
		return nil, err
	}
	text, err := f.tree.content(resolvConf)
	if err != nil {
		return nil, err
	}
	if namesLoopback(text) {
		return nil, ErrLoopback
	}
	if before.Kind == kindFile {
		if err := f.tree.unlocked(resolvConf); err != nil {
			return nil, err
		}
	}
	return fileBackup{before, render(text, t), parseResolvers(text, t.Addrs).Servers}.marshal()
}

// Apply implements Mechanism.
func (f *file) Apply(_ context.Context, raw Backup, _ Target) (Backup, error) {
	b, now, err := f.compare(raw)
	if err != nil || b.ours(now) {
		return raw, err
	}
	if now.Kind == kindFile {
		if err := f.tree.unlocked(resolvConf); err != nil {
			return raw, err
		}
	}
	mine := node{Kind: kindFile, Text: b.Wrote, Mode: 0o644, Label: b.Before.Label}
	if b.Before.Kind == kindFile {
		mine.UID, mine.GID, mine.Mode = b.Before.UID, b.Before.GID, b.Before.Mode|0o444
	} else {
		mine.UID, mine.GID = unix.Geteuid(), unix.Getegid()
	}
	return raw, f.tree.put(resolvConf, mine)
}

// compare reads the backup and what stands now.
func (f *file) compare(raw Backup) (fileBackup, node, error) {
	b, err := readFileBackup(raw)
	if err != nil {
		return b, node{}, err
	}
	now, err := f.tree.look(resolvConf)
	return b, now, err
}

// Holds implements Mechanism.
func (f *file) Holds(_ context.Context, raw Backup, _ Target) (Hold, error) {
	b, now, err := f.compare(raw)
	switch {
	case err != nil:
		return Gone, err
	case b.ours(now):
		return Ours, nil
	case b.torn(now):
		return Gone, nil
	}
	return Foreign, nil
}

// Restore implements Mechanism.
func (f *file) Restore(_ context.Context, raw Backup, _ Target) error {
	b, now, err := f.compare(raw)
	if err != nil {
		return err
	}
	if !b.same(now) && (b.ours(now) || b.torn(now)) {
		return f.tree.put(resolvConf, b.Before)
	}
	return f.tree.clear(resolvConf)
}

// ours tells whether now is what Apply wrote.
func (b fileBackup) ours(now node) bool {
	return now.Kind == kindFile && bytes.Equal(now.Text, b.Wrote)
}

// same tells whether now is what was there before.
func (b fileBackup) same(now node) bool {
	return now.Kind == b.Before.Kind && now.Link == b.Before.Link && bytes.Equal(now.Text, b.Before.Text) &&
		now.Mode == b.Before.Mode && now.UID == b.Before.UID && now.GID == b.Before.GID
}

// torn tells whether now is nobody's: nothing at all, or what a crash within
// overwrite leaves, the beginning of one content with or without the rest of
// the other.
func (b fileBackup) torn(now node) bool {
	if now.Kind == kindNone {
		return true
	}
	if now.Kind != kindFile {
		return false
	}
	within := func(first, second []byte) bool {
		n := len(now.Text)
		if n < len(first) {
			return bytes.HasPrefix(first, now.Text)
		}
		return n == len(second) && bytes.HasPrefix(now.Text, first) && bytes.Equal(now.Text[len(first):], second[len(first):])
	}
	if b.Before.Kind != kindFile {
		return len(now.Text) == 0
	}
	whole := bytes.Equal(now.Text, b.Before.Text)
	return !whole && (within(b.Wrote, b.Before.Text) || within(b.Before.Text, b.Wrote))
}

// mark is the line by which people know who wrote the file.
const mark = "# Written by DoT Proxy, which puts the file back as it was when it ends."

// render is a resolv.conf(5) that names the target and keeps the lines of
// before that say how to ask, not whom.
func render(before []byte, t Target) []byte {
	var text strings.Builder
	text.WriteString(mark + "\n")
	for _, a := range t.Addrs {
		text.WriteString("nameserver " + a.Addr().String() + "\n")
	}
	for line := range strings.Lines(string(before)) {
		words := strings.Fields(line)
		if len(words) > 1 && slices.Contains([]string{"search", "domain", "options", "sortlist"}, words[0]) {
			text.WriteString(strings.TrimRight(line, "\r\n") + "\n")
		}
	}
	return []byte(text.String())
}

// onlyPort53 refuses what a resolv.conf cannot say.
func onlyPort53(t Target) error {
	if slices.ContainsFunc(t.Addrs, func(a netip.AddrPort) bool { return a.Port() != 53 }) {
		return ErrPort
	}
	return nil
}

// stubs are the addresses of systemd-resolved, which answers there when we are
// gone.
var stubs = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 53}), netip.AddrFrom4([4]byte{127, 0, 0, 54})}

// namesLoopback tells whether a resolv.conf names an address of this computer
// that leads nowhere, or may.
func namesLoopback(text []byte) bool {
	servers, err := named(bytes.NewReader(text))
	return err == nil && slices.ContainsFunc(servers, func(a netip.Addr) bool {
		return (a.IsLoopback() || a.IsUnspecified()) && !slices.Contains(stubs, a)
	})
}

// Watch implements Mechanism.
func (f *file) Watch(ctx context.Context, changed func()) error {
	return f.tree.watch(ctx, resolvConf, changed)
}
