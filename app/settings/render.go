package settings

import (
	"bytes"
	"fmt"

	"dotproxy/app/control"

	"github.com/pelletier/go-toml/v2"
)

const heading = `# The settings of DoT Proxy. The program writes this file anew, comments included,
# whenever a setting is changed; what is changed here counts from its next start.

`

// document is control.Settings with the comments that stand in the file.
type document struct {
	Listen     []string           `toml:"listen" comment:"The addresses to answer on, without port. 0.0.0.0 and :: stand for all: then other\ncomputers can ask too, and that leg is not encrypted.\nDefault: [\"127.0.0.1\", \"::1\"]"`
	Port       int                `toml:"port" comment:"The port of every address, 1 to 65535.\nDefault: 53"`
	Upstreams  []string           `toml:"upstreams" comment:"The providers to ask, the preferred one first: an id (\"quad9\"), IP[:PORT]#NAME,\nIP[@PORT]#NAME, an IP, tls://NAME[:PORT] or an sdns:// DoT stamp.\nDefault: [\"cloudflare\"]"`
	CABundle   string             `toml:"ca_bundle" comment:"A PEM file of the authorities to trust; empty stands for the system's.\nDefault: \"\""`
	CacheMiB   int                `toml:"cache_mib" comment:"The memory for kept answers in MiB, 0 for none.\nDefault: 8"`
	LogPrivacy control.LogPrivacy `toml:"log_privacy" comment:"What the query log keeps, in memory only: \"full\", \"hide_names\" (no names, answers\nand clients) or \"off\".\nDefault: \"full\""`
}

// render writes settings as they stand in the file.
func render(s control.Settings) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(heading)
	e := toml.NewEncoder(&b)
	if err := e.Encode(document(s)); err != nil {
		return nil, fmt.Errorf("write settings as TOML: %w", err)
	}
	return spaced(b.Bytes()), nil
}

// spaced sets a blank line after each value, all of which take one line.
func spaced(text []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		b.Write(line)
		if line[0] != '#' && line[0] != '\n' {
			b.WriteByte('\n')
		}
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
}
