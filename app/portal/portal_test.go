package portal

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	resolverAddr = "10.0.0.1:53"
	otherAddr    = "10.0.0.2:53"
	hostAddr     = "192.0.2.80:80"
)

// gateway is a network: what its resolvers say to a query, nil for nothing, and
// what is sent to a request over HTTP, empty for nothing.
type gateway struct {
	dns  map[string]func(q *dns.Msg) []*dns.Msg
	http map[string]string

	mu       sync.Mutex
	queries  []string // resolver, name and type
	requests []*http.Request
}

func (g *gateway) dial(ctx context.Context, network, address string) (net.Conn, error) {
	client, server := net.Pipe()
	switch say, reply := g.dns[address], g.http[address]; {
	case network == "udp" && say != nil:
		go g.resolve(server, address, say)
	case network == "tcp" && reply == "refused":
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	case network == "tcp" && reply == "swallowed":
		<-ctx.Done()
		return nil, ctx.Err()
	case network == "tcp" && g.http != nil:
		go g.serve(server, reply)
	default:
		return nil, &net.OpError{Op: "dial", Err: syscall.ENETUNREACH}
	}
	return client, nil
}

func (g *gateway) resolve(c net.Conn, at string, say func(q *dns.Msg) []*dns.Msg) {
	defer c.Close()
	buf := make([]byte, 512)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		q := new(dns.Msg)
		if q.Unpack(buf[:n]) != nil {
			return
		}
		g.mu.Lock()
		g.queries = append(g.queries, at+" "+q.Question[0].Name+" "+dns.TypeToString[q.Question[0].Qtype])
		g.mu.Unlock()
		for _, m := range say(q) {
			raw, _ := m.Pack()
			if _, err := c.Write(raw); err != nil {
				return
			}
		}
	}
}

func (g *gateway) serve(c net.Conn, reply string) {
	defer c.Close()
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	g.mu.Lock()
	g.requests = append(g.requests, r)
	g.mu.Unlock()
	if _, err := io.WriteString(c, reply); err == nil && reply == "" {
		_, _ = io.Copy(io.Discard, c) // until the client hangs up
	}
}

// has answers with addresses.
func has(addrs ...string) func(q *dns.Msg) []*dns.Msg {
	return func(q *dns.Msg) []*dns.Msg {
		m := new(dns.Msg).SetReply(q)
		for _, a := range addrs {
			ip := netip.MustParseAddr(a)
			h := dns.RR_Header{Name: q.Question[0].Name, Class: dns.ClassINET, Ttl: 60}
			switch {
			case ip.Is4() && q.Question[0].Qtype == dns.TypeA:
				h.Rrtype = dns.TypeA
				m.Answer = append(m.Answer, &dns.A{Hdr: h, A: ip.AsSlice()})
			case ip.Is6() && q.Question[0].Qtype == dns.TypeAAAA:
				h.Rrtype = dns.TypeAAAA
				m.Answer = append(m.Answer, &dns.AAAA{Hdr: h, AAAA: ip.AsSlice()})
			}
		}
		return []*dns.Msg{m}
	}
}

func mute(*dns.Msg) []*dns.Msg { return nil }

// check asks a network, as Check would, and tells how long it took.
func check(ctx context.Context, g *gateway) (Result, time.Duration, error) {
	began := time.Now()
	d := Detector{URL: defaultURL, Want: defaultWant, Dial: g.dial}
	var resolvers []netip.AddrPort
	for at := range g.dns {
		resolvers = append(resolvers, netip.MustParseAddrPort(at))
	}
	slices.SortFunc(resolvers, netip.AddrPort.Compare)
	r, err := d.Check(ctx, resolvers)
	return r, time.Since(began), err
}

const redirect = "HTTP/1.1 302 Found\r\nLocation: https://login.hotel.example/?mac=1\r\n\r\n"

