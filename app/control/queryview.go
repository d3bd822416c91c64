package control

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// SlowMS is from where on the window counts an answer as slow, in milliseconds.
const SlowMS = 100

// NotEncrypted is said of every query that left in clear text.
const NotEncrypted = "not encrypted"

// Failed tells whether q was answered SERVFAIL or REFUSED, as Counters count.
func (q *Query) Failed() bool { return q.RCode == "SERVFAIL" || q.RCode == "REFUSED" }

// AnsweredBy says in a word or two who answered; that a query was not encrypted
// is more than that.
func (q *Query) AnsweredBy() string {
	switch {
	case !q.Encrypted:
		return NotEncrypted
	case q.Source == SourceCoalesced:
		return "shared"
	case q.Source == SourceOverride:
		return "own answer"
	}
	return string(q.Source)
}

// Worrying tells whether who answered is worth a look: an old answer, or one
// that was not encrypted.
func (q *Query) Worrying() bool { return !q.Encrypted || q.Source == SourceStale }

// HostName drops the final dot of a name; the root stays ".".
func HostName(name string) string {
	if short := strings.TrimSuffix(name, "."); short != "" {
		return short
	}
	return name
}

// MatchName tells whether a name has text in it, in any letter case. A text that
// begins with a dot, or with *., stands for that domain and all names below it.
func MatchName(name, text string) bool {
	name, text = strings.ToLower(HostName(name)), strings.ToLower(strings.TrimSpace(text))
	if domain, ok := strings.CutPrefix(strings.TrimPrefix(text, "*"), "."); ok && domain != "" {
		domain = strings.TrimSuffix(domain, ".")
		return name == domain || strings.HasSuffix(name, "."+domain)
	}
	return strings.Contains(name, text) || strings.Contains(name+".", text)
}

// QueryFilter chooses queries: those that fit all that is set. The zero
// QueryFilter lets all through.
type QueryFilter struct {
	// Name is as MatchName takes it.
	Name string
	// Types and RCodes are as Query has them; one of each must fit.
	Types, RCodes []string
	Failed        bool
	// Sources are who may have answered; with Clear also whoever was asked in
	// clear text.
	Sources []Source
	Clear   bool
	// OverMS lets through what took longer, in milliseconds; 0 for all.
	OverMS float64
	// Client is who asked; invalid for anybody.
	Client netip.Prefix
}

// Match tells whether q is let through.
func (f *QueryFilter) Match(q *Query) bool {
	return (f.Name == "" || q.Name != "" && MatchName(q.Name, f.Name)) &&
		(len(f.Types) == 0 || slices.Contains(f.Types, q.Type)) &&
		(len(f.RCodes) == 0 || slices.Contains(f.RCodes, q.RCode)) &&
		(!f.Failed || q.Failed()) && f.hasSource(q) &&
		(f.OverMS <= 0 || q.MS > f.OverMS) && f.hasClient(q)
}

func (f *QueryFilter) hasSource(q *Query) bool {
	if len(f.Sources) == 0 && !f.Clear {
		return true
	}
	return slices.Contains(f.Sources, q.Source) || f.Clear && !q.Encrypted
}

func (f *QueryFilter) hasClient(q *Query) bool {
	if !f.Client.IsValid() {
		return true
	}
	addr, err := netip.ParseAddr(q.Client)
	return err == nil && f.Client.Contains(addr.Unmap().WithZone(""))
}

// Latency writes a time in milliseconds with as many digits as are of use:
// "0.04 ms", "1.2 ms", "64 ms", "1.8 s". A negative or non-finite one is
// unknown: "–".
func Latency(ms float64) string {
	switch {
	case ms < 0 || math.IsNaN(ms) || math.IsInf(ms, 0):
		return "–"
	case ms < 0.995:
		return strconv.FormatFloat(ms, 'f', 2, 64) + " ms"
	case ms < 9.95:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case ms < 999.5:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
}
