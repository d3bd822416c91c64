package control

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// lastWrite is how long a stream's last lines may take at Shutdown.
const lastWrite = 250 * time.Millisecond

// table lists every pattern that is answered.
func (s *Server) table() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /v1/status":          func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.c.Status()) },
		"POST /v1/start":          s.command(s.c.Start),
		"POST /v1/stop":           s.command(s.c.Stop),
		"POST /v1/quit":           s.command(s.c.Quit),
		"POST /v1/use":            s.use,
		"POST /v1/system-dns":     s.systemDNS,
		"POST /v1/pause":          s.pause,
		"POST /v1/resume":         s.command(s.c.Resume),
		"POST /v1/sign-in":        s.command(s.c.SignIn),
		"GET /v1/settings":        func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.c.Settings()) },
		"PUT /v1/settings":        s.apply,
		"GET /v1/providers":       func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, notNil(s.c.Providers())) },
		"POST /v1/providers/test": s.testProviders,
		"GET /v1/check":           func(w http.ResponseWriter, r *http.Request) { writeJSON(w, notNil(s.c.Check(r.Context()))) },
		"GET /v1/designated":      s.designated,
		"GET /v1/network":         func(w http.ResponseWriter, r *http.Request) { writeJSON(w, s.c.Network(r.Context())) },
		"GET /v1/queries":         s.queries,
		"GET /v1/blocked":         func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, notNil(s.c.Blocked())) },
		"POST /v1/release":        s.release,
		"GET /v1/events":          s.events,
		"GET /metrics":            s.metrics,
	}
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, handler := range s.table() {
		mux.HandleFunc(pattern, handler)
	}
	return mux
}

// command answers a request without a body by doing do.
func (s *Server) command(do func(context.Context) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.finish(w, r, readEmpty(w, r), do)
	}
}

func (s *Server) use(w http.ResponseWriter, r *http.Request) {
	body, p := readBody[useRequest](w, r)
	if p == nil && body.Upstream == "" {
		p = BadValue("upstream", "The name of the provider is empty.", "Give an id such as quad9, or an address and name.")
	}
	s.finish(w, r, p, func(ctx context.Context) error { return s.c.Use(ctx, body.Upstream) })
}

func (s *Server) systemDNS(w http.ResponseWriter, r *http.Request) {
	body, p := readBody[systemDNSRequest](w, r)
	if p == nil && !slices.Contains([]string{SystemDNSOn, SystemDNSOff, SystemDNSRepair}, body.Action) {
		p = BadValue("action", "This computer’s DNS cannot be set to "+Quote(body.Action)+".", "Choose on, off or repair.")
	}
	s.finish(w, r, p, func(ctx context.Context) error { return s.c.SystemDNS(ctx, body.Action) })
}

func (s *Server) pause(w http.ResponseWriter, r *http.Request) {
	body, p := readBody[Pause](w, r)
	if p == nil {
		p = body.Check()
	}
	s.finish(w, r, p, func(ctx context.Context) error { return s.c.Pause(ctx, body) })
}

func (s *Server) designated(w http.ResponseWriter, r *http.Request) {
	list, err := s.c.Designated(r.Context())
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	writeJSON(w, notNil(list))
}

// finish does what a body asked for, where there is no problem with it, and
// answers with the new status.
func (s *Server) finish(w http.ResponseWriter, r *http.Request, p *Problem, do func(context.Context) error) {
	if p != nil {
		writeProblem(w, p)
		return
	}
	if err := do(r.Context()); err != nil {
		s.refuse(w, r, err)
		return
	}
	writeJSON(w, s.c.Status())
}

func (s *Server) release(w http.ResponseWriter, r *http.Request) {
	body, p := readBody[releaseRequest](w, r)
	if p == nil && body.Client == "" {
		p = BadValue("client", "The client is empty.", "Give an address, or a prefix as the list of blocked clients has it.")
	}
	if p != nil {
		writeProblem(w, p)
		return
	}
	if err := s.c.Release(r.Context(), body.Client); err != nil {
		s.refuse(w, r, err)
		return
	}
	writeJSON(w, notNil(s.c.Blocked()))
}

func (s *Server) apply(w http.ResponseWriter, r *http.Request) {
	body, p := readBody[Settings](w, r)
	if p != nil {
		writeProblem(w, p)
		return
	}
	if err := s.c.Apply(r.Context(), body); err != nil {
		s.refuse(w, r, err)
		return
	}
	writeJSON(w, s.c.Settings())
}

func (s *Server) queries(w http.ResponseWriter, r *http.Request) {
	limit := 0
	if text := r.URL.Query().Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil {
			writeProblem(w, &Problem{Code: CodeBadRequest, Message: "The limit " + Quote(text) + " is not a number.", Hint: "Give how many queries are wanted, 0 for all."})
			return
		}
		if limit < 0 {
			writeProblem(w, BadValue("limit", "The limit is negative.", "Give how many queries are wanted, 0 for all."))
			return
		}
	}
	writeJSON(w, notNil(s.c.Queries(limit)))
}

func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.c.WriteMetrics(w)
}

func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	stream(s, w, r, func(ctx context.Context) (<-chan Event, error) { return s.c.Subscribe(ctx), nil })
}

func (s *Server) testProviders(w http.ResponseWriter, r *http.Request) {
	body, p := readBody[testRequest](w, r)
	if p != nil {
		writeProblem(w, p)
		return
	}
	stream(s, w, r, func(ctx context.Context) (<-chan TestEvent, error) { return s.c.TestProviders(ctx, body.Upstreams) })
}

// stream writes one JSON line an event and flushes whenever no other waits. A
// reader that does not read holds up this goroutine alone.
func stream[T any](s *Server, w http.ResponseWriter, r *http.Request, open func(context.Context) (<-chan T, error)) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	events, err := open(ctx)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	control := http.NewResponseController(w)
	defer context.AfterFunc(s.streams, func() {
		cancel()
		// It may be blocked in a write to a reader that does not read.
		_ = control.SetWriteDeadline(time.Now().Add(lastWrite))
	})()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	lines := json.NewEncoder(w)
	for e := range events {
		if lines.Encode(e) != nil {
			return
		}
		if len(events) == 0 && control.Flush() != nil {
			return
		}
	}
}

// refuse answers with the controller's error.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := asProblem(err)
	if p.Code == CodeInternal {
		s.log.Error("a control request failed", "path", r.URL.Path, "error", err)
	}
	writeProblem(w, p)
}
