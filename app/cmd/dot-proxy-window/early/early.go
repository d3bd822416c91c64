// Package early sets environment variables that Fyne reads while its packages
// are initialised. Go initialises packages in the order of their import paths,
// as far as their own imports allow, and this one imports next to nothing.
package early

import (
	"os"
	"strings"
)

func init() {
	// Fyne keeps the picture of every text for a minute; a busy log would fill
	// hundreds of megabytes. With ten seconds or less it looks at all that is
	// shown sixty times a second, to keep it, though nothing is drawn.
	setDefault("FYNE_CACHE", "12s")
	// Without a language Fyne logs an error.
	name := "LANG"
	for _, v := range []string{"LC_ALL", "LC_MESSAGES"} {
		if os.Getenv(v) != "" {
			name = v
			break
		}
	}
	switch language, _, _ := strings.Cut(os.Getenv(name), "."); language {
	case "", "C", "POSIX":
		_ = os.Setenv(name, "en_US.UTF-8")
	}
}

func setDefault(name, value string) {
	if os.Getenv(name) == "" {
		_ = os.Setenv(name, value)
	}
}
