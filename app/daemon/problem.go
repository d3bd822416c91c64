package daemon

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

// upstreamProblem says why the primary provider gives no answers, nil where it
// does or nothing is known yet.
func upstreamProblem(ups []provider.Upstream, h resolver.Health) *control.Problem {
	if !h.Known || h.Answering == 0 || len(ups) == 0 {
		return nil
	}
	fault := primaryFault(h)
	switch {
	case fault != nil && fault.Kind == resolver.FaultClientCert:
		return clientCertProblem(ups[0].Label, fault)
	case fault != nil && isCertificate(fault):
		return certificateProblem(ups[0].Label, fault)
	case h.Answering > 0:
		return &control.Problem{Code: control.CodeNoAnswer, Message: ups[0].Label + " does not answer" + detail(fault) + "."}
	case offline(h):
		return &control.Problem{Code: control.CodeOffline, Message: "There is no network.", Hint: hintOffline}
	}
	return noAnswerProblem(ups[0], fault, shutOut(h))
}

// isCertificate tells whether the server could not prove who it is, or we to
// it, so that nothing was sent to it.
func isCertificate(f *resolver.Fault) bool {
	return f.Kind == resolver.FaultCertificate || f.Kind == resolver.FaultTLS || f.Kind == resolver.FaultClientCert
}

// isClock tells whether this computer's clock is to blame for a certificate
// that could not be verified.
func isClock(f *resolver.Fault) bool {
	return f.Kind == resolver.FaultCertificate && strings.Contains(f.Text, "this computer’s clock")
}

// primaryFault is the most telling fault of the first provider's servers.
func primaryFault(h resolver.Health) *resolver.Fault {
	var first *resolver.Fault
	for _, s := range h.Servers {
		if s.Upstream != 0 || s.Fault == nil {
			continue
		}
		if isCertificate(s.Fault) {
			return s.Fault
		}
		if first == nil {
			first = s.Fault
		}
	}
	return first
}

// shutOut tells whether nothing gets through to any server: none was as much as
// connected to, as where a network blocks the port.
func shutOut(h resolver.Health) bool {
	for _, s := range h.Servers {
		if s.Fault == nil {
			continue
		}
		switch s.Fault.Kind {
		case resolver.FaultUnreachable, resolver.FaultRefused, resolver.FaultTimeout, resolver.FaultLookup:
		default:
			return false
		}
	}
	return true
}

// offline tells whether every server that was tried has no route to it.
func offline(h resolver.Health) bool {
	tried := false
	for _, s := range h.Servers {
		if s.Fault == nil {
			continue
		}
		tried = true
		if s.Fault.Kind != resolver.FaultUnreachable && !errors.Is(s.Fault, errNoRoute) {
			return false
		}
	}
	return tried
}

func certificateProblem(label string, f *resolver.Fault) *control.Problem {
	p := &control.Problem{Code: control.CodeCertificate, Hint: certificateHint(f),
		Message: label + "’s certificate could not be verified, so nothing was sent: " + strings.TrimSuffix(f.Text, "; set it") + "."}
	if f.Kind == resolver.FaultTLS {
		p.Message = label + " could not be verified, so nothing was sent: " + f.Text + "."
		p.Hint = "Choose another provider."
	}
	return p
}

func certificateHint(f *resolver.Fault) string {
	if isClock(f) {
		return hintClock
	}
	return hintCertificate
}

func clientCertProblem(label string, f *resolver.Fault) *control.Problem {
	return &control.Problem{Code: control.CodeCertificate, Hint: hintClientCert,
		Message: "This computer could not prove to " + label + " who it is: " + f.Text + "."}
}

// noAnswerProblem is that of a provider and its backups; blocked tells whether
// not even a connection came about.
func noAnswerProblem(u provider.Upstream, f *resolver.Fault, blocked bool) *control.Problem {
	port := u.Port
	if len(u.Addrs) > 0 {
		port = u.Addrs[0].Port()
	}
	p := &control.Problem{Code: control.CodeNoAnswer, Message: fmt.Sprintf("No provider answers on port %d.", port)}
	if d := detail(f); d != "" {
		p.Message = fmt.Sprintf("No provider answers on port %d (%s%s).", port, u.Label, d)
	}
	switch {
	case f != nil && f.Kind == resolver.FaultClientCert:
		p.Hint = "Correct client-cert and client-key of this server, or choose another provider."
	case slices.ContainsFunc(u.Addrs, func(a netip.AddrPort) bool { return a.Addr().IsPrivate() || a.Addr().IsLoopback() }):
		p.Hint = "Check that this server runs, or choose another provider."
	case !blocked:
		p.Hint = "Choose another provider."
	case port == provider.DefaultPort:
		p.Hint = "This network may block it; choose a provider on port 443."
	default:
		p.Hint = "Check the address and the port, or choose another provider."
	}
	return p
}

// detail says what is known of a fault beyond a missing answer.
func detail(f *resolver.Fault) string {
	if f == nil || f.Kind == resolver.FaultTimeout || f.Text == "" {
		return ""
	}
	return ": " + f.Text
}

// listenProblem says why an address could not be opened.
func listenProblem(err error, s seams) *control.Problem {
	le, ok := errors.AsType[*resolver.ListenError](err)
	if !ok {
		return &control.Problem{Code: control.CodeInternal, Message: "The listeners could not be opened: " + control.Quote(err.Error()) + ".", Hint: "The engine’s log says more."}
	}
	port := le.Addr.Port()
	switch {
	case errors.Is(err, errInUse):
		return inUseProblem(le.Addr, s.holder(le.Network, le.Addr))
	case errors.Is(err, errDenied), errors.Is(err, errNotPermitted):
		return permissionProblem(port, s)
	case errors.Is(err, errNoAddress):
		return &control.Problem{Code: control.CodeAddress, Field: "listen", Message: "This computer has no address " + le.Addr.Addr().String() + ".",
			Hint: "Listen on an address of this computer, such as 127.0.0.1."}
	}
	return &control.Problem{Code: control.CodeAddress, Field: "listen", Message: fmt.Sprintf("Port %d on %s cannot be opened: %s.", port, le.Addr.Addr(), systemText(le.Err)),
		Hint: "Choose another address or port."}
}

func permissionProblem(port uint16, s seams) *control.Problem {
	p := &control.Problem{Code: control.CodePermission, Field: "port",
		Message: fmt.Sprintf("Port %d needs a permission this program lacks.", port)}
	switch {
	case port >= lowPorts:
		p.Hint = "Choose another port."
	case runtime.GOOS == "linux" && s.program != "":
		why, hint := s.rights().refused(s.program)
		p.Message, p.Hint = fmt.Sprintf("Port %d %s.", port, why), hint
	default:
		p.Hint = "Run it as administrator, or choose a port above 1023."
	}
	return p
}

// systemText is the innermost text of a system's error, without addresses.
func systemText(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return strings.TrimSuffix(err.Error(), ".")
		}
		err = next
	}
}
