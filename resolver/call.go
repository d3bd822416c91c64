package resolver

import (
	"errors"
	"sync/atomic"
	"time"
)

// call is one try to have a question answered by one server.
type call struct {
	qu  *question
	srv *server
	// results takes one result; it has room for it.
	results chan<- result
	began   time.Time
	probe   bool // no client asks

	conn      atomic.Pointer[conn] // the one it was sent on last
	cancelled atomic.Bool

	// id, sent and done belong to the connection's lock.
	id   uint16
	sent time.Time
	done bool // nobody waits any more
}

// result is how a call ended: with an answer or with an error.
type result struct {
	call *call
	msg  []byte
	err  error
	// found ends a look-up of an upstream's name instead of a call.
	found *upstream
}

// Reasons for which a connection ends. The queries it left unanswered are
// asked again: they may not have been seen at all.
var (
	errClosedByPeer = errors.New("the server closed the connection")
	errUnsolicited  = errors.New("the server sent an answer to nothing that was asked")
	errBadFrame     = errors.New("the server sent a broken message")
	errSilent       = errors.New("the connection shows no life")
	errIdle         = errors.New("the connection was idle")
	errShutdown     = errors.New("the upstream is no longer used")
)

// lostError says that a connection ended before the answer came. broken is set
// where that was because of what came in the answer's place.
type lostError struct {
	err    error
	broken bool
}

func (e *lostError) Error() string { return "connection lost: " + e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// refusalError says that a server answered with an error and no question.
type refusalError struct{ rcode int }

func (e *refusalError) Error() string { return "the server refused the query" }
