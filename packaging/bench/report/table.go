package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// ours is the forwarder that the others are compared with.
const ours = "dot-proxy"

// names are those that people know the forwarders by.
var names = map[string]string{
	ours: "DoT Proxy", "unbound": "Unbound", "dnsdist": "dnsdist", "stubby": "Stubby", "coredns": "CoreDNS",
}

func nameOf(forwarder string) string {
	if n, ok := names[forwarder]; ok {
		return n
	}
	return forwarder
}

// writeText prints the values, then each peer's as a multiple of ours.
func (r *results) writeText(w io.Writer) error {
	for _, f := range r.facts {
		fmt.Fprintf(w, "%s: %s\n", f.name, f.text)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(title string, cell func(forwarder string) string) {
		fmt.Fprint(t, title)
		for _, f := range r.forwarders {
			fmt.Fprint(t, "\t", cell(f))
		}
		fmt.Fprintln(t)
	}
	fmt.Fprintln(t)
	row("median", nameOf)
	for _, m := range r.rows() {
		row(m.label(), func(f string) string { return m.format(r.median(f, m.id)) })
	}
	if len(r.forwarders) > 1 {
		fmt.Fprintln(t)
		row("as a multiple of "+nameOf(ours), nameOf)
	}
	for _, m := range r.rows() {
		if len(r.forwarders) > 1 && !m.count {
			row(m.title, func(f string) string { return m.multiple(r.median(ours, m.id), r.median(f, m.id)) })
		}
	}
	return t.Flush()
}

// markdown is the block for the README; chart is the way to the picture.
func (r *results) markdown(chart string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "![%s](%s)\n\n|", r.sentence(), chart)
	for _, f := range r.forwarders {
		fmt.Fprintf(&b, " | %s", nameOf(f))
	}
	b.WriteString(" |\n|---|" + strings.Repeat("---:|", len(r.forwarders)) + "\n")
	for _, m := range r.rows() {
		fmt.Fprintf(&b, "| %s", m.label())
		for _, f := range r.forwarders {
			cell := m.format(r.median(f, m.id))
			if times := m.multiple(r.median(ours, m.id), r.median(f, m.id)); f != ours && times != "" {
				cell += " (" + times + ")"
			}
			fmt.Fprintf(&b, " | %s", cell)
		}
		b.WriteString(" |\n")
	}
	b.WriteString("\nIn brackets: times the value of " + nameOf(ours) + ".\n\n")
	for _, f := range r.facts {
		fmt.Fprintf(&b, "- %s: %s\n", f.name, f.text)
	}
	return b.String()
}

// sentence says what the chart compares, for those who cannot see it.
func (r *results) sentence() string {
	var all []string
	for _, f := range r.forwarders {
		all = append(all, nameOf(f))
	}
	return "What " + strings.Join(all, ", ") + " need for the same queries"
}
