package resolvertest

import (
	"time"

	"github.com/miekg/dns"
)

// Faults says how the server misbehaves. The zero value is a good server.
// Several may be set at once where that makes sense.
type Faults struct {
	// For a connection, looked at when it is accepted.

	// HangHandshake reads what comes and never says a word.
	HangHandshake bool
	// CloseOnAccept and ResetOnAccept end the connection before TLS begins.
	CloseOnAccept, ResetOnAccept bool
	// HandshakeAlert refuses the TLS handshake with a fatal internal_error.
	HandshakeAlert bool
	// HandshakeDelay passes before the TLS handshake.
	HandshakeDelay time.Duration

	// For a connection, looked at after each query and answer.

	// IdleClose closes the connection when this long no query came and none is
	// being answered; counted from the handshake or the last query. 0 is never.
	IdleClose time.Duration
	// CloseAfterAnswers closes the connection after so many answers on it,
	// ResetAfterAnswers resets it (RST). 0 is never.
	CloseAfterAnswers, ResetAfterAnswers int
	// NoCloseNotify leaves out TLS's close_notify wherever the server closes.
	NoCloseNotify bool

	// For a query, looked at when it arrives.

	// Delay passes before the answer, and up to DelayJitter more at random.
	Delay, DelayJitter time.Duration
	// Mute gives no answer.
	Mute bool
	// CloseBefore closes the connection instead of answering, ResetBefore resets
	// it (RST); both after Delay.
	CloseBefore, ResetBefore bool
	// Alert ends the connection instead of answering, with an encrypted, fatal
	// TLS alert; after Delay.
	Alert bool
	// Reorder holds back that many answers of the connection and then sends them
	// last first, in one piece; fewer are sent 100 ms after the last came.
	Reorder int

	// RCode, if not 0, replaces the answer by an empty one with that code.
	RCode int
	// EDE is added to the answer (RFC 8914), if the query had EDNS.
	EDE *dns.EDNS0_EDE
	// Keepalive is announced in each answer (edns-tcp-keepalive, RFC 7828), if
	// the query had EDNS, in steps of 100 ms; a pointer to 0 asks the client to
	// close. nil announces nothing.
	Keepalive *time.Duration

	// WrongID changes the answer's id to one that is not in flight,
	// WrongQuestion its question.
	WrongID, WrongQuestion bool
	// Garbage sends a frame of bytes that are no DNS message, ZeroFrame an empty
	// frame, TruncatedFrame a frame with the first half of the answer.
	Garbage, ZeroFrame, TruncatedFrame bool
	// HalfFrame sends the length and the first half of the answer and closes,
	// HalfFrameHang does so and sends nothing more on this connection.
	HalfFrame, HalfFrameHang bool
	// AlsoRight sends the right answer after one that the faults above spoiled.
	AlsoRight bool
	// Duplicate sends the answer twice.
	Duplicate bool
	// SlowBytes sends the answer byte by byte, each in its own TLS record, with
	// this pause between them.
	SlowBytes time.Duration
}

// Script chooses faults. conn counts accepted connections from 1; query counts
// the queries on that connection from 1 and is 0 for the connection itself,
// before any query. It is called from many goroutines.
type Script func(conn, query int) Faults

// SetFaults makes the server behave like that from now on, everywhere.
func (s *Server) SetFaults(f Faults) {
	s.SetScript(func(int, int) Faults { return f })
}

// SetScript makes the server ask script how to behave from now on.
func (s *Server) SetScript(script Script) { s.script.Store(&script) }
