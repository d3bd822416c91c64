package systemdns

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// polkit's rules allow the service's user what the mechanisms need, and no more.
func TestRules(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile("../../packaging/linux/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	rules := read("io.github.dotproxy.DotProxy.rules")
	var have []string
	for _, m := range regexp.MustCompile(`"(org\.freedesktop\.[^"]+)"`).FindAllStringSubmatch(rules, -1) {
		have = append(have, m[1])
	}
	want := []string{nmName + ".network-control"}
	for _, action := range resolvedActions {
		want = append(want, resolvedName+"."+action)
		// systemd-networkd has the same ones, save for a name.
		want = append(want, networkdName+"."+strings.Replace(action, "revert", "revert-dns", 1))
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("the rules allow %v\nneeded are %v", have, want)
	}
	for file, line := range map[string]string{
		"io.github.dotproxy.DotProxy.rules": `subject.user === "dotproxy"`,
		"dot-proxy.service":                 "\nUser=dotproxy\n",
		"dot-proxy.sysusers":                "\nu dotproxy ",
		"dot-proxy.tmpfiles":                " dotproxy dotproxy ",
	} {
		if !strings.Contains(read(file), line) {
			t.Errorf("%s lacks %q", file, line)
		}
	}
}
