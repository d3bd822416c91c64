package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"dotproxy/app/control"
	"dotproxy/resolver/resolvertest"
)

const (
	notifications     = "org.freedesktop.Notifications"
	notificationsPath = "/org/freedesktop/Notifications"
	// boardID is the one notification that is shown at a time.
	boardID = 7
)

// note is one notification that a program asked for.
type note struct {
	replaces    uint32
	title, body string
	urgent      bool
	picture     bool
}

// board is the desktop's notification service.
type board struct {
	d      *desk
	notes  chan note
	closed chan uint32
}

// startBoard starts to take notifications.
func (d *desk) startBoard() *board {
	d.t.Helper()
	b := &board{d: d, notes: make(chan note, 100), closed: make(chan uint32, 100)}
	if err := d.bus.Export(b, notificationsPath, notifications); err != nil {
		d.t.Fatal(err)
	}
	if reply, err := d.bus.RequestName(notifications, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		d.t.Fatalf("the name of the notification service: %v, %v", reply, err)
	}
	return b
}

// GetCapabilities is called by a program before it sends markup.
func (b *board) GetCapabilities() ([]string, *dbus.Error) {
	return []string{"body", "body-markup"}, nil
}

// CloseNotification is called where one is no longer true.
func (b *board) CloseNotification(id uint32) *dbus.Error {
	b.closed <- id
	return nil
}

// Notify is called for each notification.
func (b *board) Notify(_ string, replaces uint32, _, title, body string, _ []string, hints map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	urgency, _ := hints["urgency"].Value().(byte)
	_, picture := hints["image-data"]
	b.notes <- note{replaces: replaces, title: title, body: body, urgent: urgency == 2, picture: picture}
	return boardID, nil
}

// next waits for the next notification and wants its title and urgency; body
// is a part of it.
func (b *board) next(title, body string, urgent bool) note {
	b.d.t.Helper()
	select {
	case n := <-b.notes:
		if n.title != title || !strings.Contains(n.body, body) || n.urgent != urgent || !n.picture {
			b.d.t.Errorf("got %+v, want %q, %q, urgent %v, with a picture", n, title, body, urgent)
		}
		return n
	case <-time.After(patience):
		b.d.t.Fatalf("waited in vain for the notification %q", title)
		return note{}
	}
}

// none wants no notification so far.
func (b *board) none() {
	b.d.t.Helper()
	select {
	case n := <-b.notes:
		b.d.t.Errorf("needless: %+v", n)
	default:
	}
}

// TestFailingProvider: the backup takes over, which is told once and taken
// back when it is over; DNS answers throughout.
func TestFailingProvider(t *testing.T) {
	d := newDesk(t, true)
	p, b := d.startPanel(), d.startBoard()
	d.startTray(append(d.engineFlags(), "-d", "quad9")...)
	d.engine("up", up)
	d.answeredBy(d.custom, "first")
	p.awaitMenu("(Protected by dot.test)")
	icon := p.property("IconName")
	d.settled()
	b.none()

	asker := d.ask()
	d.custom.SetFaults(resolvertest.Faults{ResetOnAccept: true})
	d.custom.ResetConns()
	d.answeredBy(d.quad9, "failing")
	p.awaitMenu("(On backup: Quad9)|(dot.test does not answer: it closes the connection)|-|Stop|")
	d.await("another icon", func() bool { return p.property("IconName") != icon })
	first := b.next("On backup", "Quad9", false)
	if first.replaces != 0 {
		t.Errorf("the first notification replaces %d", first.replaces)
	}
	asker.more(20)

	d.custom.SetFaults(resolvertest.Faults{})
	d.answeredBy(d.custom, "back")
	p.awaitMenu("(Protected by dot.test)")
	select {
	case id := <-b.closed:
		if id != boardID {
			t.Errorf("notification %d was taken back, want %d", id, boardID)
		}
	case <-time.After(patience):
		t.Fatal("the notification was not taken back")
	}
	asker.none()
	b.none() // told once; where DNS answered throughout, the end is no news
}

// settled waits until a protection that the menu shows is old enough to count
// for a notification: the tray asks for nothing while that passes, so only the
// clock can tell.
func (d *desk) settled() {
	shown := time.Now()
	d.await("a protection that counts", func() bool { return time.Since(shown) > settling })
}

// settling is longer than the tray's own two seconds.
const settling = 3 * time.Second

// TestNewsOfALostEngine: an engine that cannot be started again is told, and
// its return.
func TestNewsOfALostEngine(t *testing.T) {
	d := newDesk(t, true)
	p, b := d.startPanel(), d.startBoard()
	d.startTray(d.engineFlags()...)
	first := d.engine("up", up)
	d.answeredBy(d.custom, "first")
	p.awaitMenu("(Protected by dot.test)")
	d.settled()

	engine := filepath.Join(programs, "dot-proxy")
	away := engine + ".away"
	if err := os.Rename(engine, away); err != nil {
		t.Fatal(err)
	}
	putBack := func() { _ = os.Rename(away, engine) }
	defer putBack()
	_ = syscall.Kill(first.PID, syscall.SIGKILL)
	p.awaitMenu("(Not protected)|(")
	lost := b.next("Not protected", "The engine has stopped. Start in the menu", true)

	putBack()
	p.click("Start")
	d.engine("new", func(s control.Status) bool { return up(s) && s.PID != first.PID })
	d.answeredBy(d.custom, "again")
	p.awaitMenu("(Protected by dot.test)")
	if again := b.next("Protected again", "Your DNS goes to dot.test", false); lost.replaces != 0 || again.replaces != boardID {
		t.Errorf("%d and %d were replaced", lost.replaces, again.replaces)
	}
	b.none()
}
