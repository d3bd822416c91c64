package systemdns

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"dotproxy/app/systemdns/internal/step"

	"golang.org/x/sys/unix"
)

var here = Target{Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53"), netip.MustParseAddrPort("[::1]:53")}}

const network = "# by the router\nsearch office.example\nnameserver 192.0.2.53\nnameserver 192.0.2.54\noptions edns0 timeout:1\n"

// written is what stands in the place of network.
const written = mark + "\nnameserver 127.0.0.1\nnameserver ::1\nsearch office.example\noptions edns0 timeout:1\n"

// newTree is an empty system with a folder /etc.
func newTree(t *testing.T) tree {
	t.Helper()
	tree := treeAt(t.TempDir())
	if err := os.Mkdir(tree.at("/etc"), 0o755); err != nil { //nolint:gosec // as it is
		t.Fatal(err)
	}
	return tree
}

func (t tree) write(test *testing.T, path, text string, mode fs.FileMode) {
	test.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(t.at(path)), 0o755), os.WriteFile(t.at(path), []byte(text), 0o600), os.Chmod(t.at(path), mode)); err != nil { //nolint:gosec // a system's folders
		test.Fatal(err)
	}
}

// describe is all of /etc that must come back: names, kinds, modes, owners,
// targets and content.
func describe(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil || info.IsDir() {
			return err
		}
		stat := info.Sys().(*syscall.Stat_t)
		rel, _ := filepath.Rel(dir, path)
		link, _ := os.Readlink(path)
		var text []byte
		if link == "" {
			text, err = os.ReadFile(path)
		}
		fmt.Fprintf(&all, "%s %v %d:%d %q %q\n", rel, info.Mode(), stat.Uid, stat.Gid, link, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// busy makes resolv.conf a mount point, as far as rename can tell.
func busy(t tree) tree {
	t.rename = func(from, to string) error {
		if filepath.Base(to) == "resolv.conf" {
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: unix.EBUSY}
		}
		return os.Rename(from, to)
	}
	return t
}

// states are the ways in which a system may have its resolv.conf.
var states = []struct {
	name  string
	mount bool
	make  func(*testing.T, tree)
	want  string
}{
	{"a file", false, func(t *testing.T, s tree) { s.write(t, resolvConf, network, 0o644) }, written},
	{"a file of few rights", false, func(t *testing.T, s tree) { s.write(t, resolvConf, network, 0o640) }, written},
	{"another's file", false, func(t *testing.T, s tree) {
		s.write(t, resolvConf, network, 0o755)
		if os.Geteuid() == 0 {
			if err := os.Chown(s.at(resolvConf), 1, 2); err != nil {
				t.Fatal(err)
			}
		}
	}, written},
	{"without a last newline", false, func(t *testing.T, s tree) { s.write(t, resolvConf, "nameserver 192.0.2.1\noptions rotate", 0o644) }, mark + "\nnameserver 127.0.0.1\nnameserver ::1\noptions rotate\n"},
	{"an empty file", false, func(t *testing.T, s tree) { s.write(t, resolvConf, "", 0o644) }, mark + "\nnameserver 127.0.0.1\nnameserver ::1\n"},
	{"no file", false, func(*testing.T, tree) {}, mark + "\nnameserver 127.0.0.1\nnameserver ::1\n"},
	{"an absolute link", false, func(t *testing.T, s tree) {
		s.write(t, "/run/x/resolv.conf", network, 0o644)
		link(t, "/run/x/resolv.conf", s)
	}, written},
	{"a relative link", false, func(t *testing.T, s tree) {
		s.write(t, "/run/x/resolv.conf", network, 0o644)
		link(t, "../run/x/resolv.conf", s)
	}, written},
	{"a link to nothing", false, func(t *testing.T, s tree) { link(t, "/run/x/resolv.conf", s) }, mark + "\nnameserver 127.0.0.1\nnameserver ::1\n"},
	{"a stub of systemd-resolved", false, func(t *testing.T, s tree) { s.write(t, resolvConf, "nameserver 127.0.0.53\n", 0o644) }, mark + "\nnameserver 127.0.0.1\nnameserver ::1\n"},
	{"a mounted file", true, func(t *testing.T, s tree) { s.write(t, resolvConf, network, 0o644) }, written},
	{"a short mounted file", true, func(t *testing.T, s tree) { s.write(t, resolvConf, "nameserver 192.0.2.53\n", 0o600) }, mark + "\nnameserver 127.0.0.1\nnameserver ::1\n"},
	{"a long mounted file", true, func(t *testing.T, s tree) { s.write(t, resolvConf, strings.Repeat("# more\n", 200)+network, 0o644) }, written},
	{"an empty mounted file", true, func(t *testing.T, s tree) { s.write(t, resolvConf, "", 0o644) }, mark + "\nnameserver 127.0.0.1\nnameserver ::1\n"},
}

func link(t *testing.T, to string, s tree) {
	t.Helper()
	if err := os.Symlink(to, s.at(resolvConf)); err != nil {
		t.Fatal(err)
	}
}

// forStates runs f in each of states.
func forStates(t *testing.T, f func(t *testing.T, m *file, want string)) {
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			tree := newTree(t)
			s.make(t, tree)
			if s.mount {
				tree = busy(tree)
			}
			f(t, newFile(tree), s.want)
		})
	}
}

