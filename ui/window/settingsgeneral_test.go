package window

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	toml "dotproxy/app/settings"
	"dotproxy/ui/viewmodel"
)

// fakeLogin is a system's start at login.
type fakeLogin struct {
	on     bool
	refuse error
	broken error
}

func (f *fakeLogin) Enabled() (bool, error) { return f.on, f.broken }

func (f *fakeLogin) Turn(on bool) error {
	if f.refuse == nil {
		f.on = on
	}
	return f.refuse
}

// openGeneral shows the settings of a window that has start at login and files.
func openGeneral(t *testing.T, size fyne.Size, engine *controltest.Engine, login *fakeLogin) *bench {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(Theme{})
	b := &bench{T: t, win: test.NewTempWindow(t, nil), engine: engine}
	b.w = New(b.win, Options{
		Engine: direct{engine}, View: ViewSettings, Background: func(f func()) { f() },
		Login: login, Exchange: Exchange{Read: toml.Read, Write: toml.Write},
	})
	b.win.SetPadded(false)
	b.win.Resize(size)
	return b.follow()
}

func TestUseAsThisComputersDNS(t *testing.T) {
	engine := controltest.New()
	b := openGeneral(t, wide, engine, &fakeLogin{})
	row := b.w.settings.computer
	b.mustSay(viewmodel.LabelComputerDNS(), "Off: nothing on this computer is changed")
	test.Tap(row.toggle)
	b.until("the networks are shown", func() bool { return b.says(controltest.Networks[0]) })
	if !slices.Equal(engine.Calls(), []string{"system-dns on"}) || !row.toggle.on || !b.w.settings.bar.panel.Hidden {
		t.Errorf("asked %v, on %v", engine.Calls(), row.toggle.on)
	}
	refused := &control.Problem{Code: control.CodeSystemDNS, Message: "The old DNS could not be put back.", Hint: "Try again."}
	engine.SystemDNSFunc = func(context.Context, string) error { return refused }
	test.Tap(row.toggle)
	b.mustSay("The old DNS could not be put back. Try again.")
	if !row.toggle.on {
		t.Error("the switch stays where it was not turned")
	}
	engine.Change(func(s *control.Status) { s.Demo = true })
	b.until("a demo is shown", func() bool { return !b.says(viewmodel.LabelComputerDNS()) })
}

func TestStartAtLoginIsShownAsItIs(t *testing.T) {
	login := &fakeLogin{on: true}
	b := openGeneral(t, small, controltest.New(), login)
	row := b.w.settings.login
	b.mustSay("The tray starts when you log in")
	test.Tap(row.toggle)
	b.mustSay("The tray does not start when you log in")
	if login.on || row.toggle.on {
		t.Errorf("the system has %v, the switch %v", login.on, row.toggle.on)
	}
	login.refuse = errors.New("The tray’s program is not there.")
	test.Tap(row.toggle)
	b.mustSay("The tray’s program is not there.")
	if row.toggle.on {
		t.Error("the switch is on, the system's is off")
	}
	login.on = true // another program did it
	b.w.lookAtLogin()
	b.mustSay("The tray starts when you log in")
	login.broken = errors.New("The folder cannot be read.")
	b.w.lookAtLogin()
	b.mustSay("The folder cannot be read.")
}

func TestUndoInTheWindow(t *testing.T) {
	engine := controltest.New()
	b := openGeneral(t, small, engine, &fakeLogin{})
	b.retype(viewmodel.FieldPort, "5353")
	b.press("Apply")
	b.mustSay("Saved: 1 change.")
	engine.ApplyFunc = func(context.Context, control.Settings) error {
		return &control.Problem{Code: control.CodePortInUse, Message: "Port 53 is taken.", Hint: "Choose another."}
	}
	b.press("Undo")
	b.mustSay("Port 53 is taken. Choose another.")
	b.w.Tick(b.w.settings.looked)
	engine.ApplyFunc = nil
	b.press("Close")
	b.until("the port is known", func() bool { return b.w.view.Settings.Port == 5353 })
	b.retype(viewmodel.FieldPort, "5354")
	b.press("Apply")
	b.press("Undo")
	b.mustSay("Put back as it was before.")
	if got := engine.Settings().Port; got != 5353 || b.input(viewmodel.FieldPort).(*entry).Text != "5353" || !b.w.settings.bar.undo.Hidden {
		t.Errorf("the engine has port %d, the field %q", got, b.input(viewmodel.FieldPort).(*entry).Text)
	}
}

