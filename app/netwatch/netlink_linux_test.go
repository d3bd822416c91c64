package netwatch

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// message is one of rtnetlink, with attributes.
func message(typ uint16, data []byte, attrs ...[]byte) []byte {
	data = append(bytes.Clone(data), bytes.Join(attrs, nil)...)
	m := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(data)))
	m = binary.NativeEndian.AppendUint16(m, typ)
	return append(append(m, make([]byte, 10)...), data...)
}

func link(index, flags uint32) []byte {
	m := binary.NativeEndian.AppendUint32(make([]byte, 4), index)
	m = binary.NativeEndian.AppendUint32(m, flags)
	return append(m, 0, 0, 0, 0)
}

func addr(index uint32, flags byte) []byte {
	return binary.NativeEndian.AppendUint32([]byte{unix.AF_INET, 24, flags, 0}, index)
}

func attr(typ uint16, value ...byte) []byte {
	a := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofRtAttr+len(value)))
	return append(binary.NativeEndian.AppendUint16(a, typ), value...)
}

func route(bits, kind byte) []byte {
	m := make([]byte, unix.SizeofRtMsg)
	m[0], m[1], m[7] = unix.AF_INET, bits, kind
	return m
}

func TestKernelRepeatsItself(t *testing.T) {
	const up = unix.IFF_UP | unix.IFF_RUNNING | unix.IFF_LOWER_UP
	one, two := attr(unix.IFA_ADDRESS, 192, 0, 2, 1), attr(unix.IFA_ADDRESS, 192, 0, 2, 2)
	var k kernel
	for _, step := range []struct {
		about string
		raw   []byte
		new   bool
	}{
		{"a link", message(unix.RTM_NEWLINK, link(2, up)), true},
		{"the same, after a scan", message(unix.RTM_NEWLINK, link(2, up|unix.IFF_MULTICAST)), false},
		{"its cable is out", message(unix.RTM_NEWLINK, link(2, unix.IFF_UP)), true},
		{"another link", message(unix.RTM_NEWLINK, link(3, unix.IFF_UP)), true},
		{"a link goes", message(unix.RTM_DELLINK, link(2, 0)), true},
		{"and comes as it was", message(unix.RTM_NEWLINK, link(2, unix.IFF_UP)), true},
		{"an address", message(unix.RTM_NEWADDR, addr(2, unix.IFA_F_TENTATIVE), one), true},
		{"advertised again", message(unix.RTM_NEWADDR, addr(2, unix.IFA_F_TENTATIVE), one), false},
		{"it may be used", message(unix.RTM_NEWADDR, addr(2, unix.IFA_F_PERMANENT), one), true},
		{"another", message(unix.RTM_NEWADDR, addr(2, 0), two), true},
		{"on another link", message(unix.RTM_NEWADDR, addr(3, 0), one), true},
		{"it goes", message(unix.RTM_DELADDR, addr(2, 0), one), true},
		{"it comes again", message(unix.RTM_NEWADDR, addr(2, 0), one), true},
		{"a default route", message(unix.RTM_NEWROUTE, route(0, unix.RTN_UNICAST)), true},
		{"it goes", message(unix.RTM_DELROUTE, route(0, unix.RTN_UNICAST)), true},
		{"half of one", message(unix.RTM_NEWROUTE, route(1, unix.RTN_UNICAST)), true},
		{"a route to one network", message(unix.RTM_NEWROUTE, route(24, unix.RTN_UNICAST)), false},
		{"multicast", message(unix.RTM_NEWROUTE, route(0, unix.RTN_MULTICAST)), false},
		{"another kind", message(unix.RTM_NEWNEIGH, route(0, unix.RTN_UNICAST)), false},
		{"nothing", nil, false},
		{"two, the last is known", append(message(unix.RTM_NEWLINK, link(9, up)), message(unix.RTM_NEWLINK, link(3, unix.IFF_UP))...), true},
		{"two that are known", append(message(unix.RTM_NEWLINK, link(9, up)), message(unix.RTM_NEWLINK, link(3, unix.IFF_UP))...), false},
		{"too short", message(unix.RTM_NEWLINK, nil), true},
		{"broken", []byte{200, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0}, true},
	} {
		if got := k.changes(step.raw); got != step.new {
			t.Errorf("%s: new %v", step.about, got)
		}
	}
	for i := range uint32(2 * maxKnown) {
		k.changes(message(unix.RTM_NEWLINK, link(i, up)))
	}
	if len(k.said) > maxKnown {
		t.Errorf("%d are remembered", len(k.said))
	}
}

func FuzzKernel(f *testing.F) {
	f.Add(message(unix.RTM_NEWLINK, link(2, unix.IFF_UP)))
	f.Add(message(unix.RTM_DELADDR, addr(2, 0), attr(unix.IFA_LOCAL, 192, 0, 2, 1), attr(unix.IFA_ADDRESS)))
	f.Add(message(unix.RTM_NEWROUTE, route(0, unix.RTN_UNICAST)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var k kernel
		k.changes(raw)
		if k.changes(raw) && len(raw) < unix.SizeofNlMsghdr && len(raw) > 0 {
			return // what cannot be read is new each time
		}
		if len(k.said) > len(raw) {
			t.Errorf("%d things in %d octets", len(k.said), len(raw))
		}
	})
}

// The kernel tells of addresses, links and default routes, in a network
// namespace of the test's own.
func TestKernel(t *testing.T) {
	var problem error
	done := make(chan struct{})
	began := make(chan *Watcher, 1)
	ctx, cancel := context.WithCancel(t.Context())
	run := make(chan []string)
	ran := make(chan error)
	go func() { // its thread ends with it, and the namespace with both
		defer close(done)
		runtime.LockOSThread()
		if problem = unix.Unshare(unix.CLONE_NEWNET); problem != nil {
			close(began)
			return
		}
		f, err := openNetlink()
		if err != nil {
			problem = err
			close(began)
			return
		}
		began <- start(ctx, func(ctx context.Context, s *sink) error { return follow(ctx, s, f) })
		for args := range run {
			out, err := exec.Command("ip", args...).CombinedOutput()
			if err != nil {
				err = &os.PathError{Op: "ip", Path: strings.Join(args, " ") + ": " + string(out), Err: err}
			}
			ran <- err
		}
	}()
	defer func() { <-done }()
	defer close(run)
	defer cancel()
	w := <-began
	if w == nil {
		if problem == syscall.EPERM && os.Getenv("DOTPROXY_PEER_TESTS") != "1" {
			t.Skip("it needs the right to make a network namespace")
		}
		t.Fatal(problem)
	}
	defer w.Wait()
	defer cancel()
	if _, err := exec.LookPath("ip"); err != nil && os.Getenv("DOTPROXY_PEER_TESTS") != "1" {
		t.Skip("it needs ip (iproute2)")
	}
	until(t, w, "at the start", func(e Event) bool { return e.Network })
	if !w.Live() {
		t.Error("not live")
	}
	for _, command := range []string{
		"link set lo up", "addr add 192.0.2.7/24 dev lo", "route add default via 192.0.2.1 dev lo", "route del default",
		"addr add 2001:db8::7/64 dev lo nodad", "addr del 192.0.2.7/24 dev lo", "link set lo down",
	} {
		run <- strings.Fields(command)
		if err := <-ran; err != nil {
			t.Fatal(err)
		}
		until(t, w, command, func(e Event) bool { return e.Network && !e.Woke })
	}
}
