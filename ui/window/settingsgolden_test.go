package window

import (
	"context"
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/ui/viewmodel"
)

// TestSettingsAreDrawnAsBefore compares what is drawn of the general section and
// of the bar under it, in each of their states, with testdata.
func TestSettingsAreDrawnAsBefore(t *testing.T) {
	type parts struct {
		*bench
		login *fakeLogin
	}
	for name, to := range map[string]func(parts){
		"at rest": func(parts) {},
		"on": func(p parts) {
			p.login.on = true
			test.Tap(p.w.settings.computer.toggle)
			p.w.lookAtLogin()
			p.until("the networks are shown", func() bool { return p.says(controltest.Networks[0]) })
		},
		"refused": func(p parts) {
			p.login.refuse = errors.New("Start at login could not be turned on: /home/me: permission denied.")
			p.engine.SystemDNSFunc = func(context.Context, string) error {
				return &control.Problem{Code: control.CodeSystemDNS, Message: "The change was refused.", Hint: "Allow it."}
			}
			test.Tap(p.w.settings.computer.toggle)
			test.Tap(p.w.settings.login.toggle)
		},
		"typed":   func(p parts) { p.retype(viewmodel.FieldPort, "5353") },
		"wrong":   func(p parts) { p.retype(viewmodel.FieldPort, "70000") },
		"saved":   func(p parts) { p.retype(viewmodel.FieldPort, "5353"); p.press("Apply") },
		"failure": func(p parts) { p.w.settings.fail("mine.toml: there is no setting in it. Nothing was changed.") },
		"note":    func(p parts) { p.w.settings.say("Exported to “mine.toml”.") },
	} {
		t.Run(name, func(t *testing.T) {
			p := parts{login: &fakeLogin{}}
			p.bench = openGeneral(t, small, controltest.New(), p.login)
			to(p)
			p.win.Canvas().Unfocus()
			s := p.w.settings
			s.scroll.ScrollToOffset(fyne.NewPos(0, s.computer.field.row.Position().Y))
			bar := name != "at rest" && name != "on" && name != "refused"
			if s.bar.panel.Hidden == bar {
				t.Errorf("the bar is hidden: %v", s.bar.panel.Hidden)
			}
			drawn := map[string]fyne.CanvasObject{"computer": s.computer.field.row, "login": s.login.field.row}
			if bar {
				drawn = map[string]fyne.CanvasObject{"bar": s.bar.panel}
			}
			for part, o := range drawn {
				o.Resize(fyne.NewSize(584, o.MinSize().Height))
				test.AssertObjectRendersToMarkup(t, "settings_"+strings.ReplaceAll(name, " ", "_")+"_"+part+".xml", o)
			}
		})
	}
}
