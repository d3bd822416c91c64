package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	// An engine that neither answers nor refuses for so long hangs.
	clientPatience = 30 * time.Second
	// A change of this computer's DNS may ask somebody for a password first.
	passwordPatience = 3 * time.Minute
	maxReply         = 64 << 20
	maxEventLine     = 4 << 20
)

// Client steers an engine over its control socket. All methods may be called
// at the same time. Every error is a *Problem: CodeNoEngine where no engine
// listens, CodeForbidden where this user may not steer it, otherwise what the
// engine said. Where the context ended a call, the problem wraps its error.
type Client struct {
	path   string
	system atomic.Bool
	http   *http.Client
	// patient waits for longer, for what may ask for a password.
	patient *http.Client
}

// NewClient returns a client of the engine at path. An empty path stands for
// the user's engine and, where there is none, the system's, looked for anew
// with each call.
func NewClient(path string) *Client {
	c := &Client{path: path}
	c.http, c.patient = c.newHTTP(clientPatience), c.newHTTP(passwordPatience)
	return c
}

func (c *Client) newHTTP(patience time.Duration) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: c.dial,
			// A new connection each time finds the engine that is there now.
			DisableKeepAlives:     true,
			ResponseHeaderTimeout: patience,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// System tells whether the engine reached last is the system's (a service or a
// container) and not the user's own.
func (c *Client) System() bool { return c.system.Load() }

// Status asks for the engine's state.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return call[Status](ctx, c, http.MethodGet, "/v1/status", nil)
}

// Start opens the listeners.
func (c *Client) Start(ctx context.Context) error { return c.post(ctx, "/v1/start", nil) }

// Stop closes the listeners; the engine's process stays.
func (c *Client) Stop(ctx context.Context) error { return c.post(ctx, "/v1/stop", nil) }

// Use makes upstream (an id or any form of --dns) the preferred one.
func (c *Client) Use(ctx context.Context, upstream string) error {
	return c.post(ctx, "/v1/use", useRequest{Upstream: upstream})
}

// Quit ends the engine's process.
func (c *Client) Quit(ctx context.Context) error { return c.post(ctx, "/v1/quit", nil) }

// Settings asks for the saved settings.
func (c *Client) Settings(ctx context.Context) (Settings, error) {
	return call[Settings](ctx, c, http.MethodGet, "/v1/settings", nil)
}

// Apply validates, applies and saves s; one bad value changes nothing.
func (c *Client) Apply(ctx context.Context, s Settings) error {
	_, err := call[Settings](ctx, c, http.MethodPut, "/v1/settings", s.Clone())
	return err
}

// SystemDNS does one of the SystemDNS actions.
func (c *Client) SystemDNS(ctx context.Context, action string) error {
	return c.post(ctx, "/v1/system-dns", systemDNSRequest{Action: action})
}

// Pause puts the old DNS back for a while.
func (c *Client) Pause(ctx context.Context, p Pause) error { return c.post(ctx, "/v1/pause", p) }

// Resume ends a pause.
func (c *Client) Resume(ctx context.Context) error { return c.post(ctx, "/v1/resume", nil) }

// SignIn lets this computer reach the sign-in page of its network.
func (c *Client) SignIn(ctx context.Context) error { return c.post(ctx, "/v1/sign-in", nil) }

// Providers asks for the providers that the engine knows.
func (c *Client) Providers(ctx context.Context) ([]Provider, error) {
	return call[[]Provider](ctx, c, http.MethodGet, "/v1/providers", nil)
}

// Designated has the network's own resolvers asked for encrypted ones.
func (c *Client) Designated(ctx context.Context) ([]Designated, error) {
	return call[[]Designated](ctx, c, http.MethodGet, "/v1/designated", nil)
}

// Check looks at what a user relies on, within some seconds.
func (c *Client) Check(ctx context.Context) ([]CheckRow, error) {
	return call[[]CheckRow](ctx, c, http.MethodGet, "/v1/check", nil)
}

// Network asks for the network that the computer is on.
func (c *Client) Network(ctx context.Context) (Network, error) {
	return call[Network](ctx, c, http.MethodGet, "/v1/network", nil)
}

// Queries asks for the latest answered queries, oldest first, at most limit
// (0 means all that are kept).
func (c *Client) Queries(ctx context.Context, limit int) ([]Query, error) {
	return call[[]Query](ctx, c, http.MethodGet, "/v1/queries?limit="+strconv.Itoa(limit), nil)
}

// Blocked asks for the clients that are blocked for asking too much.
func (c *Client) Blocked(ctx context.Context) ([]Blocked, error) {
	return call[[]Blocked](ctx, c, http.MethodGet, "/v1/blocked", nil)
}

// Release ends the block of a client, an address or a prefix, before its time.
func (c *Client) Release(ctx context.Context, client string) error {
	_, err := call[[]Blocked](ctx, c, http.MethodPost, "/v1/release", releaseRequest{Client: client})
	return err
}

// Metrics copies the engine's metrics, in Prometheus' text format, to w. An
// error of w is handed on wrapped in the problem.
func (c *Client) Metrics(ctx context.Context, w io.Writer) error {
	resp, err := c.do(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return broken(ctx, err)
	}
	return nil
}

// Events yields the engine's events, the present status first, until ctx ends
// or the loop is left. An error is the last thing yielded: the engine could not
// be reached or has gone. The end of ctx is no error.
func (c *Client) Events(ctx context.Context) iter.Seq2[Event, error] {
	return lines[Event](ctx, c, http.MethodGet, "/v1/events", nil, false)
}

