package systemdns

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestFileRefuses(t *testing.T) {
	cases := []struct {
		name, text string
		flags      uint32
		target     string
		want       error
		says       string
	}{
		{"our own address", written, 0, "127.0.0.1:53", ErrLoopback, ""},
		{"another resolver of this computer", "nameserver 192.0.2.1\nnameserver 127.0.0.5\n", 0, "127.0.0.1:53", ErrLoopback, ""},
		{"the unspecified address", "nameserver 0.0.0.0\n", 0, "127.0.0.1:53", ErrLoopback, ""},
		{"IPv6", "nameserver ::1\n", 0, "127.0.0.1:53", ErrLoopback, ""},
		{"another port", network, 0, "127.0.0.1:5353", ErrPort, ""},
		{"immutable", network, immutable, "127.0.0.1:53", nil, "/etc/resolv.conf is locked against changes (chattr +i). Unlock it with chattr -i /etc/resolv.conf, and try again."},
		{"append only", network, appendOnly, "127.0.0.1:53", nil, "(chattr +a)"},
		{"enormous", strings.Repeat("#\n", maxConf), 0, "127.0.0.1:53", nil, "more than"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := newFile(newTree(t))
			m.tree.write(t, resolvConf, c.text, 0o644)
			m.tree.flags = func(string) (uint32, error) { return c.flags, nil }
			before := describe(t, m.tree.dir)
			_, err := m.Read(t.Context(), Target{Addrs: []netip.AddrPort{netip.MustParseAddrPort(c.target)}})
			if c.want != nil && !errors.Is(err, c.want) || c.want == nil && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("got %v", err)
			}
			if now := describe(t, m.tree.dir); now != before {
				t.Errorf("changed:\n%s", now)
			}
		})
	}
}

// TestFileLockedLater: chattr +i between reading and changing.
func TestFileLockedLater(t *testing.T) {
	m := newFile(newTree(t))
	m.tree.write(t, resolvConf, network, 0o644)
	b := read(t, m)
	m.tree.flags = func(string) (uint32, error) { return immutable, nil }
	before := describe(t, m.tree.dir)
	if _, err := m.Apply(t.Context(), b, here); err == nil || describe(t, m.tree.dir) != before {
		t.Errorf("%v", err)
	}
}

func TestFileOfABrokenBackup(t *testing.T) {
	m := newFile(newTree(t))
	m.tree.write(t, resolvConf, network, 0o644)
	before := describe(t, m.tree.dir)
	for _, b := range []string{"", "{}", "[]", `{"before":{"kind":"file"}}`, `{"before":{"kind":"pipe"},"wrote":"YQ=="}`} {
		_, applied := m.Apply(t.Context(), Backup(b), here)
		_, held := m.Holds(t.Context(), Backup(b), here)
		if applied == nil || held == nil || m.Restore(t.Context(), Backup(b), here) == nil || describe(t, m.tree.dir) != before {
			t.Errorf("%q was taken: %v, %v", b, applied, held)
		}
	}
}

func TestFileWatch(t *testing.T) {
	tree := newTree(t)
	tree.write(t, "/run/x/resolv.conf", network, 0o644)
	link(t, "/run/x/resolv.conf", tree)
	m := newFile(tree)
	ctx, cancel := context.WithCancel(t.Context())
	seen, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- m.Watch(ctx, func() {
			select {
			case seen <- struct{}{}:
			default:
			}
		})
	}()
	<-seen
	drain := func() {
		select {
		case <-seen:
		default:
		}
	}
	drain()
	tree.write(t, "/run/x/resolv.conf", "nameserver 192.0.2.9\n", 0o644)
	<-seen
	apply(t, m, read(t, m))
	<-seen
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// FuzzRender: whatever stood in the file, what is written names our addresses
// alone, and keeps no line that it could not have kept.
func FuzzRender(f *testing.F) {
	f.Add([]byte(network))
	f.Add([]byte("options edns0\rnameserver 192.0.2.1"))
	f.Fuzz(func(t *testing.T, before []byte) {
		if len(before) > 2<<10 {
			return
		}
		text := render(before, here)
		if !onlyNames(text, here) {
			t.Errorf("%q becomes %q", before, text)
		}
		b := fileBackup{Before: node{Kind: kindFile, Text: before}, Wrote: text}
		for n := range text {
			now := node{Kind: kindFile, Text: text[:n]}
			if !bytes.Equal(now.Text, before) && !b.torn(now) {
				t.Errorf("%q cut at %d is another's", text, n)
			}
		}
	})
}
