package main

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
)

// installed runs the README's lines of the systemd section on an empty root,
// with a program that does nothing, and returns the other lines.
func installed(t *testing.T) (root string, rest []string) {
	t.Helper()
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)### As a service of systemd\n\n```\n(.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("the README has no lines for systemd")
	}
	root = t.TempDir()
	for line := range strings.Lines(string(block[1])) {
		words := strings.Fields(strings.TrimPrefix(line, "sudo "))
		if words[0] != "install" {
			rest = append(rest, strings.Join(words, " "))
			continue
		}
		to := &words[len(words)-1]
		*to = root + *to
		for i := range words {
			if words[i] == "build/dot-proxy" {
				words[i] = "/bin/true"
			}
		}
		cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
		cmd.Dir = "../../.."
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s%v: %s", line, err, out)
		}
	}
	return root, rest
}

// The README's lines install all there is for Linux, and systemd understands it.
func TestSystemdInstall(t *testing.T) {
	root, rest := installed(t)
	for _, line := range rest {
		words := strings.Fields(line)
		switch words[0] {
		case "systemctl": // no systemd of this root runs
		case "systemd-sysusers", "systemd-tmpfiles":
			if os.Geteuid() != 0 {
				continue // the folder is another user's
			}
			if _, err := exec.LookPath(words[0]); err != nil {
				continue
			}
			cmd := exec.CommandContext(t.Context(), words[0], append([]string{"--root=" + root}, words[1:]...)...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", line, err, out)
			}
		default:
			t.Errorf("an unknown line: %s", line)
		}
	}
	sources, err := filepath.Glob("../../../packaging/linux/*")
	if err != nil || len(sources) < 7 {
		t.Fatal(sources, err)
	}
	readme, err := os.ReadFile("../../../README.md")
	for _, s := range sources {
		if err != nil || !strings.Contains(string(readme), "packaging/linux/"+filepath.Base(s)+" ") {
			t.Errorf("the README does not install %s: %v", s, err)
		}
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("it needs systemd-analyze for the rest")
	}
	units := filepath.Join(root, "etc/systemd/system")
	var paths []string
	for _, name := range []string{"dot-proxy.service", "dot-proxy.socket", "dot-proxy-system-dns.service"} {
		path := filepath.Join(units, name)
		text, err := os.ReadFile(path)
		if err == nil {
			text = []byte(strings.ReplaceAll(string(text), "=/usr/bin/dot-proxy", "="+root+"/usr/bin/dot-proxy"))
			err = os.WriteFile(path, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	cmd := exec.CommandContext(t.Context(), "systemd-analyze", append([]string{"verify", "--man=no"}, paths...)...)
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), root) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	// 20 of 100 points of exposure: what is left is the network, which it is for.
	cmd = exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", paths[0])
	switch out, err := cmd.CombinedOutput(); {
	case strings.Contains(string(out), "unrecognized option"):
		t.Skip("systemd-analyze is older than version 250")
	case err != nil:
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}

// The socket unit opens what the engine listens on by itself, over both.
func TestSocketUnit(t *testing.T) {
	text, err := os.ReadFile("../../../packaging/linux/dot-proxy.socket")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, ip := range control.Default().Listen {
		addr := netip.AddrPortFrom(netip.MustParseAddr(ip), uint16(control.Default().Port)).String()
		want = append(want, "ListenDatagram="+addr, "ListenStream="+addr)
	}
	have := regexp.MustCompile(`(?m)^Listen\w+=.*$`).FindAllString(string(text), -1)
	if !slices.Equal(have, want) {
		t.Errorf("%v, want %v", have, want)
	}
}
