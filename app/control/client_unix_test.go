//go:build !windows

package control_test

import (
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

// TestClientTriesTheUsersSocketFirst: the engine that is there now is used,
// also when another one answered before.
func TestClientTriesTheUsersSocketFirst(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortDir(t))
	control.SetSystemFolder(t, shortDir(t))
	stop := controltest.ServeAt(t, controltest.New(), control.UserPath())
	client := control.NewClient("")
	if _, err := client.Status(t.Context()); err != nil || client.System() {
		t.Fatalf("system %v, %v", client.System(), err)
	}
	stop()
	if _, err := client.Status(t.Context()); err == nil {
		t.Fatal("an engine that is gone answered")
	}
	controltest.ServeAt(t, controltest.New(), control.UserPath())
	if _, err := client.Status(t.Context()); err != nil {
		t.Errorf("after its return: %v", err)
	}
}
