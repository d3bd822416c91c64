package autostart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// launchAgent is the way of macOS: a property list in the user's folder of
// agents, which launchd reads at login.
type launchAgent struct{ env environment }

func (l launchAgent) file() string {
	if l.env.home == "" {
		return ""
	}
	return filepath.Join(l.env.home, "Library", "LaunchAgents", ID+".plist")
}

// Enabled implements Entry.
func (l launchAgent) Enabled() (bool, error) {
	path := l.file()
	if path == "" {
		return false, errNoHome
	}
	text, err := readSmall(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, cannotRead(err)
	}
	a, err := parseAgent(text)
	return err == nil && a.runAtLoad && !a.disabled && len(a.arguments) > 0 && l.env.runnable(a.arguments[0]), nil
}

// On implements Entry.
func (l launchAgent) On(program string) error {
	if err := checkProgram(program); err != nil {
		return err
	}
	path := l.file()
	if path == "" {
		return errNoHome
	}
	return write(path, agentFile(program))
}

// Off implements Entry.
func (l launchAgent) Off() error {
	path := l.file()
	if path == "" {
		return errNoHome
	}
	return remove(path)
}

// agentFile is the property list that starts program in a session with a
// screen.
func agentFile(program string) []byte {
	var path bytes.Buffer
	_ = xml.EscapeText(&path, []byte(program)) // a Buffer takes everything
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>` + ID + `</string>
	<key>ProgramArguments</key>
	<array>
		<string>` + path.String() + `</string>
	</array>
	<key>RunAtLoad</key>
	<true/>
	<key>LimitLoadToSessionType</key>
	<string>Aqua</string>
	<key>ProcessType</key>
	<string>Interactive</string>
</dict>
</plist>
`)
}

// agent is what counts of a property list.
type agent struct {
	arguments           []string
	runAtLoad, disabled bool
}

// parseAgent reads the keys of a property list's outermost dictionary.
func parseAgent(text []byte) (agent, error) {
	var list struct {
		Dict struct {
			Parts []struct {
				XMLName xml.Name
				Text    string   `xml:",chardata"`
				Strings []string `xml:"string"`
			} `xml:",any"`
		} `xml:"dict"`
	}
	if err := xml.Unmarshal(text, &list); err != nil {
		return agent{}, err
	}
	var a agent
	key := ""
	for _, part := range list.Dict.Parts {
		kind := part.XMLName.Local
		if kind == "key" {
			key = strings.TrimSpace(part.Text)
			continue
		}
		switch key {
		case "ProgramArguments":
			a.arguments = part.Strings
		case "RunAtLoad":
			a.runAtLoad = kind == "true"
		case "Disabled":
			a.disabled = kind == "true"
		}
	}
	return a, nil
}
