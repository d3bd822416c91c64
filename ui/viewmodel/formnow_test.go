package viewmodel

import (
	"strings"
	"testing"

	"dotproxy/app/control"
)

func TestFlagsBeforeWhatIsSaved(t *testing.T) {
	home := []string{"192.168.1.2"}
	for name, c := range map[string]struct {
		saved  []string // nil for the default
		status control.Status
		gone   bool
		port   string
		listen string // part of the hint
		warns  bool
	}{
		"as saved":           {nil, control.Status{Listen: []string{"127.0.0.1:53", "[::1]:53"}}, false, "53 is the port of DNS", "Who can ask: only this computer", false},
		"another port":       {nil, control.Status{Listen: []string{"127.0.0.1:5300", "[::1]:5300"}}, false, "The command line says 5300 until the next start.", "only this computer", false},
		"no IPv6":            {nil, control.Status{Listen: []string{"127.0.0.1:53"}}, false, "53 is the port of DNS", "DoT Proxy answers on 127.0.0.1 now.", false},
		"a build's default":  {nil, control.Status{Listen: []string{"0.0.0.0:53"}}, false, "53 is", "DoT Proxy answers on 0.0.0.0 now.", true},
		"another address":    {home, control.Status{Listen: []string{"127.0.0.1:53"}}, false, "53 is", "The command line says 127.0.0.1 until the next start.", false},
		"passed by manager":  {nil, control.Status{Listen: []string{"127.0.0.1:5300"}, PortBy: control.PortByPassed}, false, "53 is", "only this computer", false},
		"no engine":          {nil, control.Status{Listen: []string{"127.0.0.1:5300"}}, true, "53 is", "only this computer", false},
		"nothing is known":   {nil, control.Status{}, false, "53 is", "only this computer", false},
		"not an address":     {nil, control.Status{Listen: []string{"x"}}, false, "53 is", "only this computer", false},
		"beyond, from flags": {[]string{"127.0.0.1", "127.0.0.2"}, control.Status{Listen: []string{"0.0.0.0:53"}}, false, "53 is", "The command line says 0.0.0.0", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := control.Default()
			if c.saved != nil {
				s.Listen = c.saved
			}
			f := NewForm()
			f.Load(s, nil, false)
			f.See(c.status, !c.gone)
			if got := f.Hint(FieldPort); !strings.HasPrefix(got, c.port) {
				t.Errorf("port: %q", got)
			}
			if got := f.Hint(FieldListen); !strings.Contains(got, c.listen) || f.Warns(FieldListen) != c.warns {
				t.Errorf("addresses: %q, warns %v", got, f.Warns(FieldListen))
			}
			if f.Value(FieldPort) != "53" {
				t.Errorf("the saved port reads %q", f.Value(FieldPort))
			}
			if f.Set(FieldPort, "54"); f.Hint(FieldPort) != "53 is the port of DNS" {
				t.Errorf("while typing: %q", f.Hint(FieldPort))
			}
		})
	}
}
