package tray

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestOneTrayAUser(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "not", "there", "yet")
	first, mine, err := takeLock(folder)
	if err != nil || !mine {
		t.Fatalf("the first tray: %v, %v", mine, err)
	}
	if info, err := os.Stat(folder); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info, err)
	}
	other, mine, err := takeLock(folder)
	if err != nil || mine {
		t.Errorf("the second tray: %v, %v", mine, err)
	}
	_ = other.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	next, mine, err := takeLock(folder)
	if err != nil || !mine {
		t.Errorf("the next tray: %v, %v", mine, err)
	}
	_ = next.Close()
}

func TestLockThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, mine, err := takeLock(file); err == nil || mine {
		t.Errorf("%v, %v", mine, err)
	}
}
