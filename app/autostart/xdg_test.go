package autostart

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const tray = "/opt/dot-proxy/dot-proxy-tray"

// session is a user's login on a computer of its own.
type session struct {
	xdg
	t    *testing.T
	root string
	vars map[string]string
	gone map[string]bool // programs that cannot be started
}

func newSession(t *testing.T) *session {
	s := &session{t: t, root: t.TempDir(), gone: map[string]bool{}}
	s.vars = map[string]string{"XDG_CONFIG_DIRS": filepath.Join(s.root, "etc") + ":" + filepath.Join(s.root, "vendor")}
	s.xdg = xdg{environment{
		getenv: func(name string) string { return s.vars[name] }, home: filepath.Join(s.root, "home"),
		runnable: func(program string) bool { return program != "" && !s.gone[program] },
	}}
	return s
}

func (s *session) put(path, text string) {
	s.t.Helper()
	path = filepath.Join(s.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *session) read(path string) string {
	text, err := os.ReadFile(filepath.Join(s.root, path))
	if err != nil {
		return ""
	}
	return string(text)
}

func (s *session) want(when string, on bool) {
	s.t.Helper()
	if got, err := s.Enabled(); got != on || err != nil {
		s.t.Errorf("%s: %v, %v", when, got, err)
	}
}

func (s *session) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Error(err)
	}
}

const (
	userPath   = "home/.config/autostart/" + desktopFile
	systemPath = "etc/autostart/" + desktopFile
)

func TestXDGOfOneUser(t *testing.T) {
	s := newSession(t)
	s.want("at first", false)
	s.do(s.Off()) // nothing to do
	s.do(s.On(tray))
	s.want("on", true)
	if text := s.read(userPath); !strings.Contains(text, "\nExec="+tray+"\n") {
		t.Errorf("the file says\n%s", text)
	}
	s.gone[tray] = true
	s.want("the program is gone", false)
	s.do(s.On("/usr/bin/dot-proxy-tray"))
	s.want("moved", true)
	s.do(s.Off())
	s.want("off", false)
	if text := s.read(userPath); text != "" {
		t.Errorf("a file is left:\n%s", text)
	}
}

func TestXDGConfigHome(t *testing.T) {
	s := newSession(t)
	s.vars["XDG_CONFIG_HOME"] = filepath.Join(s.root, "elsewhere")
	s.do(s.On(tray))
	if s.read("elsewhere/autostart/"+desktopFile) == "" || s.read(userPath) != "" {
		t.Error("XDG_CONFIG_HOME does not count")
	}
	s.vars["XDG_CONFIG_HOME"] = "relative"
	s.do(s.On(tray))
	if s.read(userPath) == "" {
		t.Error("a relative XDG_CONFIG_HOME counts")
	}
}

// TestXDGForAllUsers: what an administrator put in is switched off and on by a
// file of the user's own.
func TestXDGForAllUsers(t *testing.T) {
	s := newSession(t)
	system := string(desktopEntry("/usr/bin/dot-proxy-tray", false))
	s.put(systemPath, system)
	s.want("put in for all", true)
	s.do(s.Off())
	s.want("off", false)
	if !strings.Contains(s.read(userPath), "\nHidden=true\n") || s.read(systemPath) != system {
		t.Errorf("the user's file:\n%s\nthe system's:\n%s", s.read(userPath), s.read(systemPath))
	}
	s.do(s.On(tray))
	s.want("on again", true)
	if s.read(userPath) != "" {
		t.Error("the user's file still stands before the system's")
	}
	s.gone["/usr/bin/dot-proxy-tray"] = true
	s.want("the system's program is gone", false)
	s.do(s.On(tray))
	s.want("the user's own", true)
	if err := os.Remove(filepath.Join(s.root, systemPath)); err != nil {
		t.Fatal(err)
	}
	s.put("vendor/autostart/"+desktopFile, system)
	s.do(s.Off())
	s.want("off, with a vendor's file", false)
	if !strings.Contains(s.read(userPath), "\nHidden=true\n") {
		t.Error("a vendor's file was not found")
	}
}

// TestXDGFirstSystemFileWins: an administrator masks a vendor's entry.
func TestXDGFirstSystemFileWins(t *testing.T) {
	s := newSession(t)
	s.put(systemPath, string(desktopEntry("", true)))
	s.put("vendor/autostart/"+desktopFile, string(desktopEntry(tray, false)))
	s.want("masked for all", false)
	s.do(s.On(tray))
	s.want("on for this user", true)
}

func TestXDGFilesOfOthers(t *testing.T) {
	const good = "[Desktop Entry]\nType=Application\nName=x\nExec=/bin/tray\n"
	for about, c := range map[string]struct {
		text string
		on   bool
	}{
		"plain":                  {good, true},
		"with a remark":          {"# mine\n\n" + good, true},
		"spaces around signs":    {"[Desktop Entry]\nType = Application\nExec = /bin/tray --x\n", true},
		"a program from PATH":    {"[Desktop Entry]\nType=Application\nExec=dot-proxy-tray\n", true},
		"hidden":                 {good + "Hidden=true\n", false},
		"hidden is off":          {good + "Hidden=false\n", true},
		"switched off in GNOME":  {good + "X-GNOME-Autostart-enabled=false\n", false},
		"for this desktop":       {good + "OnlyShowIn=GNOME;XFCE;\n", true},
		"for another desktop":    {good + "OnlyShowIn=KDE;\n", false},
		"not for this desktop":   {good + "NotShowIn=XFCE;\n", false},
		"not for another":        {good + "NotShowIn=KDE;\n", true},
		"program to try is gone": {good + "TryExec=/bin/gone\n", false},
		"program is gone":        {"[Desktop Entry]\nType=Application\nExec=\"/bin/gone\" --x\n", false},
		"no program":             {"[Desktop Entry]\nType=Application\nName=x\n", false},
		"an open quote":          {"[Desktop Entry]\nType=Application\nExec=\"/bin/tray\n", false},
		"a link":                 {"[Desktop Entry]\nType=Link\nExec=/bin/tray\n", false},
		"keys of another group":  {"[Desktop Action x]\nType=Application\nExec=/bin/tray\n", false},
		"hidden elsewhere":       {good + "[Desktop Action x]\nHidden=true\n", true},
		"empty":                  {"", false},
	} {
		s := newSession(t)
		s.vars["XDG_CURRENT_DESKTOP"] = "ubuntu:XFCE"
		s.gone["/bin/gone"] = true
		s.put(userPath, c.text)
		s.want(about, c.on)
	}
}

