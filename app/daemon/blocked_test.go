package daemon

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
)

func TestBlockedAndRelease(t *testing.T) {
	r := newRig(t, nil)
	until := time.Date(2026, 11, 22, 10, 10, 0, 0, time.UTC)
	for _, client := range []string{"192.0.2.7/32", "192.0.2.8/32", "2001:db8:0:100::/56"} {
		r.eng.blocked = append(r.eng.blocked, resolver.Blocked{Client: netip.MustParsePrefix(client), Until: until, Dropped: 3})
	}
	if got := r.Blocked(); len(got) != 3 || got[0] != (control.Blocked{Client: "192.0.2.7/32", Until: until, Dropped: 3}) {
		t.Errorf("blocked %v", got)
	}
	for client, says := range map[string]string{"": "neither", "here": "“here” is neither", "192.0.2.9": "not blocked", "192.0.2.0/99": "neither"} {
		if p := problemOf(t, r.Release(t.Context(), client)); p.Code != control.CodeBadValue || p.Field != "client" || !strings.Contains(p.Message, says) {
			t.Errorf("%q: %+v", client, p)
		}
	}
	for _, client := range []string{"192.0.2.7/32", " ::ffff:192.0.2.8", "2001:db8:0:1ff::5"} {
		if err := r.Release(t.Context(), client); err != nil {
			t.Errorf("%s: %v", client, err)
		}
	}
	if got := r.Blocked(); len(got) > 0 {
		t.Errorf("left are %v", got)
	}
}

func TestMetricsOfAdmission(t *testing.T) {
	r := newRig(t, nil)
	r.eng.cfg.OnQuery(&resolver.Event{Time: time.Now(), Source: resolver.SourceStale})
	var b bytes.Buffer
	r.WriteMetrics(&b)
	for _, line := range []string{
		`dotproxy_admission_total{outcome="malformed"} 1`, `dotproxy_admission_total{outcome="refused"} 2`, `dotproxy_admission_total{outcome="limited"} 3`,
		`dotproxy_admission_total{outcome="blocked"} 4`, `dotproxy_admission_total{outcome="dropped"} 5`, `dotproxy_blocked_clients 0`,
		`dotproxy_queries_total{source="stale"} 1`, `dotproxy_queries_total{source="override"} 0`, `dotproxy_queries_total{source="route"} 0`,
		`dotproxy_queries_total{source="blocked"} 0`,
	} {
		if !strings.Contains(b.String(), line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
}
