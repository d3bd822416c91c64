package control_test

import (
	"testing"

	"dotproxy/app/control"
)

func TestMatchName(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"www.Example.com.", "EXAMPLE", true},
		{"www.example.com.", "com.", true},
		{"www.example.com.", " example ", true},
		{"www.example.com.", ".example.com", true},
		{"example.com.", "*.example.com.", true},
		{"notexample.com.", ".example.com", false},
		{"example.com.", ".", true},
		{".", ".", true},
		{"example.com.", "gogle", false},
		{"", "a", false},
	} {
		if got := control.MatchName(c.name, c.text); got != c.want {
			t.Errorf("%q with %q: %v", c.name, c.text, got)
		}
	}
}
