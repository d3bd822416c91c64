package viewmodel

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

// other is a value for each field that differs from full's.
var other = map[Field]string{
	FieldPort: "5454", FieldListen: "127.0.0.9", FieldAccess: "any", FieldPerSecond: "11",
	FieldProvider: "Google", FieldBackups: "None", FieldBundle: "",
	FieldCache: "17", FieldStale: "3", FieldOverrides: "x.example = 10.0.0.9", FieldRoutes: "", FieldPrivacy: "off",
	FieldMinTTL: "61", FieldMaxTTL: "3601", FieldBurst: "201", FieldBlockAfter: "8", FieldBlockWindow: "71", FieldBlockFor: "602",
}

// full are settings of which none is the default's.
func full() control.Settings {
	return control.Settings{
		Listen: []string{"127.0.0.1", "192.168.1.2"}, Port: 5353, Upstreams: []string{"quad9?pin-sha256=abc=", "10.0.0.53#dns.home?client-cert=/a%2Cb.pem"},
		Race: true, HideSubnet: true, CABundle: "/etc/roots.pem", CacheMiB: 16, CacheMinTTL: 60, CacheMaxTTL: 3600,
		StaleHours: 2, CachePersist: true, Canary: false, Hosts: false, RebindingProtection: true, LocalNetwork: true, SystemDNS: true, KeepStatistics: true,
		Networks: []control.NetworkRule{{Name: "Office", Gateway: "00:00:5e:00:53:01", Upstreams: []string{"quad9"}}},
		Access:   []string{"192.168.1.0/24"}, LogPrivacy: control.LogHideNames,
		Routes:    map[string][]string{"home.arpa": {"192.168.1.1", "192.168.1.2:5353"}, "Corp.Example.": {"tls://10.0.0.53?pin-sha256=ab+/="}},
		Overrides: map[string][]string{"nas.home.arpa": {"192.168.1.10", "fd00::10"}, "*.ads.example": {"NXDOMAIN"}},
		RateLimit: control.RateLimit{PerSecond: 50, Burst: 200, Loopback: true, BlockAfter: 7, BlockWindow: 70, BlockFor: 601},
	}
}

// parts are the values of settings by their key, with those of tables of their
// own behind a dot.
func parts(v reflect.Value, prefix string) map[string]any {
	found := map[string]any{}
	for i := range v.NumField() {
		key := prefix + v.Type().Field(i).Tag.Get("json")
		if v.Field(i).Kind() == reflect.Struct {
			maps.Copy(found, parts(v.Field(i), key+"."))
			continue
		}
		found[key] = v.Field(i).Interface()
	}
	return found
}

func partsOf(s control.Settings) map[string]any { return parts(reflect.ValueOf(s), "") }

// changed are the keys in which a and b differ.
func changed(a, b control.Settings) (keys []string) {
	pa, pb := partsOf(a), partsOf(b)
	for key := range pa {
		if !reflect.DeepEqual(pa[key], pb[key]) {
			keys = append(keys, key)
		}
	}
	return keys
}

// TestEverySettingCanBeSet changes one field after the other and expects that
// one key alone to change, so that none is lost; in the end all keys of
// control.Settings must have had their field.
func TestEverySettingCanBeSet(t *testing.T) {
	set := map[string]bool{
		"system_dns": true, // a command of the engine (POST /v1/system-dns), not of the form
		"networks":   true, // made on a network, by dot-proxy networks
	}
	key := func(f Field) string {
		if f == FieldProvider || f == FieldBackups {
			return "upstreams"
		}
		return string(f)
	}
	if got := changed(full(), control.Default()); len(got) != len(partsOf(full())) {
		t.Fatalf("the settings under test have defaults: %d of %d differ", len(got), len(partsOf(full())))
	}
	for _, field := range Fields() {
		f := NewForm()
		f.Load(full(), controltest.Providers(), false)
		if got := changed(f.Settings(), full()); len(got) > 0 {
			t.Fatalf("untouched, these change: %v", got)
		}
		f.Set(field, other[field])
		if got := changed(f.Settings(), full()); !slices.Equal(got, []string{key(field)}) {
			t.Errorf("%s changes %v", field, got)
		}
		if f.Error(field) != "" || !f.CanApply() {
			t.Errorf("%s: %q", field, f.Summary())
		}
		f.Saved(f.Settings())
		if len(f.Changes()) != 0 || f.Value(field) != other[field] {
			t.Errorf("%s is %q after it was saved as %q, changes %v", field, f.Value(field), other[field], f.Changes())
		}
		set[key(field)] = true
	}
	for _, field := range Switches() {
		f := NewForm()
		f.Load(full(), controltest.Providers(), false)
		f.Turn(field, !f.On(field))
		s, ok := f.NextTurn()
		if got := changed(s, full()); !ok || !slices.Equal(got, []string{key(field)}) {
			t.Errorf("%s changes %v", field, got)
		}
		set[key(field)] = true
	}
	for name := range partsOf(full()) {
		if !set[name] {
			t.Errorf("nothing sets %s", name)
		}
	}
}

