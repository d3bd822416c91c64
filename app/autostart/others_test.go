package autostart

import (
	"encoding/xml"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func newAgent(t *testing.T) (launchAgent, func(string)) {
	home := t.TempDir()
	l := launchAgent{environment{home: home, runnable: func(p string) bool { return !strings.Contains(p, "gone") }}}
	return l, func(text string) {
		t.Helper()
		if err := write(l.file(), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

func wantEntry(t *testing.T, e Entry, when string, on bool) {
	t.Helper()
	if got, err := e.Enabled(); got != on || err != nil {
		t.Errorf("%s: %v, %v", when, got, err)
	}
}

func TestLaunchAgent(t *testing.T) {
	l, put := newAgent(t)
	wantEntry(t, l, "at first", false)
	for _, path := range append([]string{"/Applications/A & B <1>/tray"}, oddPaths...) {
		if err := l.On(path); err != nil {
			t.Fatal(err)
		}
		wantEntry(t, l, path, true)
		text, err := os.ReadFile(l.file())
		if err != nil {
			t.Fatal(err)
		}
		if a, err := parseAgent(text); err != nil || len(a.arguments) != 1 || a.arguments[0] != path {
			t.Errorf("%q became %q, %v", path, a.arguments, err)
		}
	}
	const head, tail = "<plist><dict><key>ProgramArguments</key><array><string>/bin/tray</string></array>", "</dict></plist>"
	for text, on := range map[string]bool{
		head + "<key>RunAtLoad</key><true/>" + tail:  true,
		head + "<key>RunAtLoad</key><false/>" + tail: false,
		head + tail: false,
		head + "<key>RunAtLoad</key><true/><key>Disabled</key><true/>" + tail:                          false,
		head + "<key>X</key><dict><key>Disabled</key><true/></dict><key>RunAtLoad</key><true/>" + tail: true,
		"<plist><dict><key>RunAtLoad</key><true/></dict></plist>":                                      false,
		strings.ReplaceAll(head, "/bin/tray", "/gone") + "<key>RunAtLoad</key><true/>" + tail:          false,
		"bplist00": false,
		"":         false,
	} {
		put(text)
		wantEntry(t, l, text, on)
	}
	if err := l.Off(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(l.file())); err != nil {
		t.Error(err)
	}
	wantEntry(t, l, "off", false)
	if err := (launchAgent{}).On(tray); err == nil {
		t.Error("on without a home")
	}
}

// TestAgentFileIsValid asks a reader of property lists, where there is one.
func TestAgentFileIsValid(t *testing.T) {
	const read = "import plistlib,sys; d=plistlib.loads(sys.stdin.buffer.read()); print(d['Label'], d['RunAtLoad'], d['ProgramArguments'][0], sep='|')"
	cmd := exec.Command("python3", "-c", read)
	cmd.Stdin = strings.NewReader(string(agentFile("/A & B/tray")))
	if errors.Is(cmd.Err, exec.ErrNotFound) {
		t.Skip("python3 is missing")
	}
	out, err := cmd.CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != ID+"|True|/A & B/tray" {
		t.Errorf("%q, %v", got, err)
	}
}

func FuzzParseAgent(f *testing.F) {
	f.Add(string(agentFile("/A & B/tray")))
	f.Add("<plist><dict><key>ProgramArguments</key><string/><key>Disabled</key><true/></dict></plist>")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := parseAgent([]byte(text)); err == nil && xml.Unmarshal([]byte(text), new(struct{})) != nil {
			t.Errorf("%q is taken for a property list", text)
		}
	})
}

// registered is a registry in memory.
type registered struct {
	run      string
	approved []byte
	fail     error
}

func (r *registered) command() (string, error)  { return r.run, r.fail }
func (r *registered) approval() ([]byte, error) { return r.approved, r.fail }
func (r *registered) setCommand(text string) error {
	if r.fail == nil {
		r.run = text
	}
	return r.fail
}
func (r *registered) removeCommand() error  { r.run = ""; return r.fail }
func (r *registered) removeApproval() error { r.approved = nil; return r.fail }

func TestRunKey(t *testing.T) {
	store := &registered{}
	k := runKey{environment{runnable: func(p string) bool { return p == tray }}, store}
	wantEntry(t, k, "at first", false)
	if err := k.On(tray); err != nil || store.run != `"`+tray+`"` {
		t.Errorf("%v, %q", err, store.run)
	}
	wantEntry(t, k, "on", true)
	store.approved = []byte{3, 0, 0, 0}
	wantEntry(t, k, "switched off in the Task Manager", false)
	store.approved = []byte{2, 0, 0, 0}
	wantEntry(t, k, "switched on in the Task Manager", true)
	store.approved = []byte{3}
	if err := k.On(tray); err != nil {
		t.Error(err)
	}
	wantEntry(t, k, "on again", true)
	store.run = `"C:\gone.exe" --x`
	wantEntry(t, k, "the program is gone", false)
	if err := k.Off(); err != nil {
		t.Error(err)
	}
	wantEntry(t, k, "off", false)
	store.fail = errors.New("access denied")
	if _, err := k.Enabled(); err == nil {
		t.Error("no error")
	}
	if err := k.On(tray); err == nil || err.Error() != "Start at login could not be changed: access denied." {
		t.Errorf("%v", err)
	}
	if k.Off() == nil {
		t.Error("no error")
	}
}

func TestCommandProgram(t *testing.T) {
	for command, want := range map[string]string{
		`"C:\DoT Proxy\tray.exe"`: `C:\DoT Proxy\tray.exe`, `"C:\a b.exe" --x "y"`: `C:\a b.exe`, `C:\tray.exe --x`: `C:\tray.exe`, "": "", `"`: "",
	} {
		if got := commandProgram(command); got != want {
			t.Errorf("%q starts %q, want %q", command, got, want)
		}
	}
}
