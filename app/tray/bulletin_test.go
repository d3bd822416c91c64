package tray

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

// reader follows a bulletin on a clock of its own, as the tray's loop does: it
// looks when something changes, and when the bulletin asked for it.
type reader struct {
	bulletin
	now   time.Time
	view  View
	again time.Duration
	said  []string
}

func (r *reader) look() {
	var o order
	o, r.again = r.see(r.view, r.now)
	at := r.now.Sub(controltest.Since)
	switch {
	case o.news != nil:
		r.said = append(r.said, fmt.Sprintf("%v %s", at, o.news.Title))
	case o.clear:
		r.said = append(r.said, fmt.Sprintf("%v -", at))
	}
}

// pass lets time go by.
func (r *reader) pass(d time.Duration) {
	end := r.now.Add(d)
	for r.again > 0 && !r.now.Add(r.again).After(end) {
		r.now = r.now.Add(r.again)
		r.look()
	}
	r.again -= end.Sub(r.now)
	r.now = end
}

// script reads steps such as "protected 10s", which begins a state and lets that
// time go by, and tells what was said when.
func script(t *testing.T, steps string) []string {
	t.Helper()
	r := &reader{now: controltest.Since}
	for step := range strings.SplitSeq(steps, ", ") {
		state, length, _ := strings.Cut(step, " ")
		d, err := time.ParseDuration(length)
		if err != nil {
			t.Fatal(err)
		}
		r.view = View{Link: Connected, Status: control.Status{State: control.State(state), Sentence: "What is.", Hint: "What to do."}}
		switch state {
		case "launching":
			r.view.Link = Launching
		case "gone":
			r.view.Link = Gone
		case "forbidden":
			r.view.Link = Forbidden
		case "leaking":
			r.view.Status.State, r.view.Status.Problem = control.Protected, &control.Problem{Code: control.CodeLeak}
		case "unused":
			r.view.Status.State, r.view.Status.Variant = control.Protected, control.VariantNotInUse
		case "memory":
			r.view.Status.State, r.view.Status.Variant = control.Degraded, control.VariantFromMemory
		case "offline":
			r.view.Status.State, r.view.Status.Problem = control.Failed, &control.Problem{Code: control.CodeOffline}
		}
		r.look()
		r.pass(d)
	}
	return r.said
}

func TestBulletin(t *testing.T) {
	for about, c := range map[string]struct{ steps, want string }{
		"a start":                        {"launching 1s, starting 1s, protected 1h", ""},
		"a start that fails":             {"launching 1s, gone 1h", ""},
		"a start without a free port":    {"starting 1s, failed 1h, protected 1h", ""},
		"a start on the backup":          {"starting 1s, degraded 1h", ""},
		"somebody else's engine":         {"forbidden 1h", ""},
		"the user's own stop":            {"protected 1m, stopped 1h, starting 1s, protected 1h", ""},
		"a failure after a stop":         {"protected 1m, stopped 1m, starting 1s, failed 1h", ""},
		"lost and back":                  {"protected 10s, failed 10s, protected 1h", "15s Not protected, 22s Protected again"},
		"lost for less than 5 s":         {"protected 10s, failed 4s, protected 1h", ""},
		"a moment's failure twice":       {"protected 10s, failed 4s, protected 1s, failed 4s, protected 1h", ""},
		"failing while it starts again":  {"protected 10s, failed 3s, starting 1s, failed 10s", "15s Not protected"},
		"the engine dies":                {"protected 10s, gone 1h", "15s Not protected"},
		"the engine is back in a second": {"protected 10s, gone 1s, starting 1s, protected 1h", ""},
		"lost, back for a moment":        {"protected 10s, failed 10s, protected 1s, failed 1h", "15s Not protected"},
		"flicker": {"protected 10s, failed 6s, protected 3s, failed 6s, protected 3s, failed 6s, protected 3s, failed 6s, protected 1h",
			"15s Not protected, 18s Protected again"},
		"lost again soon":               {"protected 10s, failed 6s, protected 3s, failed 1h", "15s Not protected, 18s Protected again, 1m15s Not protected"},
		"stopped by the user when lost": {"protected 10s, failed 10s, stopped 1h", "15s Not protected, 20s -"},
		"a backup":                      {"protected 10s, degraded 1m, protected 1h", "15s On backup, 1m12s -"},
		"a backup for a moment":         {"protected 10s, degraded 4s, protected 1h", ""},
		"a backup off and on":           {"protected 10s, degraded 6s, protected 3s, degraded 20s, protected 1h", "15s On backup, 18s -"},
		"lost, then a backup":           {"protected 10s, failed 10s, degraded 1m, protected 1h", "15s Not protected, 25s Protected again, on backup, 1m22s -"},
		"a pause":                       {"protected 10s, paused 5m, starting 1s, protected 1h", "5m13s Protected again"},
		"a pause that ends in a stop":   {"protected 10s, paused 5m, stopped 1m, protected 1h", ""},
		"a tray that begins in a pause": {"launching 1s, paused 5m, protected 1h", "5m3s Protected again"},
		"two pauses in a row":           {"protected 10s, paused 10s, protected 10s, paused 10s, protected 1h", "22s Protected again, 30s -, 1m22s Protected again"},
		"a sign-in":                     {"protected 10s, portal 3m, protected 1h", "12s Sign-in needed, 3m12s Protected again"},
		"a sign-in at the start":        {"launching 1s, starting 3s, portal 3m, protected 1h", "6s Sign-in needed, 3m6s Protected again"},
		"a tray that begins in one":     {"launching 1s, portal 3m, protected 1h", "3m3s Protected again"},
		"a sign-in off and on":          {"protected 10s, portal 5s, protected 1s, portal 3m", "12s Sign-in needed"},
		"without a network":             {"protected 10s, offline 1h, protected 1h", ""},
		"a failure after no network":    {"protected 10s, failed 1s, offline 1h, failed 4s, protected 1h", ""},
		"known names only":              {"protected 10s, memory 1h, protected 1h", ""},
		"not in use":                    {"protected 10s, unused 1h, protected 1h", ""},
		"a leak":                        {"protected 10s, leaking 1m, protected 1h", "15s Leak found, 1m12s Protected again"},
	} {
		if got := strings.Join(script(t, c.steps), ", "); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", about, got, c.want)
		}
	}
}