// What the network answers over HTTP tells.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		reply string
		want  Result
		err   string
	}{
		"the internet":            {reply: "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsuccess\n"},
		"the internet, 204":       {reply: "HTTP/1.1 204 No Content\r\n\r\n"},
		"a redirect":              {reply: redirect, want: Result{true, "https://login.hotel.example/?mac=1"}},
		"one on the gateway":      {reply: "HTTP/1.0 307 Moved\r\nLocation: http://10.0.0.1/login\r\n\r\n", want: Result{true, "http://10.0.0.1/login"}},
		"a relative one":          {reply: "HTTP/1.1 303 See Other\r\nLocation: /login\r\n\r\n", want: Result{true, "http://detectportal.firefox.com/login"}},
		"one that is too long":    {reply: "HTTP/1.1 302 Found\r\nLocation: http://login.example/" + strings.Repeat("x", maxURL) + "\r\n\r\n", want: Result{true, defaultURL}},
		"one as it should not be": {reply: "HTTP/1.1 302 Found\r\nLocation: http://login.example/a b?c=\"ü|\r\n\r\n", want: Result{true, "http://login.example/a%20b?c=%22%C3%BC%7C"}},
		"one to no page":          {reply: "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", want: Result{true, defaultURL}},
		"one to nowhere":          {reply: "HTTP/1.1 302 Found\r\n\r\n", want: Result{true, defaultURL}},
		"a page":                  {reply: "HTTP/1.1 200 OK\r\n\r\n<html>Welcome", want: Result{true, defaultURL}},
		"a long page":             {reply: "HTTP/1.1 200 OK\r\n\r\nsuccess" + strings.Repeat("x", 1<<20), want: Result{true, defaultURL}},
		"half a page":             {reply: "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<html>", want: Result{true, defaultURL}},
		"511":                     {reply: "HTTP/1.1 511 Network Authentication Required\r\n\r\n", want: Result{true, defaultURL}},
		"no page":                 {reply: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", err: "detectportal.firefox.com answers with an empty page"},
		"nothing of one":          {reply: "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n", err: "detectportal.firefox.com ended its answer: unexpected EOF"},
		"an error":                {reply: "HTTP/1.1 503 Service Unavailable\r\n\r\n", err: "detectportal.firefox.com answers only 503 Service Unavailable"},
		"no HTTP":                 {reply: "220 mail.example ESMTP\r\n", err: "detectportal.firefox.com cannot be reached: net/http: HTTP/1.x transport connection broken: malformed HTTP status code \"mail.example\""},
		"refused":                 {reply: "refused", err: "detectportal.firefox.com cannot be reached: dial: connection refused"},
		"an endless header":       {reply: "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 2*maxHeader), err: "detectportal.firefox.com cannot be reached: net/http: HTTP/1.x transport connection broken: net/http: server response headers exceeded 65536 bytes; aborted"},
		"no answer":               {reply: "", err: "detectportal.firefox.com cannot be reached: it does not answer"},
		"nothing let through":     {reply: "swallowed", err: "detectportal.firefox.com cannot be reached: it does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gateway{dns: map[string]func(*dns.Msg) []*dns.Msg{resolverAddr: has("192.0.2.80")}, http: map[string]string{hostAddr: c.reply}}
				got, took, err := check(t.Context(), g)
				if got != c.want || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
					t.Errorf("%+v, error %v", got, err)
				}
				if want := askPatience; (c.reply == "" || c.reply == "swallowed") && took != want {
					t.Errorf("took %v, want %v", took, want)
				}
			})
		})
	}
}

// Nothing but the one name and page is asked for, and nothing says who asks.
func TestWhatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		t.Setenv("http_proxy", "http://192.0.2.99:3128")
		g := &gateway{dns: map[string]func(*dns.Msg) []*dns.Msg{resolverAddr: has("192.0.2.80")}, http: map[string]string{hostAddr: redirect}}
		if _, _, err := check(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		if want := []string{resolverAddr + " detectportal.firefox.com. A"}; !slices.Equal(g.queries, want) {
			t.Errorf("queries %q", g.queries)
		}
		if len(g.requests) != 1 {
			t.Fatalf("%d requests", len(g.requests))
		}
		r := g.requests[0]
		if r.Method != "GET" || r.Host != "detectportal.firefox.com" || r.RequestURI != "/success.txt" || len(r.Header) != 1 || r.Header.Get("Connection") != "close" {
			t.Errorf("request %s %s %s %v", r.Method, r.Host, r.RequestURI, r.Header)
		}
	})
}

