package daemon

import (
	"strings"
	"testing"

	"dotproxy/app/control"
)

func TestPortBy(t *testing.T) {
	cases := []struct {
		about  string
		port   uint16
		rights rights
		want   control.PortBy
	}{
		{"a high port", 5353, rights{from: 1024, root: true}, ""},
		{"the file", 53, rights{from: 1024, effective: true, file: true}, control.PortByFile},
		{"a service", 53, rights{from: 1024, effective: true, ambient: true, file: true}, control.PortByAmbient},
		{"inherited", 53, rights{from: 1024, effective: true}, control.PortByCapability},
		{"root", 53, rights{from: 1024, effective: true, root: true}, control.PortByRoot},
		{"everybody, so that root matters not", 53, rights{from: 53, root: true}, control.PortByUnprivileged},
		{"everybody from a higher port on", 53, rights{from: 54, root: true}, control.PortByRoot},
		{"Windows", 53, rights{}, control.PortByUnprivileged},
		{"not known", 53, rights{from: 1024}, ""},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			got := c.rights.portBy(c.port)
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if (got == "") != (got.Words() == "") {
				t.Errorf("%q in words is %q", got, got.Words())
			}
		})
	}
}

func TestRefused(t *testing.T) {
	usual := func(change func(*rights)) rights {
		r := rights{from: 1024, bounding: true}
		change(&r)
		return r
	}
	const setcap = "Run the command below once, or choose a port above 1023.\nsudo setcap 'cap_net_bind_service=+ep' /opt/dot-proxy"
	cases := []struct {
		about     string
		rights    rights
		why, hint string
	}{
		{"nothing", usual(func(*rights) {}), "lacks", setcap},
		{"with systemd-resolved", usual(func(r *rights) { r.resolved = true }), "lacks", "a port above 1023, which systemd-resolved can ask as well."},
		{"a bounding set without it", usual(func(r *rights) { r.bounding = false }), "bounding set", "--cap-add NET_BIND_SERVICE"},
		{"a service's bounding set", usual(func(r *rights) { r.bounding, r.service = false, true }), "bounding set", "CapabilityBoundingSet="},
		{"a service", usual(func(r *rights) { r.service, r.noNew = true, true }), "lacks", "Add AmbientCapabilities=CAP_NET_BIND_SERVICE"},
		{"NoNewPrivileges", usual(func(r *rights) { r.noNew = true }), "NoNewPrivileges", "Start it without NoNewPrivileges, after “sudo setcap"},
		{"NoNewPrivileges and the capability", usual(func(r *rights) { r.noNew, r.file = true, true }), "NoNewPrivileges", "Start it without NoNewPrivileges, or"},
		{"nosuid", usual(func(r *rights) { r.ignored = true }), "nosuid", "Install it on another file system"},
		{"given since", usual(func(r *rights) { r.file = true }), "by now", "Start it again, or"},
		{"a namespace", usual(func(r *rights) { r.effective = true }), "namespace", "--sysctl"},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			why, hint := c.rights.refused("/opt/dot-proxy")
			if !strings.Contains(why, c.why) || !strings.Contains(hint, c.hint) {
				t.Errorf("\n got %s. %s\nwant … %s … %s", why, hint, c.why, c.hint)
			}
		})
	}
}

func TestShellQuote(t *testing.T) {
	for path, want := range map[string]string{
		"/usr/bin/dot-proxy": "/usr/bin/dot-proxy", "/home/zoë/dot-proxy": "/home/zoë/dot-proxy",
		"/home/a b/x": "'/home/a b/x'", "/it's": `'/it'\''s'`, "/$(id)": "'/$(id)'",
	} {
		if got := shellQuote(path); got != want {
			t.Errorf("%s is written %s, want %s", path, got, want)
		}
	}
}
