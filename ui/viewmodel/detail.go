package viewmodel

import (
	"fmt"
	"strings"

	"dotproxy/app/control"
)

// Step is one box on a query's way.
type Step struct {
	Title, Main string
	// Lines stand beneath, at most three; unknown ones are left out.
	Lines []string
}

// Detail is the panel of a selected query.
type Detail struct {
	Name, Type string
	// Tag says in two words how it was answered.
	Tag   string
	Steps []Step
	// Records are the answer's, one a line.
	Records []string
	// Note is the answer's Extended DNS Error in full, or empty.
	Note string
}

// DetailOf describes q by what it carries, and nothing else.
func DetailOf(q *control.Query) Detail {
	d := Detail{Name: HostName(q.Name), Type: q.Type, Tag: tags[q.Source], Records: records(q)}
	if q.EDE != "" {
		d.Note = "Extended error: " + q.EDE
	}
	if q.Name == "" {
		d.Name = "hidden"
	}
	if d.Tag == "" {
		d.Tag = string(q.Source)
	}
	d.Steps = append(d.Steps, asked(q))
	if s, ok := cacheStep(q.Source); ok {
		d.Steps = append(d.Steps, s)
	}
	if q.Upstream != "" {
		over := "over TLS"
		if !q.Encrypted {
			over = "not encrypted"
		}
		d.Steps = append(d.Steps, Step{Title: "Connection", Main: q.Upstream, Lines: []string{over}})
	}
	d.Steps = append(d.Steps, answer(q))
	return d
}

var tags = map[control.Source]string{
	control.SourceUpstream:  "asked upstream",
	control.SourceCache:     "from cache",
	control.SourceLocal:     "answered here",
	control.SourceCoalesced: "shared answer",
}

func asked(q *control.Query) Step {
	s := Step{Title: "Asked", Main: Clock(q.Time)}
	if q.Client != "" {
		s.Lines = append(s.Lines, "by "+q.Client)
	}
	if q.Transport != "" {
		s.Lines = append(s.Lines, "over "+strings.ToUpper(q.Transport))
	}
	return s
}

func cacheStep(from control.Source) (Step, bool) {
	switch from {
	case control.SourceCache:
		return Step{Title: "Cache", Main: "Found in cache"}, true
	case control.SourceUpstream:
		return Step{Title: "Cache", Main: "Not in cache"}, true
	case control.SourceCoalesced:
		return Step{Title: "Cache", Main: "Not in cache", Lines: []string{"the same question", "was on its way"}}, true
	}
	return Step{}, false
}

func answer(q *control.Query) Step {
	s := Step{Title: "Answer", Main: q.RCode, Lines: []string{"in " + Latency(q.MS)}}
	if n := len(q.Answers); n > 0 {
		s.Lines = append(s.Lines, Plural(n, "record", "records"))
	}
	if q.EDE == "" && isFailure(q) {
		s.Lines = append(s.Lines, "no extended error")
	}
	return s
}

// records puts the least TTL before the answer's first record.
func records(q *control.Query) []string {
	if len(q.Answers) == 0 {
		return nil
	}
	lines := append([]string(nil), q.Answers...)
	return append(lines, fmt.Sprintf("kept for %s at most", Plural(int(q.TTL), "second", "seconds")))
}