// file is a reader of that text under that name.
func file(t *testing.T, name, text string) fyne.URIReadCloser {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := storage.Reader(storage.NewFileURI(path))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// choose presses a button of the dialog in front.
func (b *bench) choose(label string) {
	b.Helper()
	top := b.win.Canvas().Overlays().Top()
	if top == nil {
		b.Fatalf("there is no dialog, the window says %q", b.texts())
	}
	var found *answer
	walk(top, func(o fyne.CanvasObject) {
		if one, ok := o.(*answer); ok && one.Text == label {
			found = one
		}
	})
	if found == nil {
		b.Fatalf("the dialog has no %q", label)
	}
	test.Tap(found)
}

func TestImport(t *testing.T) {
	engine := controltest.New()
	b := openGeneral(t, small, engine, &fakeLogin{})
	b.retype(viewmodel.FieldStale, "7")
	b.w.importFrom(file(t, "mine.toml", "port = 5353\nrace = true\n"), nil)
	b.choose("Cancel")
	if len(engine.Calls()) > 0 {
		t.Errorf("without a yes the engine was asked %v", engine.Calls())
	}
	b.w.importFrom(file(t, "mine.toml", "port = 5353\nrace = true\n"), nil)
	b.win.Canvas().Focused().TypedKey(key(fyne.KeyEscape))
	if len(engine.Calls()) > 0 || b.win.Canvas().Overlays().Top() != nil {
		t.Errorf("after Escape the engine was asked %v", engine.Calls())
	}
	b.w.importFrom(file(t, "mine.toml", "port = 5353\nrace = true\n"), nil)
	b.win.Canvas().Focused().TypedKey(key(fyne.KeyReturn))
	want := control.Default()
	want.Port, want.Race = 5353, true
	if got := engine.Settings(); !got.Equal(want) || b.input(viewmodel.FieldStale).(*entry).Text != "7" {
		t.Errorf("the engine has %+v, what is typed became %q", got, b.input(viewmodel.FieldStale).(*entry).Text)
	}
	b.press("Revert")
	b.mustSay("Imported: 2 changes.")
	b.press("Undo")
	if got := engine.Settings(); !got.Equal(control.Default()) {
		t.Errorf("undone, the engine has %+v", got)
	}
}

func TestABadFileChangesNothing(t *testing.T) {
	engine := controltest.New()
	engine.ApplyFunc = func(context.Context, control.Settings) error {
		return control.BadValue("upstreams", "“dns.gogle” is not a known provider.", "Choose another.")
	}
	b := openGeneral(t, small, engine, &fakeLogin{})
	b.w.importFrom(file(t, "mine.toml", "port = 5353\nprot = 1\n"), nil)
	b.mustSay("mine.toml, line 2: unknown key “prot”. Correct the file, or choose another. Nothing was changed.")
	b.w.importFrom(file(t, "mine.toml", "port = 53\n"), nil)
	b.mustSay("“mine.toml” says what is set already. Nothing was changed.")
	b.w.importFrom(nil, errors.New("no such file"))
	b.mustSay("The file cannot be read: “no such file”. Nothing was changed.")
	b.w.importFrom(file(t, "mine.toml", "upstreams = [\"dns.gogle\"]\n"), nil)
	b.choose("Import")
	b.mustSay("“mine.toml” was refused: “dns.gogle” is not a known provider. Choose another. Nothing was changed.")
	if !engine.Settings().Equal(control.Default()) || len(b.w.settings.form.Wrong()) > 0 {
		t.Errorf("the engine has %+v, marked %v", engine.Settings(), b.w.settings.form.Wrong())
	}
	b.press("Close")
	if !b.w.settings.bar.panel.Hidden {
		t.Error("the bar cannot be closed")
	}
}

// target is where an export goes.
type target struct {
	strings.Builder
	uri    fyne.URI
	refuse error
}

func (w *target) URI() fyne.URI { return w.uri }

func (w *target) Close() error { return w.refuse }

var _ io.Writer = (*target)(nil)

func TestExport(t *testing.T) {
	engine := controltest.New()
	b := openGeneral(t, small, engine, &fakeLogin{})
	b.retype(viewmodel.FieldPort, "5353") // is not saved
	to := &target{uri: storage.NewFileURI("/home/me/mine.toml")}
	b.w.exportTo(to, nil)
	got, err := toml.Read("mine.toml", strings.NewReader(to.String()))
	if err != nil || !got.Equal(control.Default()) {
		t.Errorf("%v, %+v", err, got)
	}
	b.press("Revert")
	b.w.exportTo(to, nil)
	b.mustSay("Exported to “mine.toml”.")
	b.w.exportTo(&target{uri: to.uri, refuse: errors.New("no space left on device")}, nil)
	b.mustSay("The settings could not be exported: “no space left on device”.")
	for _, button := range []string{"Import…", "Export…"} {
		b.press(button)
		if top := b.win.Canvas().Overlays().Top(); top == nil {
			t.Errorf("%s shows no dialog", button)
		} else {
			b.win.Canvas().Overlays().Remove(top)
		}
	}
}

// TestNothingIsOfferedThatIsNotThere: a window without start at login and files
// has no row for them.
func TestNothingIsOfferedThatIsNotThere(t *testing.T) {
	b := open(t, ViewSettings, wide, controltest.New(), nil).follow()
	for _, text := range []string{viewmodel.LabelAtLogin(), "Import…"} {
		if b.says(text) {
			t.Errorf("%q is offered", text)
		}
	}
}