func read(t *testing.T, m Mechanism) Backup {
	t.Helper()
	b, err := m.Read(t.Context(), here)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func apply(t *testing.T, m Mechanism, b Backup) {
	t.Helper()
	if got, err := m.Apply(t.Context(), b, here); err != nil || !bytes.Equal(got, b) {
		t.Fatalf("%s, %v", got, err)
	}
}

func holds(t *testing.T, m Mechanism, b Backup, want Hold) {
	t.Helper()
	if got, err := m.Holds(t.Context(), b, here); err != nil || got != want {
		t.Fatalf("holds %v, %v, want %v", got, err, want)
	}
}

func restore(t *testing.T, m Mechanism, b Backup) {
	t.Helper()
	if err := m.Restore(t.Context(), b, here); err != nil {
		t.Fatal(err)
	}
}

func TestFile(t *testing.T) {
	forStates(t, func(t *testing.T, m *file, want string) {
		before := describe(t, m.tree.dir)
		b := read(t, m)
		if now := describe(t, m.tree.dir); now != before {
			t.Fatalf("reading changed it:\n%s", now)
		}
		for range 2 {
			apply(t, m, b)
			holds(t, m, b, Ours)
			text, err := os.ReadFile(m.tree.at(resolvConf))
			if err != nil || string(text) != want {
				t.Fatalf("wrote %q, %v", text, err)
			}
		}
		for range 2 {
			restore(t, m, b)
			if now := describe(t, m.tree.dir); now != before {
				t.Fatalf("restored:\n%s, want\n%s", now, before)
			}
		}
	})
}

func TestFileRemembersTheServers(t *testing.T) {
	tree := newTree(t)
	tree.write(t, "/run/x/resolv.conf", network, 0o644)
	link(t, "/run/x/resolv.conf", tree)
	m := newFile(tree)
	want := []netip.Addr{netip.MustParseAddr("192.0.2.53"), netip.MustParseAddr("192.0.2.54")}
	if got := m.Servers(read(t, m)); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := m.Servers(Backup("{}")); got != nil {
		t.Errorf("of a broken backup: %v", got)
	}
}

// snapshot copies a system as it is at one moment.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if out, err := exec.Command("cp", "-a", dir, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return to
}

// TestFileAfterACrash: from each moment of a change and of its undoing the way
// back leads to what was before.
func TestFileAfterACrash(t *testing.T) {
	forStates(t, func(t *testing.T, m *file, _ string) {
		before := describe(t, m.tree.dir)
		b := read(t, m)
		var moments, names []string
		stop := step.Watch(func(name string) {
			moments, names = append(moments, snapshot(t, m.tree.dir)), append(names, name)
		})
		defer stop()
		apply(t, m, b)
		restore(t, m, b)
		stop()
		if len(moments) < 4 {
			t.Fatalf("only %q", names)
		}
		for i, dir := range moments {
			after := *m
			after.tree.dir = dir
			restore(t, &after, b)
			if now := describe(t, dir); now != before {
				t.Errorf("after a crash at %d, %s:\n%s, want\n%s", i, names[i], now, before)
			}
		}
	})
}

func TestFileOfAnother(t *testing.T) {
	cases := []struct {
		name string
		make func(*testing.T, tree)
		want Hold
	}{
		{"the network's servers changed", func(t *testing.T, s tree) { s.write(t, resolvConf, "nameserver 192.0.2.99\n", 0o644) }, Foreign},
		{"the old file again", func(t *testing.T, s tree) { s.write(t, resolvConf, network, 0o644) }, Foreign},
		{"a line added", func(t *testing.T, s tree) { s.write(t, resolvConf, written+"nameserver 192.0.2.99\n", 0o644) }, Foreign},
		{"a line taken out", func(t *testing.T, s tree) {
			s.write(t, resolvConf, strings.Replace(written, "nameserver ::1\n", "", 1), 0o644)
		}, Foreign},
		{"a link", func(t *testing.T, s tree) {
			s.write(t, "/run/x/resolv.conf", written, 0o644)
			if err := os.Remove(s.at(resolvConf)); err != nil {
				t.Fatal(err)
			}
			link(t, "/run/x/resolv.conf", s)
		}, Foreign},
		{"gone", func(t *testing.T, s tree) { _ = os.Remove(s.at(resolvConf)) }, Gone},
		{"emptied", func(t *testing.T, s tree) { s.write(t, resolvConf, "", 0o644) }, Gone},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := newFile(newTree(t))
			m.tree.write(t, resolvConf, network, 0o644)
			old := describe(t, m.tree.dir)
			b := read(t, m)
			apply(t, m, b)
			c.make(t, m.tree)
			theirs := describe(t, m.tree.dir)
			holds(t, m, b, c.want)
			restore(t, m, b)
			want := theirs
			if c.want == Gone {
				want = old
			}
			if now := describe(t, m.tree.dir); now != want {
				t.Errorf("restored:\n%s, want\n%s", now, want)
			}
			apply(t, m, b)
			holds(t, m, b, Ours)
		})
	}
}

// A file that another program keeps would be written again: nothing is changed.
func TestFileOfAManager(t *testing.T) {
	for text, want := range map[string]string{
		"# Generated by NetworkManager\nnameserver 192.0.2.1\n":                                                           "NetworkManager",
		"# This is /run/systemd/resolve/stub-resolv.conf managed by man:systemd-resolved(8).\n#\nnameserver 127.0.0.53\n": "systemd-resolved",
		"# written by hand\nnameserver 192.0.2.1\n":                                                                       "",
		"nameserver 192.0.2.1 # Generated by NetworkManager\n":                                                            "",
	} {
		s := treeAt(t.TempDir())
		s.write(t, resolvConf, text, 0o644)
		_, err := newFile(s).Read(t.Context(), Target{Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53")}})
		refusal, refused := errors.AsType[*Refusal](err)
		if refused != (want != "") || refused && !strings.Contains(refusal.Error(), want) {
			t.Errorf("%q: %v, want a word of %q", text, err, want)
		}
	}
}
