// Package portal finds out whether the network wants a sign-in before it lets
// anything through: a hotel's or a train's page.
package portal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// The question that is asked of every network alike. Whoever listens learns
// nothing from it, neither of the user nor that this program is here: each
// Firefox asks the same, of the same server, when it starts and when the network
// changes, and networks with a sign-in know it and answer with their page.
const (
	defaultURL  = "http://detectportal.firefox.com/success.txt"
	defaultWant = "success"
)

const (
	// askPatience bounds the HTTP request.
	askPatience = 5 * time.Second
	// maxHeader and maxBody bound what is read of an answer, in bytes.
	maxHeader = 64 << 10
	maxBody   = 1 << 10
	// maxURL bounds a page's address, in bytes.
	maxURL = 2 << 10
)

// Result is what was found out.
type Result struct {
	// Portal is set where the network answers with a page of its own. It is not
	// where the internet was reached.
	Portal bool
	// URL is where a browser finds that page, http or https; empty where there
	// is none. The network chose it: it is for the user to open, not for us.
	URL string
}

// Detector asks. Its methods may be called at the same time.
type Detector struct {
	// URL is asked for over HTTP. Its host is looked up at the network's
	// resolvers.
	URL string
	// Want is the text of the answer of the internet, spaces around it aside; an
	// answer 204 is one too.
	Want string
	// Dial opens connections, “udp” to resolvers and “tcp” to the host.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Check is Detector.Check with the usual question.
func Check(ctx context.Context, resolvers []netip.AddrPort) (Result, error) {
	d := Detector{URL: defaultURL, Want: defaultWant, Dial: new(net.Dialer).DialContext}
	return d.Check(ctx, resolvers)
}

// Check finds out whether the network wants a sign-in. It leaves in clear text,
// so it is for the moment after a change of network in which no provider
// answers, and for a sign-in under way, and never for normal operation. It asks
// for one fixed name and one fixed page: no query of the user's is in it.
//
// resolvers are the network's own, none of them this program. An error, one
// sentence without a final full stop, says why nothing could be found out; it
// takes eight seconds at most.
func (d Detector) Check(ctx context.Context, resolvers []netip.AddrPort) (Result, error) {
	page, err := url.Parse(d.URL)
	if err != nil {
		return Result{}, err
	}
	addrs, err := d.lookup(ctx, page.Hostname(), resolvers)
	if err != nil {
		return Result{}, err
	}
	port := page.Port()
	if port == "" {
		port = "80"
	}
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.URL, nil)
	if err != nil {
		return Result{}, err
	}
	request.Header.Set("User-Agent", "") // it would tell what asks
	transport := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return d.dialAny(ctx, addrs, port) },
		DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxHeader,
	}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	switch {
	case outer.Err() != nil:
		return Result{}, context.Cause(outer)
	case err != nil:
		return Result{}, fmt.Errorf("%s cannot be reached: %w", page.Hostname(), silence(ctx, err))
	}
	defer response.Body.Close()
	return d.judge(page, response)
}

// dialAny connects to the first of the addresses that takes it.
func (d Detector) dialAny(ctx context.Context, addrs []netip.Addr, port string) (conn net.Conn, err error) {
	for i, a := range addrs {
		left := askPatience
		if end, ok := ctx.Deadline(); ok {
			left = time.Until(end)
		}
		try, cancel := context.WithTimeout(ctx, left/time.Duration(len(addrs)-i))
		conn, err = d.Dial(try, "tcp", net.JoinHostPort(a.String(), port))
		cancel()
		if err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// judge tells what an answer says.
func (d Detector) judge(page *url.URL, r *http.Response) (Result, error) {
	switch {
	case r.StatusCode == http.StatusNoContent:
		return Result{}, nil
	case r.StatusCode >= 300 && r.StatusCode < 400:
		return Result{Portal: true, URL: signIn(page, r.Header.Get("Location"))}, nil
	case r.StatusCode == http.StatusNetworkAuthenticationRequired: // RFC 6585 section 6
		return Result{Portal: true, URL: page.String()}, nil
	case r.StatusCode != http.StatusOK:
		return Result{}, fmt.Errorf("%s answers only %s", page.Hostname(), r.Status)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	switch text := strings.TrimSpace(string(body)); {
	case text == d.Want:
		return Result{}, nil
	case text != "": // a page, were it only half of one
		return Result{Portal: true, URL: page.String()}, nil
	case err != nil:
		return Result{}, fmt.Errorf("%s ended its answer: %w", page.Hostname(), err)
	}
	return Result{}, errors.New(page.Hostname() + " answers with an empty page")
}

// signIn is the page that a redirect leads to; where that is none for a browser,
// the one that was asked for, which leads there too.
func signIn(page *url.URL, location string) string {
	u, err := page.Parse(location)
	if err != nil || len(location) > maxURL || u.Scheme != "http" && u.Scheme != "https" || u.User != nil ||
		u.Hostname() == "" || strings.ContainsFunc(u.Host, func(c rune) bool { return !isHost(c) }) {
		return page.String()
	}
	text := escape(u.String())
	if _, err := url.Parse(text); err != nil { // stricter than where the scheme is left out
		return page.String()
	}
	return text
}

// isHost tells whether a character may be in a host and its port.
func isHost(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-._:[]", c)
}

// escape escapes what no URL may contain (RFC 3986 section 2), though networks
// send it.
func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c < 0x80 && (isHost(rune(c)) || strings.IndexByte("~/?#@!$&'()*+,;=%", c) >= 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
