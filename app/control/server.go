package control

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"
)

// Server answers the control API for a Controller. API.md documents every
// message.
type Server struct {
	c    Controller
	log  *slog.Logger
	http *http.Server
	// streams ends the event streams, which would hold up Shutdown for ever.
	streams context.Context
	end     context.CancelFunc
}

// NewServer returns a server of c. Faults of the engine itself go to log; nil
// discards them.
func NewServer(c Controller, log *slog.Logger) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{c: c, log: log}
	s.streams, s.end = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:           s.guard(s.routes()),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			if g, ok := conn.(guarded); ok && !g.allowed {
				return context.WithValue(ctx, refusedKey{}, true)
			}
			return ctx
		},
	}
	return s
}

// refusedKey marks the context of a connection whose peer may not steer.
type refusedKey struct{}

// Serve answers connections of l, which Listen made, until Shutdown; then it
// returns nil. It refuses TCP: the API is for this computer's users alone.
func (s *Server) Serve(l net.Listener) error {
	if strings.HasPrefix(l.Addr().Network(), "tcp") {
		_ = l.Close()
		return &Problem{Code: CodeInternal, Message: "The control API is never served over TCP.", Hint: "Give it a unix socket."}
	}
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown closes the listeners, ends event streams and waits for requests
// until ctx ends, when it cuts off the rest and returns the context's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.end()
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close()
	}
	return err
}

// guard refuses strangers, gives every refusal a problem as its body, and
// keeps a panic within its request.
func (s *Server) guard(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(plain http.ResponseWriter, r *http.Request) {
		w := &tracked{ResponseWriter: plain}
		defer func() {
			if v := recover(); v != nil {
				s.survive(w, r, v)
			}
		}()
		if r.Context().Value(refusedKey{}) != nil {
			writeProblem(w, forbidden())
			return
		}
		handler, pattern := mux.Handler(r)
		if pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
			refuseRoute(w, r, handler)
			return
		}
		if p := checkParameters(r, pattern); p != nil {
			writeProblem(w, p)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// survive logs a panic and answers with a problem, or cuts off an answer that
// has already begun.
func (s *Server) survive(w *tracked, r *http.Request, v any) {
	s.log.Error("a control request failed", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
	if w.begun {
		panic(http.ErrAbortHandler)
	}
	writeProblem(w, &Problem{Code: CodeInternal, Message: "The engine failed at this request.", Hint: "Its log says more."})
}

// tracked knows whether an answer has begun.
type tracked struct {
	http.ResponseWriter
	begun bool
}

func (t *tracked) WriteHeader(status int) {
	t.begun = true
	t.ResponseWriter.WriteHeader(status)
}

func (t *tracked) Write(b []byte) (int, error) {
	t.begun = true
	return t.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (t *tracked) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// refuseRoute says why the mux has no handler; fallback is its own refusal,
// which knows the allowed methods.
func refuseRoute(w http.ResponseWriter, r *http.Request, fallback http.Handler) {
	probe := &statusProbe{header: http.Header{}}
	fallback.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		allowed := probe.header.Get("Allow")
		w.Header().Set("Allow", allowed)
		writeProblemStatus(w, http.StatusMethodNotAllowed, &Problem{Code: CodeBadRequest,
			Message: "The method " + Quote(r.Method) + " is not possible here.", Hint: "Use " + allowed + "."})
		return
	}
	writeProblemStatus(w, http.StatusNotFound, &Problem{Code: CodeBadRequest,
		Message: "There is nothing at " + Quote(r.URL.Path) + ".", Hint: "The engine may be of another version than the program that asks."})
}

// statusProbe takes the header of an answer and drops the rest.
type statusProbe struct {
	header http.Header
	status int
}

func (p *statusProbe) Header() http.Header         { return p.header }
func (p *statusProbe) Write(b []byte) (int, error) { return len(b), nil }
func (p *statusProbe) WriteHeader(status int)      { p.status = status }

// checkParameters refuses what no handler would look at.
func checkParameters(r *http.Request, pattern string) *Problem {
	for name := range r.URL.Query() {
		if name != "limit" || pattern != "GET /v1/queries" {
			return &Problem{Code: CodeBadRequest, Message: "The parameter " + Quote(name) + " is not known here.", Hint: "Leave it out."}
		}
	}
	return nil
}
