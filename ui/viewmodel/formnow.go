package viewmodel

import (
	"net/netip"
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// now is where a connected engine answers, which flags may have otherwise than
// it is saved.
type now struct {
	port  int // 0 where it is not known, or where the saved one holds
	hosts []string
}

// See takes where the engine answers; connected is false where there is none.
func (f *Form) See(s control.Status, connected bool) {
	f.now = now{}
	if !connected || s.PortBy == control.PortByPassed {
		return // the service manager decides
	}
	for _, text := range s.Listen {
		a, err := netip.ParseAddrPort(text)
		if err != nil {
			continue
		}
		if port := int(a.Port()); port != 0 && port != f.base.Port {
			f.now.port = port
		}
		if host := a.Addr().String(); !slices.Contains(f.now.hosts, host) {
			f.now.hosts = append(f.now.hosts, host)
		}
	}
}

// nowHint says what holds in place of what is saved, empty where that holds or
// where something else was typed.
func (f *Form) nowHint(field Field) string {
	switch {
	case f.changed(field):
	case field == FieldPort && f.now.port != 0:
		return words.T("The command line says {{.Value}} until the next start.", "Value", f.now.port)
	case field == FieldListen && len(f.now.hosts) > 0:
		return f.listenNow()
	}
	return ""
}

// listenNow is nowHint for the addresses. A build may have defaults of its own,
// and one that this computer lacks may be left out: only what is neither came
// from the command line for sure.
func (f *Form) listenNow() string {
	var saved []string
	for _, text := range f.base.Listen {
		if a, err := netip.ParseAddr(text); err == nil {
			text = a.String()
		}
		saved = append(saved, text)
	}
	more := slices.ContainsFunc(f.now.hosts, func(h string) bool { return !slices.Contains(saved, h) })
	list := strings.Join(f.now.hosts, ", ")
	switch {
	case more && !slices.Equal(f.base.Listen, control.Default().Listen):
		return words.T("The command line says {{.Value}} until the next start.", "Value", list)
	case more || len(f.now.hosts) < len(saved):
		return words.T("DoT Proxy answers on {{.Addresses}} now.", "Addresses", list)
	}
	return ""
}

// beyondNow tells whether the engine answers other computers just now.
func (f *Form) beyondNow() bool {
	return slices.ContainsFunc(f.now.hosts, func(h string) bool {
		a, err := netip.ParseAddr(h)
		return err == nil && !a.Unmap().IsLoopback()
	})
}
