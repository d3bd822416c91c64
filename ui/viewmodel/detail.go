package viewmodel

import (
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Step is one box on a query's way.
type Step struct {
	Title, Main string
	// Lines stand beneath; unknown ones are left out.
	Lines []string
	// Tone is Warn where Main or the first line is a warning.
	Tone Tone
}

// Detail is the panel of a selected query.
type Detail struct {
	Name, Type string
	// Tag says in few words how it was answered; TagTone is as in its row.
	Tag     string
	TagTone Tone
	Steps   []Step
	// Records are the answer's, one a line.
	Records []string
	// DNSSEC says that the answer was validated, or nothing.
	DNSSEC string
	// Note is the answer's Extended DNS Error in full, or empty.
	Note string
}

// DetailOf describes q by what it carries; routes are the settings', which know
// whose server a routed query went to.
func DetailOf(q *control.Query, routes map[string][]string) Detail {
	d := Detail{Name: HostName(q.Name), Type: q.Type, Tag: tagOf(q, routes), TagTone: sourceTone(q), Records: records(q)}
	if q.EDE != "" {
		d.Note = words.T("Extended error: {{.Error}}", "Error", q.EDE)
	}
	// What came in clear text may say so and be forged.
	if q.Authenticated && q.Encrypted {
		d.DNSSEC = words.T("DNSSEC: validated by the provider")
	}
	if q.Name == "" {
		d.Name = words.T("hidden")
	}
	d.Steps = append(d.Steps, asked(q))
	if s, ok := foundStep(q.Source); ok {
		d.Steps = append(d.Steps, s)
	}
	if s, ok := connection(q, routes); ok {
		d.Steps = append(d.Steps, s)
	}
	if q.Source == control.SourceBlocked {
		d.Steps = append(d.Steps, Step{Title: words.T("Rules"), Main: words.T("Blocked")})
	}
	d.Steps = append(d.Steps, answer(q))
	return d
}

// Text is the whole panel as lines, for the clipboard.
func (d Detail) Text() string {
	var b strings.Builder
	b.WriteString(d.Name + "  " + d.Type + "  " + d.Tag + "\n")
	for _, s := range d.Steps {
		b.WriteString(s.Title + ": " + strings.Join(append([]string{s.Main}, s.Lines...), ", ") + "\n")
	}
	for _, line := range slices.Concat(d.Records, []string{d.DNSSEC, d.Note}) {
		if line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

var tags = map[control.Source]string{
	control.SourceUpstream:  words.Mark("asked upstream"),
	control.SourceCache:     words.Mark("from cache"),
	control.SourceStale:     words.Mark("stale answer"),
	control.SourceLocal:     words.Mark("answered here"),
	control.SourceCoalesced: words.Mark("shared answer"),
	control.SourceOverride:  words.Mark("own answer"),
	control.SourceRoute:     words.Mark("route"),
	control.SourceBlocked:   words.Mark("blocked"),
}

func tagOf(q *control.Query, routes map[string][]string) string {
	tag, ok := tags[q.Source]
	if !ok {
		tag = string(q.Source)
	}
	tag = words.T(tag)
	if owner := serverOf(q, routes); owner != "" {
		tag = owner
	}
	if !q.Encrypted {
		tag = words.List([]string{tag, words.T(control.NotEncrypted)})
	}
	return tag
}

// serverOf names the server of a routed query by its domain: "home.arpa’s
// server". It is empty where the settings have no such route any more.
func serverOf(q *control.Query, routes map[string][]string) string {
	if q.Source != control.SourceRoute || q.Name == "" {
		return ""
	}
	best, name := "", "."+sameName(q.Name)
	for domain := range routes {
		if d := sameName(domain); strings.HasSuffix(name, "."+d) && len(d) > len(best) {
			best = d
		}
	}
	if best == "" {
		return ""
	}
	return words.T("{{.Domain}}’s server", "Domain", best)
}

func connection(q *control.Query, routes map[string][]string) (Step, bool) {
	if q.Upstream == "" && q.Encrypted {
		// Servers were asked, and none of them answered.
		return Step{Title: words.T("Connection"), Main: words.T("no answer"), Lines: []string{words.N("{{.N}} tries", q.Tries)}}, q.Tries > 0
	}
	s := Step{Title: words.T("Connection"), Main: q.Upstream, Lines: overTLS(q.Connection)}
	if !q.Encrypted {
		s.Lines, s.Tone = []string{words.T(control.NotEncrypted)}, Warn
	}
	if q.Tries > 1 {
		s.Lines = append(s.Lines, words.N("{{.N}} tries", q.Tries))
	}
	if owner := serverOf(q, routes); owner != "" {
		s.Lines = append(s.Lines, owner)
	}
	if s.Main == "" {
		s.Main, s.Lines = words.T(control.NotEncrypted), s.Lines[1:]
	}
	return s, true
}

// overTLS describes a connection; one of which nothing is known was over TLS.
func overTLS(c *control.Connection) []string {
	if c == nil {
		return []string{words.T("over TLS")}
	}
	version := c.TLS
	if c.Resumed {
		version = words.List([]string{version, words.T("session resumed")})
	}
	lines := []string{version, c.KeyExchange, cipherName(c.Cipher)}
	return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
}

// cipherName is what of a suite's name protects the data: "AES-128-GCM". The
// whole name is in an export.
func cipherName(suite string) string {
	name := strings.TrimPrefix(suite, "TLS_")
	if _, behind, ok := strings.Cut(name, "WITH_"); ok {
		name = behind
	}
	name, _, _ = strings.Cut(name, "_SHA")
	if strings.HasPrefix(name, "CHACHA20") {
		return "ChaCha20-Poly1305"
	}
	return strings.ReplaceAll(name, "_", "-")
}

func asked(q *control.Query) Step {
	s := Step{Title: words.T("Asked"), Main: Clock(q.Time)}
	if q.Client != "" {
		s.Lines = append(s.Lines, words.T("by {{.Client}}", "Client", q.Client))
	}
	if q.Transport != "" {
		s.Lines = append(s.Lines, words.T("over {{.Transport}}", "Transport", strings.ToUpper(q.Transport)))
	}
	return s
}

// foundStep is where an answer was looked for before anyone was asked.
func foundStep(from control.Source) (Step, bool) {
	switch from {
	case control.SourceCache:
		return Step{Title: words.T("Cache"), Main: words.T("Found in cache")}, true
	case control.SourceStale:
		return Step{Title: words.T("Cache"), Main: words.T("Stale answer"), Lines: []string{words.T("no new one"), words.T("could be had")}}, true
	case control.SourceUpstream:
		return Step{Title: words.T("Cache"), Main: words.T("Not in cache")}, true
	case control.SourceCoalesced:
		return Step{Title: words.T("Cache"), Main: words.T("Not in cache"), Lines: []string{words.T("the same question"), words.T("was on its way")}}, true
	case control.SourceOverride:
		return Step{Title: words.T("Own names"), Main: words.T("Own answer"), Lines: []string{words.T("from the settings"), words.T("or the hosts file")}}, true
	}
	return Step{}, false
}

func answer(q *control.Query) Step {
	s := Step{Title: words.T("Answer"), Main: q.RCode, Lines: []string{words.T("in {{.Latency}}", "Latency", Latency(q.MS))}}
	if n := len(q.Answers); n > 0 {
		s.Lines = append(s.Lines, words.N("{{.N}} records", n))
	}
	if q.EDE == "" && q.Failed() {
		s.Lines = append(s.Lines, words.T("no extended error"))
	}
	return s
}

// records puts the least TTL before the answer's first record.
func records(q *control.Query) []string {
	if len(q.Answers) == 0 {
		return nil
	}
	lines := append([]string(nil), q.Answers...)
	return append(lines, words.N("kept for {{.N}} seconds at most", int(q.TTL)))
}