func TestFormTables(t *testing.T) {
	for _, c := range []struct {
		field Field
		text  string
		wrong string // empty where want is taken
		want  map[string][]string
	}{
		{FieldOverrides, "nas.home.arpa=192.168.1.10 ,fd00::1\n\n *.ads.example = NXDOMAIN \n", "", map[string][]string{"nas.home.arpa": {"192.168.1.10", "fd00::1"}, "*.ads.example": {"NXDOMAIN"}}},
		{FieldOverrides, "nas", "Line 1, “nas”, is not complete. Type name = address", nil},
		{FieldOverrides, "\nnas =", "Line 2, “nas =”, is not complete.", nil},
		{FieldOverrides, "= 10.0.0.1", "is not complete", nil},
		{FieldOverrides, "a.b = 10.0.0.1\nA.b. = 10.0.0.2", "Lines 1 and 2 are both about “A.b.”.", nil},
		{FieldOverrides, "b.c = 10.0.0.1\na.b = 10.0.0.400", "Line 2: “10.0.0.400”, which “a.b” is to have, is not an IP address.", nil},
		{FieldOverrides, "a.b = 10.0.0.1, NXDOMAIN", "Line 1: “a.b” has addresses and NXDOMAIN.", nil},
		{FieldRoutes, "x=y = tls://10.0.0.53?pin-sha256=ab=", "", map[string][]string{"x=y": {"tls://10.0.0.53?pin-sha256=ab="}}},
		{FieldRoutes, "x=tls://10.0.0.53?pin-sha256=ab=", "", map[string][]string{"x": {"tls://10.0.0.53?pin-sha256=ab="}}},
		{FieldRoutes, "corp = 10.0.0.53, tls://10.0.0.54", "Line 1: “corp” is routed to servers in clear text and over TLS.", nil},
		{FieldRoutes, "", "", map[string][]string{}},
	} {
		t.Run(c.text, func(t *testing.T) {
			s := full()
			s.CABundle = ""
			f := NewForm()
			f.Load(s, controltest.Providers(), false)
			f.Set(c.field, c.text)
			if got := f.Error(c.field); c.wrong == "" && got != "" || !strings.Contains(got, c.wrong) {
				t.Fatalf("error %q, want %q", got, c.wrong)
			}
			if f.CanApply() != (c.wrong == "") {
				t.Errorf("CanApply %v, %s", f.CanApply(), f.Summary())
			}
			got := f.Settings()
			if c.wrong == "" && !reflect.DeepEqual(*tables[c.field](&got), c.want) {
				t.Errorf("got %v, want %v", *tables[c.field](&got), c.want)
			}
		})
	}
	f := NewForm()
	f.Load(full(), controltest.Providers(), false)
	f.Set(FieldOverrides, "nas.home.arpa=192.168.1.10,fd00::10\n*.ads.example = NXDOMAIN")
	if len(f.Changes()) != 0 {
		t.Error("another order and other spaces count as a change")
	}
}

func TestFormComma(t *testing.T) {
	f := NewForm()
	s := full()
	s.Routes = map[string][]string{"corp": {"tls://10.0.0.53?client-cert=/a,b.pem"}}
	s.Upstreams = []string{"quad9", "google?client-cert=/a,b.pem"}
	f.Load(s, controltest.Providers(), false)
	if got := f.Value(FieldRoutes); got != "corp = tls://10.0.0.53?client-cert=/a%2Cb.pem" {
		t.Errorf("the path's comma parts it: %q", got)
	}
	if got := f.Value(FieldBackups); got != "Google?client-cert=/a%2Cb.pem" {
		t.Errorf("the path's comma parts the backups: %q", got)
	}
}

