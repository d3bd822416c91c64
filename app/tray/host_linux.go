package tray

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	watcherName = "org.kde.StatusNotifierWatcher"
	watcherPath = "/StatusNotifierWatcher"
	busPatience = 2 * time.Second
)

// busAddress is where GLib looks for the session's D-Bus, empty where it would
// start one.
func busAddress() string {
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" && address != "autolaunch:" {
		return address
	}
	path := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus")
	if info, err := os.Stat(path); err != nil || !filepath.IsAbs(path) || info.Mode().Type() != os.ModeSocket {
		return ""
	}
	return "unix:path=" + dbus.EscapeBusAddressValue(path)
}

// sessionBus connects to the session's D-Bus and never starts one.
func sessionBus(ctx context.Context) (*dbus.Conn, error) {
	address := busAddress()
	if address == "" {
		return nil, errors.New("there is no session bus")
	}
	return dbus.Connect(address, dbus.WithContext(ctx))
}

// hasBus tells whether there is a D-Bus of the session.
func hasBus(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, busPatience)
	defer cancel()
	conn, err := sessionBus(ctx)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// hasHost tells whether something on this desktop shows tray icons.
func hasHost(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, busPatience)
	defer cancel()
	conn, err := sessionBus(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	var owned bool
	call := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcherName)
	if call.Store(&owned) != nil || !owned {
		return false
	}
	var value dbus.Variant
	call = conn.Object(watcherName, watcherPath).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0,
		watcherName, "IsStatusNotifierHostRegistered")
	registered := false
	return call.Store(&value) == nil && value.Store(&registered) == nil && registered
}
