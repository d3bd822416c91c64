package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/app/words"
	"dotproxy/ui/window"
)

// picture is one state of one view.
type picture struct {
	name, view string
	// engine brings a fresh one into the state.
	engine func(*controltest.Engine)
	// keys are pressed, or clicked at places as "x,y", from the right edge where x
	// is negative, or "4x" turns the wheel by four, before the picture is taken.
	keys []string
}

// pictures are every view and every state, in the order in which they are taken;
// what one leaves open Escape closes, after it or as the first key of the next.
var pictures = []picture{
	{name: "home-stopped", view: window.ViewHome, engine: func(e *controltest.Engine) { e.SetState(control.Stopped) }},
	{name: "home-starting", view: window.ViewHome, engine: func(e *controltest.Engine) { e.SetState(control.Starting) }},
	{name: "home-protected", view: window.ViewHome, engine: inUse},
	{name: "home-pause-menu", view: window.ViewHome, engine: inUse, keys: []string{"ctrl+p"}},
	{name: "home-degraded", view: window.ViewHome, engine: func(e *controltest.Engine) { inUse(e); e.SetState(control.Degraded) }},
	{name: "home-sign-in", view: window.ViewHome, engine: func(e *controltest.Engine) { inUse(e); e.WantSignIn("") }},
	{name: "home-failed", view: window.ViewHome, engine: func(e *controltest.Engine) { e.Fail(controltest.PortTaken()) }},
	{name: "home-paused", view: window.ViewHome, engine: func(e *controltest.Engine) {
		inUse(e)
		_ = e.Pause(context.Background(), control.Pause{Seconds: 300})
		e.Change(func(s *control.Status) {
			until := time.Now().Add(252 * time.Second)
			s.Since, s.PausedUntil = time.Now().Add(-48*time.Second), &until
		})
	}},
	{name: "home-not-in-use", view: window.ViewHome, engine: func(e *controltest.Engine) {
		e.Change(func(s *control.Status) { s.Variant, s.SystemDNS = control.VariantNotInUse, false })
	}},
	{name: "home-leak", view: window.ViewHome, engine: func(e *controltest.Engine) {
		inUse(e)
		e.Change(func(s *control.Status) {
			s.Problem = &control.Problem{Code: control.CodeLeak, Message: "Wi-Fi still asks 192.168.1.1, not encrypted.", Hint: "Use DoT Proxy on Wi-Fi too.", Entry: "Wi-Fi"}
		})
	}},
	{name: "queries-empty", view: window.ViewQueries},
	{name: "queries", view: window.ViewQueries, engine: answers},
	{name: "queries-details", view: window.ViewQueries, engine: answers, keys: []string{"300,302"}},
	{name: "queries-no-match", view: window.ViewQueries, engine: answers, keys: []string{"Escape", "ctrl+f", "g", "o", "g", "l", "e"}},
	{name: "queries-export", view: window.ViewQueries, engine: answers, keys: []string{"Escape", "Escape", "ctrl+e"}},
	{name: "providers", view: window.ViewProviders, keys: []string{"Escape"}},
	{name: "providers-tested", view: window.ViewProviders, keys: []string{"ctrl+r"}},
	{name: "providers-add", view: window.ViewProviders, keys: []string{"-66,36"}},
	{name: "check", view: window.ViewCheck},
	{name: "check-fine", view: window.ViewCheck, engine: func(e *controltest.Engine) {
		rows := e.Check(context.Background())
		e.CheckFunc = func() []control.CheckRow { return rows[:1] }
	}},
	{name: "settings", view: window.ViewSettings},
	{name: "settings-networks", view: window.ViewSettings, engine: ruled, keys: []string{"13x"}},
	{name: "settings-end", view: window.ViewSettings, keys: []string{"99x"}},
	{name: "settings-refused", view: window.ViewSettings, keys: []string{"-99x", "-85,107", "ctrl+a", "7", "0", "0", "0", "0"}},
}

func inUse(e *controltest.Engine) {
	_ = e.SystemDNS(context.Background(), control.SystemDNSOn)
	e.Change(func(s *control.Status) { s.Networks = []string{"Wi-Fi", "Ethernet"} })
}

// ruled has rules for two networks.
func ruled(e *controltest.Engine) {
	settings := e.Settings()
	settings.Networks = []control.NetworkRule{
		{Name: "Home", Gateway: "00:00:5e:00:53:02", Upstreams: []string{"quad9"}},
		{Name: "Café", Gateway: "00:00:5e:00:53:03", Pause: true, Confirmed: true},
	}
	_ = e.Apply(context.Background(), settings)
}

