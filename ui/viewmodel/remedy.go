package viewmodel

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Remedy is one way to fix what failed, that works on this computer.
type Remedy struct {
	// Title says what to do, Caption what comes of it; Caption may be empty.
	Title, Caption string
	// Command is one to run in a terminal, or empty.
	Command string
	// Button is the label of one that does it, empty for none.
	Button string
	// Change is what the button does to the settings; nil: it lets the user
	// choose another provider.
	Change func(control.Settings) control.Settings
}

// otherPort is one that needs no permission and that no well-known service
// has: 5353 is taken by multicast DNS on most desktops.
const otherPort = 5300

// RemediesTitle stands over n remedies.
func RemediesTitle(n int) string {
	switch n {
	case 1:
		return words.T("A way to fix this")
	case 2:
		return words.T("Two ways to fix this")
	}
	return words.T("Ways to fix this")
}

// RemediesOf are the ways out of a failed state, in the order in which they
// are best tried. The header's own button and hint are not repeated alone.
func RemediesOf(v View) []Remedy {
	p := v.Status.Problem
	if v.Link != Connected || v.Status.State != control.Failed || p == nil {
		return nil
	}
	switch p.Code {
	case control.CodePortInUse, control.CodePermission:
		return portRemedies(v, p)
	case control.CodeAddress:
		if slices.Equal(v.Settings.Listen, control.Default().Listen) {
			return nil
		}
		return []Remedy{listenHere(words.T("Listen on this computer’s own addresses"))}
	case control.CodeCertificate, control.CodeNoAnswer:
		if v.Status.Demo {
			return nil
		}
		first, _, _ := strings.Cut(p.Hint, ", or ")
		list := []Remedy{{Title: words.T("Ask another provider"), Button: words.T("Choose a provider")}}
		if strings.HasPrefix(first, "Check ") {
			list = append([]Remedy{{Title: words.T("{{.What}}, then try again.", "What", words.Said(first))}}, list...)
		}
		return list
	}
	return nil
}

// portRemedies are for a port that cannot be opened: to make way for it, and to
// do without it.
func portRemedies(v View, p *control.Problem) (list []Remedy) {
	way, command := commandOf(p.Hint)
	way, _, another := strings.Cut(strings.TrimSuffix(way, "."), ", or choose ")
	if strings.HasPrefix(way, "Choose another port") {
		way, another = "", true
	}
	switch {
	case way == "":
	case command != "":
		list = append(list, Remedy{Title: runHere(p.Code, way), Command: command})
	default:
		list = append(list, Remedy{Title: words.T("{{.What}}, then try again.", "What", words.Said(way))})
	}
	if strings.Contains(p.Hint, "isten on 127.0.0.1") && everywhere(v.Settings.Listen) {
		return append(list, listenHere(words.T("Listen on this computer alone")))
	}
	if another && v.HasSettings {
		list = append(list, useOtherPort(v.Settings.Port, strings.Contains(p.Hint, "can ask")))
	}
	return list
}

// quoted finds a command within a sentence.
var quoted = regexp.MustCompile(`“((?:sudo|docker|podman|systemctl) [^”]+)”`)

// commandOf parts a hint from its command, which stands in a line of its own or
// between quotes.
func commandOf(hint string) (way, command string) {
	way, command, _ = strings.Cut(hint, "\n")
	if found := quoted.FindStringSubmatch(way); command == "" && found != nil {
		command = found[1]
	}
	return way, command
}

// runHere is the line over a command.
func runHere(code, way string) string {
	if code == control.CodePermission {
		return words.T("Give the permission once, then try again. Run this in a terminal:")
	}
	if strings.HasPrefix(way, "Stop it with “sudo ") {
		return words.T("Stop what holds the port, then try again. Run this in a terminal:")
	}
	return words.T("{{.What}}, then try again.", "What", words.Said(way))
}

func useOtherPort(now int, resolved bool) Remedy {
	port := otherPort
	if now == port {
		port++
	}
	r := Remedy{Title: words.T("Listen on port {{.Port}} instead", "Port", strconv.Itoa(port)), Button: words.T("Use port {{.Port}}", "Port", strconv.Itoa(port)),
		Caption: words.T("Programs have to be told to ask that port."),
		Change:  func(s control.Settings) control.Settings { s.Port = port; return s }}
	if resolved {
		r.Caption = words.T("Works here: systemd-resolved can ask another port.")
	}
	return r
}

func listenHere(title string) Remedy {
	return Remedy{Title: title, Caption: words.T("Other computers cannot ask DoT Proxy then."), Button: words.T("Use {{.Address}}", "Address", "127.0.0.1"),
		Change: func(s control.Settings) control.Settings { s.Listen = control.Default().Listen; return s }}
}

// everywhere tells whether all addresses of this computer are listened on.
func everywhere(listen []string) bool {
	return slices.ContainsFunc(listen, func(text string) bool {
		a, err := netip.ParseAddr(text)
		return err == nil && a.IsUnspecified()
	})
}
