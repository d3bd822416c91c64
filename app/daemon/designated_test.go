package daemon

import (
	"context"
	"crypto/x509"
	"errors"
	"net/netip"
	"reflect"
	"testing"
	"testing/synctest"

	"dotproxy/app/control"
	"dotproxy/resolver/ddr"
)

func TestDesignated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, func(_ *control.Settings, d *fakeDisk) {
			d.write("/etc/resolv.conf", "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n", nil)
		})
		at := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:853")}
		r.seams.discover = func(_ context.Context, _ *x509.CertPool, server netip.AddrPort) ([]ddr.Designated, error) {
			switch server.String() {
			case "192.0.2.1:53":
				return []ddr.Designated{{By: server.Addr(), Name: "dns.example", Addrs: at}, {By: server.Addr(), Name: "bad.example", Addrs: at, Err: errors.New("its certificate is another name’s")}}, nil
			case "192.0.2.2:53":
				return nil, nil
			}
			return nil, errors.New("it does not answer")
		}
		got, err := r.Designated(t.Context())
		want := []control.Designated{
			{Resolver: "192.0.2.1", Name: "dns.example", Addresses: []string{"192.0.2.1:853"}, Upstream: "192.0.2.1#dns.example"},
			{Resolver: "192.0.2.1", Name: "bad.example", Addresses: []string{"192.0.2.1:853"}, Problem: "bad.example is not offered: its certificate is another name’s."},
			{Resolver: "192.0.2.2", Addresses: []string{}, Problem: "The network’s resolver 192.0.2.2 names no encrypted one."},
			{Resolver: "192.0.2.3", Addresses: []string{}, Problem: "The network’s resolver 192.0.2.3 did not tell: it does not answer."},
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v", got, err)
		}
		if r.eng.asked() != "cloudflare quad9" {
			t.Error("it was taken in silence")
		}
		r.disk.write("/etc/resolv.conf", "nameserver 127.0.0.1\n", nil)
		if _, err := r.Designated(t.Context()); err == nil {
			t.Error("without a resolver of the network somebody was asked")
		}
	})
}
