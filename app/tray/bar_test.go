package tray

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/assets"
)

// recorded is an entry that remembers how it looks and what was done to it. As
// in the systray library every change shows it.
type recorded struct {
	Item
	calls []string
}

func (r *recorded) did(call string) {
	r.calls = append(r.calls, call)
	r.Visible = call != "hide"
}

func (r *recorded) SetTitle(t string) { r.Title = t; r.did("title") }
func (r *recorded) Enable()           { r.Enabled = true; r.did("enable") }
func (r *recorded) Disable()          { r.Enabled = false; r.did("disable") }
func (r *recorded) Check()            { r.Checked = true; r.did("check") }
func (r *recorded) Uncheck()          { r.Checked = false; r.did("uncheck") }
func (r *recorded) Hide()             { r.did("hide") }
func (r *recorded) Show()             { r.did("show") }

// newRecordedBar is a bar without a panel; its entries are what entry returns.
func newRecordedBar() (b *bar, entry func(ID) *recorded, providers []*recorded, icons *[]control.State) {
	icons = new([]control.State)
	b = &bar{slots: map[ID]*slot{}, setIcon: func(s control.State) { *icons = append(*icons, s) }}
	for _, id := range slices.Concat(Layout, Below[Pause], Below[Providers]) {
		if id != separator {
			b.slots[id] = &slot{entry: &recorded{}}
		}
	}
	for range MaxProviders {
		r := &recorded{}
		providers = append(providers, r)
		b.providers = append(b.providers, &slot{entry: r})
	}
	return b, func(id ID) *recorded { return b.slots[id].entry.(*recorded) }, providers, icons
}

func protectedView() View {
	return View{Link: Connected, Status: controltest.New().Status(), Providers: controltest.Providers()}
}

func TestBarLooksLikeItsMenu(t *testing.T) {
	b, entry, providers, icons := newRecordedBar()
	views := []View{{}, protectedView(), {Link: Gone, System: true}, protectedView()}
	views[1].Status.State = control.Stopped
	views[3].Status.SystemDNS = true
	views[3].Status.Provider = "quad9"
	for i, v := range views {
		m := Build(v)
		b.write(m)
		for id, want := range m.Items {
			if got := entry(id).Item; got != want && (got.Visible || want.Visible) {
				t.Errorf("view %d: %s is %+v, want %+v", i, id, got, want)
			}
		}
		for j, r := range providers {
			want := ProviderItem{}
			if j < len(m.Providers) {
				want = m.Providers[j]
			}
			if r.Visible != want.Visible || r.Visible && r.Item != want.Item {
				t.Errorf("view %d: provider %d is %+v, want %+v", i, j, r.Item, want.Item)
			}
		}
	}
	if got, want := *icons, []control.State{control.Starting, control.Stopped, control.Failed, control.Protected}; !slices.Equal(got, want) {
		t.Errorf("icons %v, want %v", got, want)
	}
}

func TestBarLeavesAloneWhatDidNotChange(t *testing.T) {
	b, entry, _, icons := newRecordedBar()
	b.write(Build(protectedView()))
	before := len(entry(Stop).calls)
	b.write(Build(protectedView()))
	if n := len(entry(Stop).calls); n != before || len(*icons) != 1 {
		t.Errorf("%d more calls, %d icons", n-before, len(*icons))
	}
	if calls := entry(Start).calls; len(calls) != 0 {
		t.Errorf("a hidden entry was written: %v", calls)
	}
}

// GTK turns a tick over by itself when its entry is clicked.
func TestBarPutsATickBack(t *testing.T) {
	b, entry, providers, _ := newRecordedBar()
	v := protectedView()
	v.AtLogin = new(true)
	b.write(Build(v))
	providers[0].Checked, providers[1].Checked = false, true
	entry(UseHere).Checked, entry(AtLogin).Checked = true, false
	b.write(Build(v))
	if !providers[0].Checked || providers[1].Checked || entry(UseHere).Checked || !entry(AtLogin).Checked {
		t.Error("the ticks stand where the clicks left them")
	}
}

func TestEveryIconExists(t *testing.T) {
	for _, s := range []control.State{control.Stopped, control.Starting, control.Protected, control.Degraded, control.Paused, control.SignIn, control.Failed} {
		for name, icons := range map[string]map[string][]byte{"png": assets.TrayPNG, "ico": assets.TrayICO, "template": assets.TrayTemplate} {
			if len(icons[string(s)]) == 0 {
				t.Errorf("no %s for %s", name, s)
			}
		}
	}
}

func TestClickTable(t *testing.T) {
	v := protectedView()
	v.AtLogin = new(true)
	m := Build(v)
	for id, want := range map[ID]string{
		Start: "start", TryAgain: "start", Stop: "stop", Cancel: "stop", Close: "close", Quit: "quit",
		Pause5: "pause 300 false", Pause15: "pause 900 false", Pause60: "pause 3600 false", PauseNetwork: "pause 0 true",
		Resume: "resume", SignIn: "sign in", TurnOn: "use here true", UseHere: "use here true", AtLogin: "at login false",
		Open: "window ", Fix: "window --view home", Recent: "window --view queries", Check: "window --view check",
		Add: "window --view providers", More: "window --view providers",
		Line1: "", Line2: "", Pause: "", PauseHint: "",
	} {
		if got := clickOn(m, id, -1); got != want {
			t.Errorf("%s does %q, want %q", id, got, want)
		}
	}
	for id := range m.Items {
		if id != Providers && m.Items[id].Enabled && id != Pause && clickOn(m, id, -1) == "" {
			t.Errorf("%s does nothing", id)
		}
	}
	for i, want := range []string{"use cloudflare", "use quad9", "use google"} {
		if got := clickOn(m, Providers, i); got != want {
			t.Errorf("provider %d does %q, want %q", i, got, want)
		}
	}
	for _, i := range []int{-1, len(m.Providers), MaxProviders} {
		if got := clickOn(m, Providers, i); got != "" {
			t.Errorf("provider %d does %q", i, got)
		}
	}
	v.AtLogin, v.Settings = new(false), &control.Settings{SystemDNS: true}
	m = Build(v)
	for id, want := range map[ID]string{UseHere: "use here false", AtLogin: "at login true"} {
		if got := clickOn(m, id, -1); got != want {
			t.Errorf("the other way round %s does %q, want %q", id, got, want)
		}
	}
}

// clickOn tells in words what a click does.
func clickOn(m Menu, id ID, provider int) (did string) {
	say := func(format string, args ...any) { did += fmt.Sprintf(format, args...) }
	click{
		start:   func() { say("start") },
		stop:    func() { say("stop") },
		pause:   func(p control.Pause) { say("pause %d %v", p.Seconds, p.UntilNetworkChange) },
		resume:  func() { say("resume") },
		signIn:  func() { say("sign in") },
		useHere: func(on bool) { say("use here %v", on) },
		use:     func(upstream string) { say("use %s", upstream) },
		atLogin: func(on bool) { say("at login %v", on) },
		window:  func(args ...string) { say("window %s", strings.Join(args, " ")) },
		close:   func() { say("close") },
		quit:    func() { say("quit") },
	}.do(m, id, provider)
	return did
}
