package guard

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// bootUnit puts this computer's DNS back when it starts after a power cut.
type bootUnit struct {
	// root is the folder of the system, “/”; empty for nobody who may write
	// there. program is the path of dot-proxy.
	root, program string
}

// launchDaemon is the file that macOS reads when it starts, and
// launchDaemonMark is in one that the program wrote itself.
const (
	launchDaemon     = "/Library/LaunchDaemons/io.github.dotproxy.DotProxy.system-dns.plist"
	launchDaemonMark = "<!-- Written by DoT Proxy, which removes it again. -->\n"
)

// launchDaemonText has program put the DNS back at the start.
func launchDaemonText(program string) []byte {
	var path strings.Builder
	_ = xml.EscapeText(&path, []byte(program)) // a Builder takes all
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>
` + launchDaemonMark + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>io.github.dotproxy.DotProxy.system-dns</string>
	<key>ProgramArguments</key>
	<array>
		<string>` + path.String() + `</string>
		<string>system-dns</string>
		<string>repair</string>
		<string>--boot</string>
	</array>
	<key>RunAtLoad</key>
	<true/>
</dict>
</plist>
`)
}

// taskName is that of the task on Windows.
const taskName = "DoT Proxy system DNS"

// createTask are the arguments with which schtasks has program put the DNS back when the computer starts.
func createTask(program string) []string {
	return []string{"/Create", "/TN", taskName, "/SC", "ONSTART", "/RU", "SYSTEM", "/RL", "HIGHEST", "/F", "/TR", `"` + program + `" system-dns repair --boot`}
}

// writeOnce writes a file where there is none.
func writeOnce(path string, text []byte) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(writeSynced(path, text), syncFolder(filepath.Dir(path)))
}

// removeOurs removes a file that bears a mark, and no other.
func removeOurs(path, mark string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Contains(text, []byte(mark)) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(os.Remove(path), syncFolder(filepath.Dir(path)))
}