// TestProviders tries upstreams, none for all that are known or set, and yields
// each event until the test ends. Ending the loop ends the test. An error is the
// last that is yielded.
func (c *Client) TestProviders(ctx context.Context, upstreams []string) iter.Seq2[TestEvent, error] {
	return lines[TestEvent](ctx, c, http.MethodPost, "/v1/providers/test", testRequest{Upstreams: append([]string{}, upstreams...)}, true)
}

// lines reads a stream of T, one a line. With ends, its end is no error.
func lines[T any](ctx context.Context, c *Client, method, path string, body any, ends bool) iter.Seq2[T, error] {
	var none T
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		resp, err := c.do(ctx, method, path, body)
		if err != nil {
			if ctx.Err() == nil {
				yield(none, err)
			}
			return
		}
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, maxEventLine)
		for lines.Scan() {
			var e T
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				yield(none, broken(ctx, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
		if ctx.Err() == nil && (!ends || lines.Err() != nil) {
			yield(none, gone(lines.Err()))
		}
	}
}

func (c *Client) post(ctx context.Context, path string, body any) error {
	_, err := call[Status](ctx, c, http.MethodPost, path, body)
	return err
}

// call sends body and reads a T.
func call[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	var result T
	resp, err := c.do(ctx, method, path, body)
	if err != nil {
		return result, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxReply)).Decode(&result); err != nil {
		return result, broken(ctx, err)
	}
	return result, nil
}

// do sends one request; the answer is a success and its body the caller's.
func (c *Client) do(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var text io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, broken(ctx, err)
		}
		text = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://dot-proxy"+path, text)
	if err != nil {
		return nil, broken(ctx, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	send := c.http
	if path == "/v1/system-dns" {
		send = c.patient
	}
	resp, err := send.Do(req)
	if err != nil {
		return nil, broken(ctx, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	p := new(Problem)
	if json.NewDecoder(io.LimitReader(resp.Body, maxReply)).Decode(p) != nil || p.Code == "" {
		p = &Problem{Code: CodeInternal, Message: fmt.Sprintf("The engine refused with HTTP status %d.", resp.StatusCode),
			Hint: "It may be of another version than this program; restart it."}
	}
	return nil, p
}

// dial reaches the engine at the client's path, or the user's, then the
// system's.
func (c *Client) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if c.path != "" {
		conn, err := dialSocket(ctx, c.path)
		if err != nil {
			return nil, dialProblem(err, false)
		}
		c.system.Store(c.path == SystemPath())
		return conn, nil
	}
	conn, err := dialSocket(ctx, UserPath())
	if err == nil {
		c.system.Store(false)
		return conn, nil
	}
	mine := dialProblem(err, false)
	if conn, err = dialSocket(ctx, SystemPath()); err == nil {
		c.system.Store(true)
		return conn, nil
	}
	if theirs := dialProblem(err, true); theirs.Code == CodeForbidden {
		c.system.Store(true)
		return nil, theirs
	}
	return nil, mine
}

func dialProblem(err error, system bool) *Problem {
	if !isForbidden(err) {
		return &Problem{Code: CodeNoEngine, Message: "DoT Proxy is not running.", Hint: "Start it with the tray, or with dot-proxy serve.", cause: err}
	}
	p := forbidden()
	p.cause = err
	if !system {
		p.Message = "This user may not reach that control socket."
	}
	return p
}

// broken turns the failure of a call into a problem.
func broken(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok && ctx.Err() == nil {
		return p
	}
	if cause := ctx.Err(); errors.Is(cause, context.Canceled) {
		return &Problem{Code: CodeInternal, Message: "The request was cancelled.", cause: cause}
	} else if ne, ok := errors.AsType[net.Error](err); cause != nil || ok && ne.Timeout() {
		return &Problem{Code: CodeInternal, Message: "The engine did not answer in time.",
			Hint: "Try again; if it stays so, restart the engine.", cause: errors.Join(cause, err)}
	}
	_, garbled := errors.AsType[*json.SyntaxError](err)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok || garbled {
		return &Problem{Code: CodeInternal, Message: "The engine’s answer could not be understood.",
			Hint: "It may be of another version than this program; restart it.", cause: err}
	}
	return gone(err)
}

// gone is the problem of an engine that ended during a call.
func gone(err error) *Problem {
	return &Problem{Code: CodeNoEngine, Message: "The engine has stopped.", Hint: "Start it with the tray, or with dot-proxy serve.", cause: err}
}

// forbidden is all that somebody learns who may not steer the engine.
func forbidden() *Problem {
	return &Problem{Code: CodeForbidden, Message: "This computer’s DNS is held by an engine that this user may not steer.",
		Hint: "Ask its administrator; members of the group dotproxy may steer the system’s engine."}
}

// releaseRequest is the body of POST /v1/release.
type releaseRequest struct {
	Client string `json:"client"`
}

// systemDNSRequest is the body of POST /v1/system-dns.
type systemDNSRequest struct {
	Action string `json:"action"`
}

// testRequest is the body of POST /v1/providers/test.
type testRequest struct {
	Upstreams []string `json:"upstreams"`
}

// useRequest is the body of POST /v1/use.
type useRequest struct {
	Upstream string `json:"upstream"`
}
