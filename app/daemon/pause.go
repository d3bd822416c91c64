package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/systemdns"

	"github.com/natefinch/atomic"
)

// pause is one that is on. It is kept in a file beside the settings, so that it
// ends on time whatever happens to the process meanwhile.
type pause struct {
	Until time.Time `json:"until"`
	// Network is the network that it lasts on, empty for any, and MAC its
	// router's link-layer address, empty while it is not known.
	Network string `json:"network"`
	MAC     string `json:"mac,omitempty"`
	// Rule is the network whose rule began it, empty for the user's own.
	Rule string `json:"rule,omitempty"`
}

// over tells whether it has ended. Wall-clock time counts, which goes on while
// the computer sleeps; a clock set back makes no pause longer than the longest.
func (p *pause) over(now time.Time, here systemdns.NetworkID) bool {
	left := p.Until.Sub(now.Round(0))
	return left <= 0 || left > control.MaxPause*time.Second || p.left(here)
}

// left tells whether the computer is on another network than the one it lasts
// on. Many networks have the same addresses: their routers tell them apart.
func (p *pause) left(here systemdns.NetworkID) bool {
	if p.Network == "" || place(here) == "" {
		return false
	}
	return p.Network != place(here) || p.MAC != "" && here.MAC != "" && p.MAC != here.MAC
}

// Pause implements control.Controller.
func (d *Daemon) Pause(ctx context.Context, p control.Pause) error {
	if problem := p.Check(); problem != nil {
		return problem
	}
	if err := d.canSteer(); err != nil {
		return err
	}
	if err := d.takeTurn(ctx); err != nil {
		return err
	}
	defer d.endTurn()
	if problem := d.cannotPause(); problem != nil {
		return problem
	}
	seconds := p.Seconds
	if seconds == 0 {
		seconds = control.MaxPause
	}
	next := &pause{Until: time.Now().Add(time.Duration(seconds) * time.Second).Round(0).UTC()}
	if p.UntilNetworkChange {
		next.Network, next.MAC = d.place()
	}
	if err := d.keepPause(next); err != nil {
		return err
	}
	d.setPause(next)
	if err := d.reconcile(ctx, true); err != nil {
		d.endPause()
		return dnsProblem(err)
	}
	d.setBypass() // for programs that still ask here
	return nil
}

// cannotPause says why there is nothing to pause, nil where there is.
func (d *Daemon) cannotPause() *control.Problem {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped || !d.layers.saved.SystemDNS {
		return &control.Problem{Code: control.CodeNotNow, Message: "This computer’s DNS does not point here, so there is nothing to pause.",
			Hint: "Stop DoT Proxy instead, or point it here with dot-proxy system-dns on."}
	}
	return nil
}

// Resume implements control.Controller.
func (d *Daemon) Resume(ctx context.Context) error {
	if d.steering.dns == nil {
		return nil
	}
	if err := d.takeTurn(ctx); err != nil {
		return err
	}
	defer d.endTurn()
	if d.pausedByRule() {
		d.setAside()
	}
	d.endPause()
	if err := d.reconcile(ctx, true); err != nil {
		return dnsProblem(err)
	}
	return nil
}

// endPause ends the pause that is on, where one is.
func (d *Daemon) endPause() {
	d.mu.Lock()
	on := d.pause != nil
	d.pause = nil
	d.mu.Unlock()
	if on {
		_ = os.Remove(d.pausePath())
		d.setBypass()
		d.log.Info("the pause has ended")
	}
}

// place names a network by what is known of it from the first moment on: the
// router's link-layer address may come later.
func place(id systemdns.NetworkID) string {
	if id == (systemdns.NetworkID{}) {
		return ""
	}
	id.MAC = ""
	return id.String()
}

func (d *Daemon) place() (network, mac string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return place(d.out.network), d.out.network.MAC
}

func (d *Daemon) setPause(p *pause) {
	d.mu.Lock()
	d.pause = p
	d.mu.Unlock()
	d.log.Warn("paused: DNS is not encrypted", "until", p.Until)
}

// checkPause ends a pause whose time is over, or whose network was left.
func (d *Daemon) checkPause() {
	d.mu.Lock()
	here := d.out.network
	over := d.pause != nil && d.pause.over(time.Now(), here)
	if d.pause != nil && d.pause.MAC == "" && d.pause.Network == place(here) {
		learnt := *d.pause
		learnt.MAC = here.MAC
		d.pause = &learnt
	}
	d.mu.Unlock()
	if over {
		d.endPause()
		d.steerSoon()
	}
}

// pauseIn is the time that is left of a pause; due is false where none is on.
func (d *Daemon) pauseIn() (left time.Duration, due bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pause == nil {
		return 0, false
	}
	return max(0, time.Until(d.pause.Until)), true
}

// pausePath is the file that a pause is kept in, empty for none.
func (d *Daemon) pausePath() string {
	if d.opts.SettingsPath == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(d.opts.SettingsPath), "pause.json")
}

// keepPause writes a pause to its file.
func (d *Daemon) keepPause(p *pause) error {
	path := d.pausePath()
	if path == "" {
		return nil
	}
	text, err := json.Marshal(p)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = atomic.WriteFile(path, bytes.NewReader(text))
	}
	if err != nil {
		return &control.Problem{Code: control.CodeSettings, Message: "The pause could not be kept for the next start: " + systemText(err) + ".",
			Hint: "Allow this user to write to " + control.Quote(filepath.Dir(path)) + "."}
	}
	return nil
}

// maxPauseFile bounds what is read of the file, in bytes.
const maxPauseFile = 4 << 10

// loadPause takes up a pause that an earlier process was in. A file that cannot
// be read is no pause: encryption is what to fall back on.
func (d *Daemon) loadPause() {
	path := d.pausePath()
	if path == "" || d.steering.dns == nil {
		return
	}
	f, err := openRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var p pause
	if err == nil {
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(f, maxPauseFile)); err == nil {
			err = json.Unmarshal(text, &p)
		}
		_ = f.Close()
	}
	if err != nil || p.over(time.Now(), d.out.network) || !d.layers.saved.SystemDNS {
		_ = os.Remove(path)
		return
	}
	d.pause = &p
}
