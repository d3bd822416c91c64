package tray

import (
	"bytes"
	"context"
	"html"
	"image"
	"image/draw"
	"image/png"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"

	"dotproxy/app/autostart"
	"dotproxy/app/control"
	"dotproxy/assets"
)

const (
	notifications     = "org.freedesktop.Notifications"
	notificationsPath = "/org/freedesktop/Notifications"
	// newsPatience bounds a call; the service may have to be started first.
	newsPatience = 5 * time.Second
)

// busBoard speaks to the desktop's notification service (Desktop Notifications
// Specification 1.2). It keeps its connection, since a desktop may take a
// notification away with its sender.
type busBoard struct {
	conn *dbus.Conn // nil before the first notification
	id   uint32     // of the one that is shown, 0 for none
}

func newNewsBoard() newsBoard { return &busBoard{} }

// carryOut implements newsBoard.
func (b *busBoard) carryOut(ctx context.Context, o order) error {
	if o.news == nil && b.id == 0 {
		return nil
	}
	if b.conn == nil || !b.conn.Connected() {
		conn, err := sessionBus(ctx)
		if err != nil {
			return err
		}
		b.conn = conn
	}
	ctx, cancel := context.WithTimeout(ctx, newsPatience)
	defer cancel()
	if o.news != nil {
		return b.show(ctx, *o.news)
	}
	id := b.id
	b.id = 0
	return b.call(ctx, "CloseNotification", id).Err
}

// show replaces the notification shown before, so that they do not pile up.
func (b *busBoard) show(ctx context.Context, n News) error {
	body := n.Body
	if b.hasMarkup(ctx) {
		body = html.EscapeString(body)
	}
	urgency := byte(1)
	if n.Urgent {
		urgency = 2
	}
	hints := map[string]dbus.Variant{
		"urgency": dbus.MakeVariant(urgency), "category": dbus.MakeVariant("network"),
		"desktop-entry": dbus.MakeVariant(autostart.ID),
	}
	if p, ok := pictureOf(n.Icon); ok {
		hints["image-data"] = dbus.MakeVariant(p)
	}
	const usual = int32(-1) // how long it stays is the desktop's matter
	return b.call(ctx, "Notify", "DoT Proxy", b.id, autostart.ID, n.Title, body, []string{}, hints, usual).Store(&b.id)
}

// hasMarkup tells whether the service reads a body as markup.
func (b *busBoard) hasMarkup(ctx context.Context) bool {
	var can []string
	return b.call(ctx, "GetCapabilities").Store(&can) == nil && slices.Contains(can, "body-markup")
}

func (b *busBoard) call(ctx context.Context, method string, args ...any) *dbus.Call {
	return b.conn.Object(notifications, notificationsPath).CallWithContext(ctx, notifications+"."+method, 0, args...)
}

// picture is an image as the service takes it: rows of red, green, blue and
// opacity.
type picture struct {
	Width, Height, Stride int32
	Alpha                 bool
	Bits, Channels        int32
	Data                  []byte
}

// pictureOf is the icon of a state.
func pictureOf(s control.State) (picture, bool) {
	icon, err := png.Decode(bytes.NewReader(assets.TrayPNG[string(s)]))
	if err != nil {
		return picture{}, false
	}
	pic := image.NewNRGBA(image.Rectangle{Max: icon.Bounds().Size()})
	draw.Draw(pic, pic.Bounds(), icon, icon.Bounds().Min, draw.Src)
	size := pic.Bounds().Size()
	return picture{
		Width: int32(size.X), Height: int32(size.Y), Stride: int32(pic.Stride), Alpha: true, Bits: 8, Channels: 4, Data: pic.Pix,
	}, true
}
