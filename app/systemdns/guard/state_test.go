package guard

import (
	"encoding/json"
	"strings"
	"testing"
)

const goodNonce = "0123456789abcdef" + nonceSuffix

func TestParseRequest(t *testing.T) {
	cases := []struct {
		line string
		ok   bool
	}{
		{`{"do":"restore"}`, true},
		{`{"do":"status"}`, true},
		{`{"do":"arrived"}`, true},
		{`{"do":"set","addrs":["127.0.0.1:53","[::1]:53"],"nonce":"` + goodNonce + `"}`, true},
		{`{"do":"set","addrs":["127.8.8.8:5353"],"nonce":"` + goodNonce + `"}`, true},
		{`{"do":"set","addrs":["192.0.2.1:53"],"nonce":"` + goodNonce + `"}`, false},
		{`{"do":"set","addrs":["127.0.0.1:53","192.0.2.1:53"],"nonce":"` + goodNonce + `"}`, false},
		{`{"do":"set","addrs":["0.0.0.0:53"],"nonce":"` + goodNonce + `"}`, false},
		{`{"do":"set","addrs":["[::ffff:127.0.0.1]:53"],"nonce":"` + goodNonce + `"}`, false},
		{`{"do":"set","addrs":["[::1%lo]:53"],"nonce":"` + goodNonce + `"}`, false},
		{`{"do":"set","addrs":["127.0.0.1:0"],"nonce":"` + goodNonce + `"}`, false},
		{`{"do":"set","addrs":[""],"nonce":"` + goodNonce + `"}`, false},
		{`{"do":"set","addrs":[],"nonce":"` + goodNonce + `"}`, false},
		{`{"do":"set","addrs":["127.0.0.1:53","127.0.0.2:53","127.0.0.3:53","127.0.0.4:53"],"nonce":"` + goodNonce + `"}`, false},
		{`{"do":"set","addrs":["127.0.0.1:53"]}`, false},
		{`{"do":"set","addrs":["127.0.0.1:53"],"nonce":"--help"}`, false},
		{`{"do":"set","addrs":["127.0.0.1:53"],"nonce":"0123456789abcdeg` + nonceSuffix + `"}`, false},
		{`{"do":"set","addrs":["127.0.0.1:53"],"nonce":"example.com."}`, false},
		{`{"do":"run"}`, false},
		{`{"do":"status","file":"/etc/shadow"}`, false},
		{`{`, false},
		{``, false},
		{`[]`, false},
	}
	for _, c := range cases {
		if _, err := parseRequest([]byte(c.line)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.line, err)
		}
	}
	first, second := NewNonce(), NewNonce()
	if err := checkNonce(first); err != nil || first == second {
		t.Errorf("%q, %q: %v", first, second, err)
	}
}

// FuzzRequest: what is taken points at this computer and names nothing else,
// whoever sent it.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"do":"set","addrs":["127.0.0.1:53"],"nonce":"` + goodNonce + `"}`))
	f.Add([]byte(`{"do":"restore"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRequest(line)
		if err != nil || r.Do != doSet {
			return
		}
		for _, a := range r.Addrs {
			if !a.Addr().IsLoopback() || a.Port() == 0 {
				t.Errorf("%s is taken", a)
			}
		}
		if len(r.Addrs) == 0 || len(r.Addrs) > maxAddrs || strings.HasPrefix(r.Nonce, "-") || strings.ContainsAny(r.Nonce, " \x00/") {
			t.Errorf("%+v is taken", r)
		}
	})
}

// FuzzJournal: a journal that is read is complete, and is read again as it was.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"version":1,"mechanism":"resolv.conf","owner":{"pid":7,"started":"1","boot":"b"},"target":{"addrs":["127.0.0.1:53"]},"backup":{}}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := parseEntry(text)
		if err != nil {
			return
		}
		if e.Mechanism == "" || len(e.Backup) == 0 || len(e.Target.Addrs) == 0 {
			t.Fatalf("%+v is taken", e)
		}
		written := writeLine(e)
		again, err := parseEntry(written)
		if err != nil || string(writeLine(again)) != string(written) || !json.Valid(again.Backup) {
			t.Errorf("%s is read again as %+v, %v", text, again, err)
		}
	})
}