func TestResolvers(t *testing.T) {
	forged := func(q *dns.Msg) []*dns.Msg {
		id, name, query := has("192.0.2.66")(q)[0], has("192.0.2.66")(q)[0], q.Copy()
		id.Id++
		name.Question[0].Name = "other.example."
		return append([]*dns.Msg{id, name, query}, has("192.0.2.80")(q)...)
	}
	second := func() func(q *dns.Msg) []*dns.Msg {
		n := 0
		return func(q *dns.Msg) []*dns.Msg {
			if n++; n == 1 {
				return nil
			}
			return has("192.0.2.80")(q)
		}
	}
	const unknown = "the network’s DNS server did not tell where detectportal.firefox.com is: "
	for name, c := range map[string]struct {
		one, two func(*dns.Msg) []*dns.Msg // nil: there is no such server
		took     time.Duration
		err      string
	}{
		"none":                         {err: "the network names no DNS server of its own"},
		"one is mute":                  {one: mute, two: has("192.0.2.80")},
		"a datagram is lost":           {one: second(), took: lookupAgain},
		"all are mute":                 {one: mute, two: mute, took: lookupPatience, err: unknown + "it does not answer"},
		"no such name":                 {one: func(q *dns.Msg) []*dns.Msg { return []*dns.Msg{new(dns.Msg).SetRcode(q, dns.RcodeNameError)} }, err: unknown + "it knows no address of it"},
		"IPv6 alone":                   {one: has("2001:db8::80")},
		"this computer":                {one: has("127.0.0.1", "0.0.0.0", "::1"), err: unknown + "it knows no address of it"},
		"what is no answer is ignored": {one: forged},
		"the first address is dead":    {one: has("192.0.2.81", "192.0.2.80")},
		"the first address is mute":    {one: has("192.0.2.82", "192.0.2.80"), took: askPatience / 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gateway{dns: map[string]func(*dns.Msg) []*dns.Msg{}, http: map[string]string{hostAddr: redirect, "[2001:db8::80]:80": redirect, "192.0.2.81:80": "refused", "192.0.2.82:80": "swallowed"}}
				for at, say := range map[string]func(*dns.Msg) []*dns.Msg{resolverAddr: c.one, otherAddr: c.two} {
					if say != nil {
						g.dns[at] = say
					}
				}
				got, took, err := check(t.Context(), g)
				if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err || got.Portal != (c.err == "") || took != c.took {
					t.Errorf("%+v after %v, error %v", got, took, err)
				}
			})
		})
	}
}

// Whoever asked may leave.
func TestCheckEndsWithItsContext(t *testing.T) {
	left := errors.New("left")
	for name, g := range map[string]*gateway{
		"in the lookup":  {dns: map[string]func(*dns.Msg) []*dns.Msg{resolverAddr: mute}},
		"in the request": {dns: map[string]func(*dns.Msg) []*dns.Msg{resolverAddr: has("192.0.2.80")}, http: map[string]string{hostAddr: ""}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), 500*time.Millisecond, left)
				defer cancel()
				if _, took, err := check(ctx, g); !errors.Is(err, left) || took != 500*time.Millisecond {
					t.Errorf("after %v: %v", took, err)
				}
			})
		})
	}
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A page to sign in at is one that a browser may be sent to.
func FuzzSignIn(f *testing.F) {
	for _, location := range []string{"https://login.example/?a=b", "/login", "//login.example", "javascript:alert(1)", "http://user@login.example", "--help", "http://[::1"} {
		f.Add(location)
	}
	f.Fuzz(func(t *testing.T, location string) {
		d := Detector{URL: defaultURL}
		r, err := d.judge(mustParse(t, d.URL), &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {location}}, Body: http.NoBody})
		if err != nil || !r.Portal {
			t.Fatalf("%+v, %v", r, err)
		}
		u := mustParse(t, r.URL)
		if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(r.URL, "\x00\r\n \"<>`\\|{}") {
			t.Errorf("%q leads to %q", location, r.URL)
		}
	})
}
