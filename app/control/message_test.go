package control

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzBody: no body makes the parser fail; what is accepted has every key and
// survives being sent again, what is refused is a problem to show.
func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"listen": ["127.0.0.1"], "port": 53, "upstreams": ["quad9"], "ca_bundle": "", "cache_mib": 8, "log_privacy": "full"}`))
	all := `{"listen": ["127.0.0.1"], "port": 53, "upstreams": ["quad9"], "race": true, "hide_subnet": false, "ca_bundle": "", "cache_mib": 8,
		"cache_min_ttl": 0, "cache_max_ttl": 1, "stale_hours": 2, "cache_persist": false, "canary": true, "hosts": true, "rebinding_protection": false,
		"local_network": false, "system_dns": false, "access": ["any"], "log_privacy": "full", "keep_statistics": false, "networks": [{"name": "a", "upstreams": null}], "routes": {"a": ["b", null], "c": null}, "overrides": {}, "rate_limit":
		{"per_second": 1, "burst": 1, "loopback": false, "block_after": 0, "block_window": 0, "block_for": 0}}`
	f.Add([]byte(all))
	f.Add([]byte(strings.Replace(all, "burst", "Burst", 1)))
	f.Add([]byte(strings.Replace(all, `"block_after": 0, `, "", 1)))
	f.Add([]byte(`{"port": 53}`))
	f.Add([]byte(`{"Port": 53, "port": 54}`))
	f.Add([]byte(`{"listen": null, "port": 1e3, "upstreams": [null], "ca_bundle": "\u0000", "cache_mib": -0, "log_privacy": "\ud800"}`))
	f.Add([]byte(`[[[[`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, p := parse[Settings](body)
		if p != nil {
			if status := HTTPStatus(p.Code); status != 400 && status != 422 || p.Message == "" || p.Hint == "" {
				t.Errorf("refused with %d %+v", status, p)
			}
			return
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if same, p := parse[Settings](again); p != nil || !same.Equal(s) {
			t.Errorf("%+v sent again is %+v (%v)", s, same, p)
		}
	})
}
