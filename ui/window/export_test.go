package window

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/ui/viewmodel"
)

// dialogSays are the texts of what lies over the window.
func (b *bench) dialogSays() string {
	b.Helper()
	top := b.win.Canvas().Overlays().Top()
	if top == nil {
		b.Fatal("no dialog is open")
	}
	return strings.Join(textsOf(top), " ")
}

func TestExportAsksFirst(t *testing.T) {
	b := log(t, wide, "one.example.", "two.example.")
	test.Type(b.w.queries.search, "one")
	b.shortcut(fyne.KeyE)
	if got := b.dialogSays(); !strings.Contains(got, "Export 1 query") || !strings.Contains(got, "Names, answers and addresses of clients") {
		t.Errorf("the dialog says %q", got)
	}
	b.shortcut(fyne.Key1)
	if b.w.View() != ViewQueries {
		t.Error("a shortcut acts behind a dialog")
	}
	b.win.Canvas().Focused().TypedKey(key(fyne.KeyEscape))
	if b.win.Canvas().Overlays().Top() != nil {
		t.Fatal("Escape does not close the dialog")
	}
	b.shortcut(fyne.KeyE)
	b.win.Canvas().Focused().TypedKey(key(fyne.KeyReturn))
	if got := b.dialogSays(); !strings.Contains(got, "Save") {
		t.Errorf("Enter leads to %q", got)
	}
}

func TestExportOfNothing(t *testing.T) {
	b := log(t, wide)
	b.shortcut(fyne.KeyE)
	if b.win.Canvas().Overlays().Top() != nil || !b.w.queries.export.Disabled() {
		t.Error("nothing is offered for export")
	}
}

func TestExportWritesTheFile(t *testing.T) {
	b := log(t, wide, "one.example.")
	list := viewmodel.Exported(b.w.queries.list.Snapshot().Rows)
	path := filepath.Join(t.TempDir(), "queries.json")
	file, err := storage.Writer(storage.NewFileURI(path))
	if err != nil {
		t.Fatal(err)
	}
	b.w.exportQueries(file, nil, viewmodel.JSON, list)
	text, err := os.ReadFile(path)
	var got []control.Query
	if err != nil || json.Unmarshal(text, &got) != nil || len(got) != 1 || got[0].Name != "one.example." {
		t.Errorf("%v: %s", err, text)
	}
	if b.win.Canvas().Overlays().Top() != nil {
		t.Errorf("the window says %q", b.dialogSays())
	}
}

// noSpace is a file on a full disk.
type noSpace struct{ io.WriteCloser }

func (noSpace) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }
func (noSpace) Close() error              { return nil }
func (noSpace) URI() fyne.URI             { return storage.NewFileURI("/full/queries.csv") }

func TestExportThatFailsIsSaid(t *testing.T) {
	b := log(t, wide, "one.example.")
	b.w.exportQueries(noSpace{}, nil, viewmodel.CSV, viewmodel.Exported(b.w.queries.list.Snapshot().Rows))
	if got := b.dialogSays(); !strings.Contains(got, "could not be exported") || !strings.Contains(got, "no space left on device") {
		t.Errorf("the dialog says %q", got)
	}
	b.win.Canvas().Focused().TypedKey(key(fyne.KeyReturn))
	b.w.exportQueries(nil, errors.New("permission denied"), viewmodel.CSV, nil)
	if got := b.dialogSays(); !strings.Contains(got, "permission denied") {
		t.Errorf("the dialog says %q", got)
	}
}

func TestQueryOfTheWindowsOwn(t *testing.T) {
	engine, fault := controltest.New(), error(nil)
	b := openWith(t, wide, engine, Options{View: ViewQueries, Ask: func(_ context.Context, at netip.AddrPort) error {
		if at.String() != "127.0.0.1:53" {
			t.Errorf("%v is asked", at)
		}
		if fault == nil {
			engine.Answer(controltest.NewQuery("example.com."))
		}
		return fault
	}}).follow()
	b.mustSay("No queries yet", "dig @127.0.0.1 example.com")
	fault = errors.New("i/o timeout")
	b.press("Ask for example.com")
	if got := b.dialogSays(); !strings.Contains(got, "i/o timeout") {
		t.Errorf("the dialog says %q", got)
	}
	b.win.Canvas().Focused().TypedKey(key(fyne.KeyEscape))
	fault = nil
	b.press("Ask for example.com")
	b.until("the query", func() bool { return b.says("NOERROR") })
}

func TestQueryIsCopied(t *testing.T) {
	b := log(t, wide, "one.example.")
	b.w.queries.log.TypedKey(key(fyne.KeyHome))
	var icons []*button
	walk(b.w.queries.detail, func(o fyne.CanvasObject) {
		if one, ok := o.(*button); ok {
			icons = append(icons, one)
		}
	})
	test.Tap(icons[0])
	got := fyne.CurrentApp().Clipboard().Content()
	for _, part := range []string{"one.example  A  asked upstream\n", "Cache: Not in cache\n", "Connection: 1.1.1.1:853, TLS 1.3, X25519MLKEM768, AES-128-GCM\n", "93.184.215.14\n", "DNSSEC: validated by the provider\n"} {
		if !strings.Contains(got, part) {
			t.Errorf("the clipboard lacks %q: %q", part, got)
		}
	}
}

// TestFilterIsRemembered: what was chosen comes back, what was searched for is
// not even told.
func TestFilterIsRemembered(t *testing.T) {
	b := openWith(t, wide, controltest.New(), Options{View: ViewQueries, Kind: viewmodel.KindNamed("Cached")})
	if b.w.Kind() != viewmodel.Cached || !b.w.queries.kinds.chips[viewmodel.Cached].selected {
		t.Errorf("the filter is %v", b.w.Kind())
	}
	test.Tap(b.w.queries.kinds.chips[viewmodel.Slow])
	if b.w.Kind() != viewmodel.Slow {
		t.Errorf("the filter is %v", b.w.Kind())
	}
	if got := viewmodel.KindNamed("of another version"); got != viewmodel.All {
		t.Errorf("an unknown filter is %v", got)
	}
}