// answers are one query of each kind.
func answers(e *controltest.Engine) {
	at := time.Now()
	for i, q := range []control.Query{
		{Name: "www.example.com.", Type: "A", RCode: "NOERROR", Source: control.SourceUpstream, Upstream: "1.1.1.1:853", MS: 11.4, Answers: []string{"www.example.com. A 93.184.215.14"}, TTL: 287,
			Connection: &control.Connection{TLS: "TLS 1.3", KeyExchange: "X25519MLKEM768", Cipher: "TLS_AES_128_GCM_SHA256", Resumed: true}},
		{Name: "example.org.", Type: "AAAA", RCode: "NOERROR", Source: control.SourceCache, MS: 0.04},
		{Name: "nothing.example.", Type: "A", RCode: "NXDOMAIN", Source: control.SourceUpstream, Upstream: "1.1.1.1:853", MS: 24},
		{Name: "slow.example.net.", Type: "HTTPS", RCode: "SERVFAIL", Source: control.SourceUpstream, Upstream: "1.1.1.1:853", MS: 1840, EDE: "22 (No Reachable Authority)"},
		{Name: "news.example.net.", Type: "A", RCode: "NOERROR", Source: control.SourceStale, MS: 0.1},
		{Name: "nas.home.arpa.", Type: "A", RCode: "NOERROR", Source: control.SourceOverride, MS: 0.03},
		{Name: "router.home.arpa.", Type: "A", RCode: "NOERROR", Source: control.SourceRoute, Upstream: "192.168.1.1:53", MS: 2},
	} {
		q.Time, q.Client, q.Transport, q.Encrypted = at.Add(time.Duration(i)*time.Second), "127.0.0.1", "udp", q.Source != control.SourceRoute
		e.Answer(q)
	}
}

// TestPictures takes a picture of every view and state: in English light and
// dark, small and large, in each other language once. packaging/screenshots.sh
// runs it with DOTPROXY_PICTURES=FOLDER; somebody looks at them.
func TestPictures(t *testing.T) {
	folder := os.Getenv("DOTPROXY_PICTURES")
	if folder == "" {
		t.Skip("pictures are taken where DOTPROXY_PICTURES names a folder")
	}
	only := strings.Fields(os.Getenv("DOTPROXY_PICTURES_ONLY"))
	for _, language := range words.Languages() {
		for _, theme := range []string{"light", "dark"} {
			for _, size := range [][2]int{{720, 480}, {1100, 720}} {
				if language != "en" && (theme != "light" || size[0] != 720) {
					continue
				}
				name := fmt.Sprintf("%s-%s-%dx%d", language, theme, size[0], size[1])
				if len(only) > 0 && !slices.ContainsFunc(only, func(o string) bool { return strings.HasPrefix(name, o) }) {
					continue
				}
				t.Run(name, func(t *testing.T) { takePictures(t, folder, language, theme, size) })
			}
		}
	}
}

// takePictures takes all of one language, theme and size.
func takePictures(t *testing.T, folder, language, theme string, size [2]int) {
	d := newDesk(t, true)
	d.env = append(d.env, "LC_ALL=", "LANG="+language+".UTF-8", "LANGUAGE="+strings.ReplaceAll(language, "-Hans", "_CN"), "FYNE_THEME="+theme)
	take := func(name string, w *running) {
		path := filepath.Join(folder, fmt.Sprintf("%s-%s-%s-%dx%d.png", name, language, theme, size[0], size[1]))
		if err := os.WriteFile(path, w.settled(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sized := fmt.Sprintf(`"window.width": %d, "window.height": %d}`, size[0], size[1])
	d.keep("{" + sized)
	first, _ := controltest.Serve(t, controltest.New())
	w := d.window("--control", first)
	take("welcome", w)
	w.end()

	d.keep(`{"window.welcomed": true, ` + sized)
	engine := controltest.New()
	path, stop := controltest.Serve(t, engine)
	w = d.window("--control", path)
	for _, p := range pictures {
		stop()
		engine = controltest.New()
		if p.engine != nil {
			p.engine(engine)
		}
		stop = controltest.ServeAt(t, engine, path)
		d.until("the window follows the engine", func() bool { return engine.Watched() })
		w.turnTo(p.view)
		if len(p.keys) > 0 {
			w.settled() // else they meet the state before
		}
		for _, key := range p.keys {
			w.does(key, size[0])
		}
		take(p.name, w)
		w.do("key", "Escape")
	}
	stop()
	w.turnTo(window.ViewHome)
	take("home-gone", w)
}

// does presses a key of a picture, clicks or scrolls, in a window that wide.
func (r *running) does(key string, width int) {
	r.Helper()
	x, y, place := strings.Cut(key, ",")
	turns, wheel := strings.CutSuffix(key, "x")
	switch {
	case wheel:
		up, turns, button := strings.HasPrefix(turns, "-"), strings.TrimPrefix(turns, "-"), "5"
		if up {
			button = "4"
		}
		r.do("mousemove", "--window", r.id, "200", "300", "click", "--repeat", turns, "--delay", "5", button)
	case place:
		if n, err := strconv.Atoi(x); err == nil && n < 0 {
			x = strconv.Itoa(width + n)
		}
		r.do("mousemove", "--window", r.id, x, y, "click", "1")
	default:
		r.do("key", key)
	}
}

// turnTo shows a view by a second start.
func (r *running) turnTo(view string) {
	r.Helper()
	second := exec.Command(filepath.Join(r.bin, "dot-proxy-window"), "--view", view)
	second.Env = r.env
	if out, err := second.CombinedOutput(); err != nil {
		r.Fatalf("%v: %s", err, out)
	}
}

// settled is a picture of the window that did not change any more; one that
// counts seconds is taken after three of them.
func (r *running) settled() (last []byte) {
	r.Helper()
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		cmd := exec.Command("import", "-window", r.id, "-define", "png:exclude-chunks=date,time", "png:-")
		cmd.Env = r.env
		now, err := cmd.Output()
		if err != nil {
			r.Fatalf("import: %v", err)
		}
		if bytes.Equal(now, last) {
			break
		}
		last = now
	}
	return last
}
