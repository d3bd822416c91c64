package daemon

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/resolver"
)

// fakePassed are addresses for which sockets were passed; half lacks one.
type fakePassed struct {
	resolver.SystemSockets
	addrs []netip.AddrPort
	half  netip.AddrPort
}

func (f fakePassed) Addrs() []netip.AddrPort { return f.addrs }

func (f fakePassed) Half(addr netip.AddrPort) (message, hint string) {
	if addr == f.half {
		return "Half.", "Add the other."
	}
	return "", ""
}

func passedAt(addrs ...string) fakePassed {
	var f fakePassed
	for _, a := range addrs {
		f.addrs = append(f.addrs, netip.MustParseAddrPort(a))
	}
	return f
}

// Passed addresses and their port are the default ones: settings and flags win.
func TestFitPassed(t *testing.T) {
	port := 99
	cases := []struct {
		about  string
		passed Passed
		change func(*layers)
		listen []string
		port   int
	}{
		{"none", nil, func(*layers) {}, control.Default().Listen, 53},
		{"both families", passedAt("127.0.0.1:5300", "[::1]:5300"), func(*layers) {}, []string{"127.0.0.1", "::1"}, 5300},
		{"several ports", passedAt("127.0.0.1:53", "127.0.0.1:5300"), func(*layers) {}, []string{"127.0.0.1"}, 53},
		{"instead of a container's default", passedAt("10.0.0.1:53"), func(l *layers) { l.defaultListen = []string{"0.0.0.0", "::"} }, []string{"10.0.0.1"}, 53},
		{"settings", passedAt("10.0.0.1:5300"), func(l *layers) { l.saved.Port, l.saved.Listen = 54, []string{"127.0.0.2"} }, []string{"127.0.0.2"}, 54},
		{"flags", passedAt("10.0.0.1:5300"), func(l *layers) { l.flags = Flags{Port: &port, Listen: []string{"::1"}} }, []string{"::1"}, 99},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			l := layers{saved: control.Default()}
			c.change(&l)
			l.fitPassed(c.passed)
			if s := l.effective(); !slices.Equal(s.Listen, c.listen) || s.Port != c.port {
				t.Errorf("%v port %d, want %v port %d", s.Listen, s.Port, c.listen, c.port)
			}
		})
	}
}

// A status says that the socket was passed while it is answered on, also after
// a stop; half an address is refused.
func TestPassed(t *testing.T) {
	passed := passedAt("127.0.0.1:53")
	r := newRig(t, func(o *Options, _ *rig) { o.Sockets = passed })
	for range 2 {
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := r.Status(); s.PortBy != control.PortByPassed || !slices.Equal(s.Listen, []string{"127.0.0.1:53"}) {
			t.Errorf("%q on %v", s.PortBy, s.Listen)
		}
		s := r.Settings()
		for _, c := range []struct {
			port int
			by   control.PortBy
		}{{5353, ""}, {54, control.PortByFile}, {53, control.PortByPassed}} {
			s.Port = c.port
			if err := r.Apply(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			if by := r.Status().PortBy; by != c.by {
				t.Errorf("port %d is allowed by %q, want %q", c.port, by, c.by)
			}
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if by := r.Status().PortBy; by != "" {
			t.Errorf("stopped, and by %q", by)
		}
	}
	passed.half = passed.addrs[0]
	r = newRig(t, func(o *Options, _ *rig) { o.Sockets = passed })
	if err := r.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "Half. Add the other.") {
		t.Errorf("half an address: %v", err)
	}
}
