package main

import (
	"io"
	"os"
)

// terminal is what a program writes to, as far as it matters.
type terminal struct {
	// columns is its width, 0 where it is none.
	columns func() int
	// color tells whether it shows colours.
	color bool
}

// terminalOf looks at what is written to; getenv is os.Getenv. Colours are for
// terminals alone, and not where NO_COLOR is set or TERM is "dumb".
func terminalOf(w io.Writer, when colorWhen, getenv func(string) string) terminal {
	t := terminal{columns: func() int { return 0 }}
	if f, ok := w.(*os.File); ok {
		t.columns = func() int { return columnsOf(f) }
		t.color = t.columns() > 0 && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb" && showsColors(f)
	}
	switch when {
	case "always":
		t.color = true
	case "never":
		t.color = false
	}
	return t
}
