package guard

import (
	"encoding/xml"
	"os"
	"regexp"
	"strings"
	"testing"
)

// What polkit is told is what pkexec(1) is asked for: the program where the
// units have it, and the argument that makes it a guard.
func TestPolicy(t *testing.T) {
	text, err := os.ReadFile("../../../packaging/linux/io.github.dotproxy.DotProxy.policy")
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Actions []struct {
			ID       string `xml:"id,attr"`
			Message  string `xml:"message"`
			Any      string `xml:"defaults>allow_any"`
			Inactive string `xml:"defaults>allow_inactive"`
			Active   string `xml:"defaults>allow_active"`
			Notes    []struct {
				Key   string `xml:"key,attr"`
				Value string `xml:",chardata"`
			} `xml:"annotate"`
		} `xml:"action"`
	}
	if err := xml.Unmarshal(text, &policy); err != nil || len(policy.Actions) != 1 {
		t.Fatalf("%v: %+v", err, policy)
	}
	a := policy.Actions[0]
	if a.ID != "io.github.dotproxy.DotProxy.system-dns" || a.Any != "auth_admin" || a.Inactive != "auth_admin" || a.Active != "auth_admin_keep" ||
		!strings.HasPrefix(a.Message, "DoT Proxy wants to ") {
		t.Errorf("%+v", a)
	}
	program := regexp.MustCompile(`(?m)^ExecStart=(\S+)`).FindStringSubmatch(unitText)[1]
	want := map[string]string{
		"org.freedesktop.policykit.exec.path":  program,
		"org.freedesktop.policykit.exec.argv1": guardArgs[0],
	}
	for _, n := range a.Notes {
		if n.Value != want[n.Key] {
			t.Errorf("%s is %q, want %q", n.Key, n.Value, want[n.Key])
		}
		delete(want, n.Key)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}
