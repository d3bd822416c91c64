package daemon

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

// words are what a person reads of a state: one sentence what is, one what to
// do. A failed state speaks the words of its problem.
type words struct {
	sentence, hint string
}

func stoppedWords(provider string, demo bool) words {
	if demo {
		return words{"The demo is stopped; your DNS is not encrypted.", "Start to send queries to the demo’s own server."}
	}
	return words{"Your DNS is not encrypted.", "Start to send it to " + provider + " over TLS."}
}

func startingWords(provider string) words {
	return words{"Connecting to " + provider + " and checking its certificate.", "This takes about a second."}
}

func protectedWords(provider, tls, proof string, since, now time.Time) words {
	return words{"Your DNS goes to " + provider + " over " + orTLS(tls) + ".", sinceWords(since, now) + proof}
}

func demoWords(tls, proof string, since, now time.Time) words {
	return words{"Demo: queries go to a server inside this program over " + orTLS(tls) + ".", sinceWords(since, now) + proof}
}

// notInUseWords name the address to set the computer's DNS to, which has no
// room for another port than 53.
func notInUseWords(listen netip.AddrPort, steers bool) words {
	if steers {
		return words{"This computer still asks another DNS server, not encrypted.", "Turn on “Use as this computer’s DNS”, or run: dot-proxy system-dns on"}
	}
	hint := "Set this computer’s DNS to " + listen.Addr().String() + "; the README tells how."
	if listen.Port() != 53 {
		hint = "Choose port 53, then set this computer’s DNS to " + listen.Addr().String() + "; the README tells how."
	}
	return words{"This computer still asks another DNS server, not encrypted.", hint}
}

// pausedWords name the day only where it is not today.
func pausedWords(p pause, now time.Time) words {
	hint := "It resumes by itself at " + clock(p.Until.Local(), now) + "."
	if p.Network != "" {
		hint = "It resumes by itself when the network changes, at " + clock(p.Until.Local(), now) + " at the latest."
	}
	return words{"Your DNS goes to this network’s server, not encrypted.", hint}
}

func signInWords(s signIn, now time.Time) words {
	w := words{"This network wants you to sign in before it lets you through.",
		"Open its page; DNS is not encrypted until you are through, five minutes at most."}
	if s.under(now) {
		w.hint = "Sign in on its page. Until you are through DNS is not encrypted, until " + clock(s.until.Local(), now) + " at the latest."
	}
	return w
}

// degradedWords say that backup bridges the gap that primary leaves.
func degradedWords(primary string, why *resolver.Fault, backup, tls string) words {
	w := gapWords(primary, why)
	w.sentence += "; your DNS goes to " + backup + " over " + orTLS(tls) + "."
	return w
}

// memoryWords say that answers from before bridge the gap.
func memoryWords(primary string, why *resolver.Fault, offline bool) words {
	w := gapWords(primary, why)
	if offline {
		w = words{"There is no network", hintOffline}
	}
	w.sentence += "; known names are answered from memory."
	return w
}

// gapWords begin a sentence with what keeps primary from answering.
func gapWords(primary string, why *resolver.Fault) words {
	switch {
	case why == nil || !isCertificate(why):
		return words{primary + " does not answer", "Nothing to do: " + primary + " is tried again by itself."}
	case why.Kind == resolver.FaultClientCert:
		return words{"This computer could not prove to " + primary + " who it is", hintClientCert}
	}
	return words{primary + "’s certificate could not be verified", certificateHint(why)}
}

// through names the port by which a provider is reached where its own is
// blocked, empty where it is not.
func through(u provider.Upstream, s resolver.ServerHealth) string {
	if port := s.Addr.Port(); s.Addr.IsValid() && port != u.Port && slices.Contains(u.AltPorts, port) {
		return fmt.Sprintf(" through port %d, since this network blocks port %d", port, u.Port)
	}
	return ""
}

func orTLS(version string) string {
	if version == "" {
		return "TLS"
	}
	return version
}

// proofWords say how the provider proved who it is.
func proofWords(u provider.Upstream) string {
	if u.PinsOnly {
		return " Its key is one of those pinned."
	}
	return " Certificate of " + u.Name + " verified."
}

// sinceWords name the day only where it is not today.
func sinceWords(since, now time.Time) string {
	return "Since " + clock(since, now) + "."
}

func clock(t, now time.Time) string {
	format := "15:04"
	if y, m, d := t.Date(); now.Year() != y || now.Month() != m || now.Day() != d {
		format = "2 January, 15:04"
	}
	return t.Format(format)
}

const (
	hintClock       = "Set this computer’s clock."
	hintClientCert  = "Check the files that client-cert and client-key name, or choose another provider."
	hintCertificate = "Check this computer’s clock, or choose another provider."
	hintOffline     = "DoT Proxy continues when it is back."
)