// TestBulletinSleeps: while nothing is to come, it asks for no look.
func TestBulletinSleeps(t *testing.T) {
	for _, s := range []control.State{control.Stopped, control.Starting, control.Protected, control.Degraded, control.Paused, control.SignIn, control.Failed} {
		r := &reader{now: controltest.Since, view: View{Link: Connected, Status: control.Status{State: s}}}
		r.look()
		r.pass(time.Hour)
		if r.look(); r.again > 0 {
			t.Errorf("%s: another look in %v", s, r.again)
		}
	}
}

func TestNewsSayWhatIs(t *testing.T) {
	v := protectedView()
	var b bulletin
	b.see(v, controltest.Since)
	b.see(v, controltest.Since.Add(time.Minute))
	p := controltest.PortTaken()
	v.Status.State, v.Status.Problem, v.Status.Sentence, v.Status.Hint = control.Failed, &p, p.Message, p.Hint
	b.see(v, controltest.Since.Add(time.Hour))
	o, _ := b.see(v, controltest.Since.Add(time.Hour+5*time.Second))
	want := News{Title: "Not protected", Body: "Port 53 is taken by dnsmasq (process 812). Stop dnsmasq, or choose another port.", Icon: control.Failed, Urgent: true}
	if o.news == nil || *o.news != want {
		t.Errorf("%+v", o.news)
	}
	o, _ = b.see(View{Link: Connected, Status: protectedView().Status}, controltest.Since.Add(2*time.Hour))
	if o.news != nil {
		t.Error("told at once")
	}
	o, _ = b.see(View{Link: Connected, Status: protectedView().Status}, controltest.Since.Add(3*time.Hour))
	want = News{Title: "Protected again", Body: "Your DNS goes to Cloudflare over TLS 1.3.", Icon: control.Protected}
	if o.news == nil || *o.news != want {
		t.Errorf("%+v", o.news)
	}
	gone := View{Link: Gone, Status: v.Status}
	b.see(gone, controltest.Since.Add(4*time.Hour))
	if o, _ = b.see(gone, controltest.Since.Add(5*time.Hour)); o.news == nil || !strings.HasPrefix(o.news.Body, "The engine has stopped.") || o.news.Icon != control.Failed {
		t.Errorf("%+v", o.news)
	}
}

func TestNextMinute(t *testing.T) {
	v := View{Link: Connected, Now: controltest.Since, Status: control.Status{State: control.Paused, PausedUntil: new(controltest.Since.Add(150 * time.Second))}}
	var looks []time.Duration
	for wait, due := nextMinute(v); due; wait, due = nextMinute(v) {
		if wait <= 0 || len(looks) > 9 {
			t.Fatalf("a busy clock: %v", looks)
		}
		v.Now = v.Now.Add(wait)
		looks = append(looks, v.Now.Sub(controltest.Since))
	}
	if want := []time.Duration{30 * time.Second, 90 * time.Second, 150 * time.Second}; !slices.Equal(looks, want) {
		t.Errorf("looks at %v, want %v", looks, want)
	}
	for about, change := range map[string]func(*View){
		"not paused":                func(v *View) { v.Status.State = control.Protected },
		"until the network changes": func(v *View) { v.Status.PauseEndsWithNetwork = true },
		"no end known":              func(v *View) { v.Status.PausedUntil = nil },
		"over":                      func(v *View) { v.Now = v.Status.PausedUntil.Add(time.Second) },
		"engine gone":               func(v *View) { v.Link = Gone },
	} {
		v := v
		v.Now = controltest.Since
		if _, due := nextMinute(v); !due {
			t.Fatal("nothing is counted down")
		}
		if change(&v); func() bool { _, due := nextMinute(v); return due }() {
			t.Errorf("%s: a clock ticks", about)
		}
	}
}
