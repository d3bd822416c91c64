package tray

import (
	"context"
	"os"
	"time"

	"github.com/getlantern/systray"

	"dotproxy/app/control"
)

// ready fills the menu and then follows the keeper. It wakes by itself only
// while a pause is counted down or something may be worth a notification soon.
func (p *program) ready() {
	do := p.clicks()
	b := newBar(func(id ID, provider int) {
		if m := p.shown.Load(); m != nil {
			go do.do(*m, id, provider)
		}
	})
	var news bulletin
	tell := p.newsroom()
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for {
		v := p.view()
		m := Build(v)
		p.shown.Store(&m)
		b.write(m)
		systray.SetTooltip("DoT Proxy: " + m.Items[Line1].Title)
		o, again := news.see(v, v.Now)
		tell(o)
		if wait, due := nextMinute(v); due && (again == 0 || wait < again) {
			again = wait
		}
		alarm.Stop()
		if again > 0 {
			alarm.Reset(again)
		}
		select {
		case <-p.keeper.Changed():
		case <-alarm.C:
		}
	}
}

// view is what the keeper knows, with what is a matter of this session.
func (p *program) view() View {
	v := p.keeper.View()
	v.Now = time.Now()
	if err := p.recent.note(v); err != nil {
		p.keeper.Log.Warn("The upstream will not be remembered.", "error", err)
	}
	v.Custom = p.recent.list
	if on, err := p.login.Enabled(); err == nil {
		v.AtLogin = &on
	}
	return v
}

func (p *program) clicks() click {
	k, ctx := p.keeper, context.Background()
	return click{
		start:   func() { k.StartEngine(ctx) },
		stop:    func() { k.StopEngine(ctx) },
		pause:   func(t control.Pause) { k.Pause(ctx, t) },
		resume:  func() { k.Resume(ctx) },
		signIn:  p.signIn,
		useHere: func(on bool) { k.UseHere(ctx, on) },
		use:     func(upstream string) { k.Use(ctx, upstream) },
		atLogin: p.setAtLogin,
		window:  p.window,
		close:   systray.Quit,
		quit: func() {
			if k.QuitEngine(ctx) {
				systray.Quit()
			}
		},
	}
}

// signIn begins a sign-in and opens its page.
func (p *program) signIn() {
	page, begun := p.keeper.SignIn(context.Background())
	if !begun {
		return
	}
	if err := openPage((&control.Portal{URL: page}).Page().String()); err != nil {
		p.keeper.refuse(err)
	}
}

// setAtLogin has the next login start this program, or not.
func (p *program) setAtLogin(on bool) {
	change := p.login.Off
	if on {
		change = func() error {
			program, err := os.Executable()
			if err != nil {
				return err
			}
			return p.login.On(program)
		}
	}
	if err := change(); err != nil {
		p.keeper.refuse(err)
		return
	}
	notify(p.keeper.changed)
}

// newsroom returns what carries out orders. It never waits: what is not carried
// out yet gives way to what is newer.
func (p *program) newsroom() func(order) {
	board := newNewsBoard()
	if board == nil {
		return func(order) {}
	}
	pending := make(chan order, 1)
	go func() {
		for o := range pending {
			if err := board.carryOut(p.ctx, o); err != nil {
				p.keeper.Log.Warn("The desktop shows no notification.", "error", err)
			}
		}
	}()
	return func(o order) {
		if o.news == nil && !o.clear {
			return
		}
		select {
		case <-pending:
		default:
		}
		pending <- o
	}
}

// newsBoard is where the desktop shows notifications. One goroutine uses it.
type newsBoard interface {
	carryOut(ctx context.Context, o order) error
}
