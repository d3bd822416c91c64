//go:build unix

package activation

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fileOf is a copy of a socket, as it is passed.
func fileOf(t *testing.T, name string, c interface{ File() (*os.File, error) }, err error) *os.File {
	t.Helper()
	if err != nil {
		t.Skip("no socket for ", name, ": ", err)
	}
	copied, err := c.File()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(copied.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), name)
	t.Cleanup(func() { _, _ = copied.Close(), f.Close() })
	return f
}

func udp(t *testing.T, network, addr string) *os.File {
	c, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(addr)))
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
	}
	return fileOf(t, network, c, err)
}

func tcp(t *testing.T, network, addr string) *os.File {
	l, err := net.ListenTCP(network, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr)))
	if err == nil {
		t.Cleanup(func() { _ = l.Close() })
	}
	return fileOf(t, network, l, err)
}

func TestSorted(t *testing.T) {
	files := []*os.File{udp(t, "udp4", "127.0.0.1:0"), tcp(t, "tcp4", "127.0.0.1:0"), udp(t, "udp6", "[::1]:0"), tcp(t, "tcp6", "[::]:0")}
	s, err := sorted(files)
	if err != nil {
		t.Fatal(err)
	}
	var ips []string
	for _, a := range s.Addrs() {
		ips = append(ips, a.Addr().String())
		message, hint := s.Half(a)
		if lacks := "DNS needs TCP"; s.udp[a] != nil && !strings.Contains(message, lacks) || s.udp[a] == nil && !strings.Contains(hint, "ListenDatagram="+a.String()) {
			t.Errorf("%v: %s %s", a, message, hint)
		}
	}
	if slices.Sort(ips); !slices.Equal(ips, []string{"127.0.0.1", "127.0.0.1", "::", "::1"}) {
		t.Errorf("addresses %v", s.Addrs())
	}
	if message, _ := s.Half(netip.MustParseAddrPort("192.0.2.1:53")); message != "" {
		t.Error(message)
	}
}

func TestWrongKinds(t *testing.T) {
	dual := func(t *testing.T) *os.File { return tcp(t, "tcp", "[::]:0") }
	cases := []struct {
		about string
		file  func(t *testing.T) *os.File
		says  string
	}{
		{"a file", func(t *testing.T) *os.File {
			f, err := os.Open(os.DevNull)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = f.Close() })
			return f
		}, "is no socket"},
		{"a unix socket", func(t *testing.T) *os.File {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
			if err == nil {
				t.Cleanup(func() { _ = l.Close() })
			}
			return fileOf(t, "unix", l, err)
		}, "is no internet socket"},
		{"a connection", func(t *testing.T) *os.File {
			l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			c, err := net.DialTCP("tcp4", nil, l.Addr().(*net.TCPAddr))
			if err == nil {
				t.Cleanup(func() { _ = c.Close() })
			}
			return fileOf(t, "tcp", c, err)
		}, "Accept=no"},
		{"both families", dual, "BindIPv6Only=ipv6-only"},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			_, err := sorted([]*os.File{c.file(t)})
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasSuffix(err.Error(), ".") {
				t.Errorf("%v, want … %s …", err, c.says)
			}
		})
	}
	f := udp(t, "udp4", "127.0.0.1:0")
	if _, err := sorted([]*os.File{f, f}); err == nil || !strings.Contains(err.Error(), "two sockets") {
		t.Errorf("one address twice: %v", err)
	}
}

// What was passed to another process is not ours, and is not handed on.
func TestTakeNothing(t *testing.T) {
	for _, env := range [][2]string{{"1", "2"}, {"", "2"}, {"own", ""}, {"own", "-1"}, {"own", "99999"}, {"own", "x"}} {
		if env[0] == "own" {
			env[0] = "0" // the process that passed is asked for
		}
		t.Setenv("LISTEN_PID", env[0])
		t.Setenv("LISTEN_FDS", env[1])
		t.Setenv("LISTEN_FDNAMES", "dns")
		if env[0] == "0" {
			if files := passed(0, os.Getenv); files != nil {
				t.Errorf("%q files: %v", env[1], files)
			}
		}
		s, err := Take()
		if err != nil || len(s.Addrs()) != 0 {
			t.Errorf("%q: %v, %v", env, s.Addrs(), err)
		}
		for _, v := range variables {
			if _, there := os.LookupEnv(v); there {
				t.Errorf("%s is still set", v)
			}
		}
	}
}

func TestManager(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	m := NewManager(func(string) string { return path })
	for _, tell := range []func() error{
		m.Ready, func() error { return m.Status("Your DNS\ngoes out.") }, func() error { return m.Status("Your DNS goes out.") }, m.Stopping,
	} {
		if err := tell(); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"READY=1", "STATUS=Your DNS goes out.", "STOPPING=1"} {
		_ = l.SetReadDeadline(time.Now().Add(5 * time.Second))
		buf := make([]byte, 100)
		if n, err := l.Read(buf); err != nil || string(buf[:n]) != want {
			t.Errorf("%q, %v, want %q", buf[:n], err, want)
		}
	}
	for _, none := range []string{"", "vsock:2:1", "relative"} {
		if err := NewManager(func(string) string { return none }).Ready(); err != nil {
			t.Errorf("%q: %v", none, err)
		}
	}
	if err := NewManager(func(string) string { return path + ".gone" }).Ready(); err == nil {
		t.Error("nobody listens, and it was told")
	}
}
