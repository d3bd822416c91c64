package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Sizes of the chart in its own units, which are pixels where it is not scaled.
const (
	chartWidth = 880
	panelWidth = chartWidth / 2
	margin     = 20
	barLeft    = 78  // of a panel's inner width, for the names
	numbers    = 122 // for the value and the multiple
	barHeight  = 14
	barStep    = 20
	titleRoom  = 26
)

// style is legible on light and dark pages: the chart brings its own ground.
const style = `<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
.ground { fill: #ffffff; stroke: #d1d9e0 } .title { font-weight: 600 } .note { fill: #59636e }
.ours { fill: #0969da } .peer { fill: #a8b3be }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .ground { fill: #0d1117; stroke: #3d444d } .note { fill: #9198a1 }
.ours { fill: #4493f8 } .peer { fill: #57606a }
}
</style>
`

// chart draws one panel a metric, two in a row. Each has its own scale, from 0
// to its longest bar.
func (r *results) chart() string {
	var panels []metric
	for _, m := range r.rows() {
		if m.chart {
			panels = append(panels, m)
		}
	}
	panelHeight := titleRoom + len(r.forwarders)*barStep + margin
	height := 2*margin + titleRoom + (len(panels)+1)/2*panelHeight
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 %d %d" width="%d" height="%d">`+"\n", chartWidth, height, chartWidth, height)
	fmt.Fprintf(&b, "<title>%s</title>\n%s", html.EscapeString(r.sentence()), style)
	fmt.Fprintf(&b, `<rect class="ground" x=".5" y=".5" width="%d" height="%d" rx="8"/>`+"\n", chartWidth-1, height-1)
	put(&b, margin, margin+13, "note", "Shorter is better. In each panel: the value, and how many times that of "+nameOf(ours)+" it is.")
	for i, m := range panels {
		r.panel(&b, m, i%2*panelWidth+margin, margin+titleRoom+i/2*panelHeight)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// panel draws the bars of one metric with its upper left corner at x, y.
func (r *results) panel(b *strings.Builder, m metric, x, y int) {
	put(b, x, y+14, "title", m.label())
	most := 0.0
	for _, f := range r.forwarders {
		if v := r.median(f, m.id); v > most { // NaN is not
			most = v
		}
	}
	of := r.median(ours, m.id)
	for i, f := range r.forwarders {
		top := y + titleRoom + i*barStep
		class, v := "peer", r.median(f, m.id)
		label := m.format(v)
		if f == ours {
			class = "ours"
		} else if times := m.multiple(of, v); times != "" {
			label += "  ·  " + times
		}
		length := 0.0
		if v > 0 && !math.IsNaN(v) {
			length = max(1, v/most*(panelWidth-2*margin-barLeft-numbers))
		}
		put(b, x, top+12, "", nameOf(f))
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`+"\n", class, x+barLeft, top, length, barHeight)
		put(b, x+barLeft+int(length)+6, top+12, "", label)
	}
}

// put writes a line of text.
func put(b *strings.Builder, x, y int, class, text string) {
	fmt.Fprintf(b, `<text class="%s" x="%d" y="%d">%s</text>`+"\n", class, x, y, html.EscapeString(text))
}
