package daemon

import (
	"testing"
	"testing/fstest"
)

func TestReadRights(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	const status = "Name:\tdot-proxy\nUid:\t1000\t1000\t1000\t1000\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000400\nCapEff:\t0000000000000400\n" +
		"CapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\n"
	const bare = "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000400\nNoNewPrivs:\t1\n"
	cases := []struct {
		about string
		files fstest.MapFS
		want  rights
	}{
		{"nothing can be read", fstest.MapFS{}, rights{from: 1024, bounding: true}},
		{"the usual", fstest.MapFS{
			"proc/self/status": file(status), "proc/sys/net/ipv4/ip_unprivileged_port_start": file("1024\n"),
			"run/systemd/system": {Mode: 0o755 | 1<<31}, "etc/resolv.conf": file("# stub\nnameserver 127.0.0.53\noptions edns0\n"),
		}, rights{from: 1024, bounding: true, effective: true, service: true, resolved: true}},
		{"a sandbox", fstest.MapFS{"proc/self/status": file(bare), "proc/sys/net/ipv4/ip_unprivileged_port_start": file("0\n")},
			rights{ambient: true, noNew: true}},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			if got := readRights(c.files); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestFileCapability(t *testing.T) {
	// As setcap writes them: version 2, the effective flag in the lowest bit.
	for about, c := range map[string]struct {
		attribute []byte
		want      bool
	}{
		"cap_net_bind_service=+ep": {[]byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, true},
		"cap_net_bind_service=+p":  {[]byte{0, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, false},
		"cap_net_raw=+ep":          {[]byte{1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, false},
		"cut short":                {[]byte{1, 0, 0, 2}, false},
	} {
		if got := fileCapability(c.attribute); got != c.want {
			t.Errorf("%s: %v", about, got)
		}
	}
}