func TestXDGMaskedByALink(t *testing.T) {
	s := newSession(t)
	s.put(systemPath, string(desktopEntry(tray, false)))
	s.put(userPath, "")
	path := filepath.Join(s.root, userPath)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(os.DevNull, path); err != nil {
		t.Skip("links: ", err)
	}
	s.want("linked to nothing", false)
	s.do(s.On(tray))
	s.want("on", true)
}

func TestNoPlaceAndNoProgram(t *testing.T) {
	x := xdg{environment{getenv: func(string) string { return "" }}}
	if _, err := x.Enabled(); err == nil {
		t.Error("no home: no error")
	}
	if x.Off() == nil || x.On(tray) == nil {
		t.Error("changed without a home")
	}
	s := newSession(t)
	for _, program := range []string{"", "dot-proxy-tray", "/opt/a\nb", "/opt/\xff"} {
		if err := s.On(program); err == nil {
			t.Errorf("%q is taken", program)
		}
	}
	s.put("home/.config", "a file in the place of the folder")
	if err := s.On(tray); err == nil || !strings.HasPrefix(err.Error(), "Start at login could not be changed: "+s.root) {
		t.Errorf("%v", err)
	}
	if _, err := s.Enabled(); err == nil {
		t.Error("looked up in a file")
	}
}

// oddPaths are what a program's path may look like.
var oddPaths = []string{
	tray, "/opt/DoT Proxy/tray", `/opt/"quoted"/tray`, "/opt/`tick`/$HOME/tray", `/opt/back\slash\n/tray`, `/opt/double\\/tray`,
	"/opt/100%/%u/tray", "/opt/ümläut/;|&<>*?#()~'/tray", "/opt/tail /tray ", "/opt/a=b/tray", `/opt/end\`,
}

func TestOddPathsSurvive(t *testing.T) {
	for _, path := range oddPaths {
		s := newSession(t)
		s.do(s.On(path))
		keys := parseDesktop([]byte(s.read(userPath)))
		if args, ok := splitExec(keys["Exec"]); !ok || !slices.Equal(args, []string{path}) {
			t.Errorf("%q became %q, %v", path, args, ok)
		}
		if strings.TrimSpace(path) == path && keys["TryExec"] != path {
			t.Errorf("%q is tried as %q", path, keys["TryExec"])
		}
		s.want(path, true)
	}
}

func TestQuoting(t *testing.T) {
	for arg, want := range map[string]string{
		"/bin/tray": "/bin/tray", "/a b": `"/a b"`, `/a"b`: `"/a\"b"`, `/a\b`: `"/a\\b"`, "/a$b`c": "\"/a\\$b\\`c\"", "/50%": "/50%%", "": `""`,
	} {
		if got := quoteArg(arg); got != want {
			t.Errorf("%q is written %q, want %q", arg, got, want)
		}
	}
	// In the file itself each backslash is doubled once more.
	if text := string(desktopEntry(`/a\b`, false)); !strings.Contains(text, "\nExec=\"/a\\\\\\\\b\"\n") {
		t.Errorf("the file says\n%s", text)
	}
}

// TestDesktopFilesAreValid asks the desktop's own tool.
func TestDesktopFilesAreValid(t *testing.T) {
	tool, err := exec.LookPath("desktop-file-validate")
	if err != nil {
		t.Skip("desktop-file-validate is missing: apt-get install desktop-file-utils")
	}
	texts := [][]byte{desktopEntry("", true)}
	for _, path := range oddPaths {
		texts = append(texts, desktopEntry(path, false))
	}
	for _, text := range texts {
		path := filepath.Join(t.TempDir(), desktopFile)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(tool, path).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%v: %s\n%s", err, out, text)
		}
	}
}

func FuzzParseDesktop(f *testing.F) {
	f.Add(string(desktopEntry(`/a b\c`, false)))
	f.Add("[Desktop Entry]\nExec=\"/a\\\\\" b %U\nHidden=true")
	f.Fuzz(func(t *testing.T, text string) {
		x := xdg{environment{getenv: func(string) string { return "A" }, runnable: func(program string) bool {
			if program == "" {
				t.Error("an empty program is looked for")
			}
			return true
		}}}
		if x.starts([]byte(text)) && !strings.Contains(text, "Exec") {
			t.Errorf("%q starts something", text)
		}
	})
}

func FuzzExecRoundTrip(f *testing.F) {
	for _, path := range oddPaths {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, program string) {
		program = "/" + program
		if checkProgram(program) != nil {
			t.Skip()
		}
		keys := parseDesktop(desktopEntry(program, false))
		if args, ok := splitExec(keys["Exec"]); !ok || len(args) != 1 || args[0] != program {
			t.Errorf("%q became %q, %v", program, args, ok)
		}
	})
}
