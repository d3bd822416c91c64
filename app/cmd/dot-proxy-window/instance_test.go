package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// socketFolder is short enough for a unix socket's path.
func socketFolder(t *testing.T) string {
	dir, err := os.MkdirTemp("", "dpw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestSecondStartRaisesTheFirst(t *testing.T) {
	dir := socketFolder(t)
	first, ok := takePlace(dir, "")
	if !ok {
		t.Fatal("the first is not the first")
	}
	defer first.close()
	if _, ok := takePlace(dir, "queries"); ok {
		t.Fatal("there are two windows")
	}
	asked := make(chan string, 1)
	first.raise(func(view string) { asked <- view })
	if got := <-asked; got != "queries" {
		t.Errorf("asked for %q before there was a window", got)
	}
	if _, ok := takePlace(dir, "settings"); ok {
		t.Fatal("there are two windows")
	}
	if got := <-asked; got != "settings" {
		t.Errorf("asked for %q", got)
	}
}

func TestPlaceIsFreeAgain(t *testing.T) {
	dir := socketFolder(t)
	for range 2 {
		i, ok := takePlace(dir, "")
		if !ok || i.listen == nil {
			t.Fatalf("first %v, listener %v", ok, i.listen)
		}
		i.close()
	}
	// A window that was killed leaves its socket but not its lock.
	l, err := net.Listen("unix", filepath.Join(dir, "window.sock"))
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close()
	i, ok := takePlace(dir, "")
	if !ok || i.listen == nil {
		t.Errorf("after a killed window: first %v, listener %v", ok, i.listen)
	}
	i.close()
}

func TestStrangersAtTheSocket(t *testing.T) {
	dir := socketFolder(t)
	i, _ := takePlace(dir, "")
	defer i.close()
	i.raise(func(view string) { t.Errorf("raised with %q", view) })
	for _, text := range []string{"hide me\n", string(make([]byte, 2*maxRequest)), ""} {
		conn, err := net.Dial("unix", filepath.Join(dir, "window.sock"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(text))
		_ = conn.(*net.UnixConn).CloseWrite()
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := conn.Read(make([]byte, 8)); n != 0 || err == nil {
			t.Errorf("%.10q is answered", text)
		}
		_ = conn.Close()
	}
}

func TestFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	i, ok := takePlace(filepath.Join(file, "folder"), "")
	if !ok {
		t.Error("without a folder there is no window")
	}
	i.close()
}