func TestFormBounds(t *testing.T) {
	f := newForm()
	f.Set(FieldMinTTL, "100")
	f.Set(FieldMaxTTL, "50")
	if got := f.Error(FieldMinTTL); got != "“100” is not possible here. Enter a number of seconds from 0 to 86400, not above the longest time." || f.Error(FieldMaxTTL) != "" {
		t.Errorf("shortest %q, longest %q", got, f.Error(FieldMaxTTL))
	}
	f = newForm()
	f.Set(FieldBurst, "x")
	f.Set(FieldPerSecond, "y")
	f.Set(FieldBlockFor, "99999999")
	if got := f.Summary(); got != "3 changes, 3 to correct: Limit for each client, Queries at once, Blocked for" {
		t.Errorf("got %q", got)
	}
	if got := f.Error(FieldBlockFor); got != "“99999999” is not possible here. Enter a number from 1 to 604800: a time in seconds." {
		t.Errorf("got %q", got)
	}
	f.Set(FieldBurst, "0")
	f.Set(FieldPerSecond, "0")
	f.Set(FieldBlockFor, "600")
	if !f.CanApply() {
		t.Errorf("no limit needs no burst: %s", f.Summary())
	}
	f.Set(FieldPerSecond, "5")
	if f.Error(FieldBurst) == "" {
		t.Error("a limit without a burst is taken")
	}
	for field, wrong := range map[Field]string{
		FieldStale: "“x” is not a number. Enter a number of hours from 0 (never) to 168, which is a week.",
		FieldCache: "“x” is not a number. Enter a number of MiB from 0 (no cache) to 4096.",
	} {
		if f.Set(field, "x"); f.Error(field) != wrong {
			t.Errorf("%s: %q", field, f.Error(field))
		}
	}
	if f.Set(FieldAccess, "lan"); !strings.Contains(f.Error(FieldAccess), "“lan” is neither an IP address nor a prefix.") {
		t.Errorf("access: %q", f.Error(FieldAccess))
	}
}

// TestFormBoundsOfWhatIsSaved: a value that was fine becomes wrong by another.
func TestFormBoundsOfWhatIsSaved(t *testing.T) {
	s := control.Default()
	s.CacheMinTTL, s.RateLimit = 60, control.RateLimit{}
	for field, c := range map[Field]struct{ text, summary string }{
		FieldMaxTTL:     {"10", "1 change, 1 to correct: Shortest time in the cache"},
		FieldPerSecond:  {"5", "1 change, 1 to correct: Queries at once"},
		FieldBlockAfter: {"5", "1 change, 2 to correct: Counted over, Blocked for"},
	} {
		f := NewForm()
		f.Load(s, controltest.Providers(), false)
		if f.Set(field, c.text); f.Summary() != c.summary || f.CanApply() {
			t.Errorf("%s: %q", field, f.Summary())
		}
	}
}

func TestFormRefusedEntry(t *testing.T) {
	f := newForm()
	f.Set(FieldRoutes, "a.example = 10.0.0.1\n\nHome.arpa. = tls://nowhere.example")
	p := control.BadValue("routes", "“tls://nowhere.example” cannot be looked up.", "Check its spelling.")
	p.Entry = "home.arpa"
	if !f.Refuse(p) || f.Error(FieldRoutes) != "Line 3: “tls://nowhere.example” cannot be looked up. Check its spelling." {
		t.Errorf("got %q", f.Error(FieldRoutes))
	}
	p = control.BadValue("rate_limit", "No.", "Less.")
	p.Entry = "burst"
	if !f.Refuse(p) || f.Error(FieldBurst) != "No. Less." || !FieldBurst.Advanced() || FieldPort.Advanced() {
		t.Errorf("got %q", f.Error(FieldBurst))
	}
}

func TestSwitches(t *testing.T) {
	f := newForm()
	f.Set(FieldPort, "5353")
	f.Turn(SwitchRace, true)
	f.Turn(SwitchHosts, false)
	s, ok := f.NextTurn()
	if !ok || !s.Race || !s.Hosts || s.Port != 53 {
		t.Fatalf("sent first: %+v", s)
	}
	if !f.On(SwitchRace) || f.On(SwitchHosts) {
		t.Error("switches do not stand as they were put")
	}
	f.Turned(s, nil)
	if s, ok = f.NextTurn(); !ok || !s.Race || s.Hosts {
		t.Fatalf("sent second: %+v", s)
	}
	f.Turned(s, &control.Problem{Code: control.CodeInternal, Message: "The disk is full.", Hint: "Make room."})
	if !f.On(SwitchHosts) || f.Error(SwitchHosts) != "The disk is full. Make room." || !f.On(SwitchRace) {
		t.Errorf("refused: on %v, %q", f.On(SwitchHosts), f.Error(SwitchHosts))
	}
	if _, ok = f.NextTurn(); ok || f.Value(FieldPort) != "5353" || !f.CanApply() {
		t.Errorf("something waits: %v; the port is %q", ok, f.Value(FieldPort))
	}
	f.Turn(SwitchHosts, false)
	if f.Error(SwitchHosts) != "" {
		t.Error("the sentence stays")
	}
	s, _ = f.NextTurn()
	f.Turn(SwitchHosts, true) // put back while it is sent
	f.Turned(s, nil)
	if s, ok = f.NextTurn(); !ok || !s.Hosts {
		t.Error("a switch that was put back while it was sent stays")
	}
}

func TestHintsFollow(t *testing.T) {
	f := newForm("quad9?pin-sha256=abc")
	hint := func(field Field, want string, warns bool) {
		t.Helper()
		if got := f.Hint(field); !strings.Contains(got, want) || f.Warns(field) != warns {
			t.Errorf("%s: %q, warns %v", field, got, f.Warns(field))
		}
	}
	hint(FieldAccess, "now only this computer can", false)
	hint(SwitchRace, "There is no backup to ask.", false)
	hint(SwitchPersist, "not while names are hidden", false)
	hint(FieldBackups, "only when Quad9 does not answer", false)
	hint(FieldProvider, "Quad9, certificate pinned", false)
	hint(FieldRoutes, "not encrypted, for this computer only", false)
	hint(SwitchLocal, "not encrypted, for this computer only", false)
	f.Set(FieldListen, "0.0.0.0")
	hint(FieldAccess, "192.168.1.0/24", false)
	f.Set(FieldAccess, "any")
	hint(FieldAccess, "Anyone who reaches this computer can ask.", true)
	f.Set(FieldRoutes, "a.b = 10.0.0.1")
	hint(FieldRoutes, "not encrypted", true)
	f.Set(FieldRoutes, "a.b = tls://10.0.0.1")
	hint(FieldRoutes, "not encrypted", false)
	f.Turn(SwitchLocal, true)
	hint(SwitchLocal, "not encrypted", true)
	f.Turn(SwitchPersist, true)
	f.Set(FieldPrivacy, "hide_names")
	hint(SwitchPersist, "Not saved while names are hidden", true)
	f.Set(FieldPrivacy, "off")
	hint(SwitchPersist, "Not saved while the query log is off", true)
	f.Set(FieldBackups, "Google")
	f.Turn(SwitchRace, true)
	hint(FieldBackups, "Asked together with Quad9", false)
	hint(SwitchRace, "each provider then sees every query", false)
	f.Set(FieldProvider, "Google")
	hint(FieldProvider, "Choose one, or type a server", false)
	for _, field := range slices.Concat(Fields(), Switches()) {
		if field.Label() == "" || f.Hint(field) == "" {
			t.Errorf("%s has no label or hint", field)
		}
	}
}

func FuzzFormTable(f *testing.F) {
	for _, s := range []string{"a = 10.0.0.1", "a=b=c\n\nd = e, f", "x = tls://1.2.3.4?a=b,c", "=\r\n =", "*.a = NXDOMAIN"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, field := range []Field{FieldOverrides, FieldRoutes} {
			form := newForm()
			form.Set(field, text)
			if e := form.Error(field); e != "" {
				continue
			}
			s := form.Settings()
			table := *tables[field](&s)
			again := tableOf(field, tableText(table))
			if !reflect.DeepEqual(escaped(table), again) {
				t.Errorf("%q is %q, and written %q", text, table, again)
			}
		}
	})
}

// escaped is a table as its text has it.
func escaped(table map[string][]string) map[string][]string {
	c := make(map[string][]string, len(table))
	for key, list := range table {
		for _, v := range list {
			c[key] = append(c[key], keepComma(v))
		}
	}
	return c
}
