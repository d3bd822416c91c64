package control

import (
	"context"
	"fmt"
	"net"
	"time"
)

// lockPatience is how long an engine waits for one that is just ending.
const lockPatience = 2 * time.Second

// guarded is a connection whose other end was looked at.
type guarded struct {
	net.Conn
	// allowed tells whether the peer may steer this engine.
	allowed bool
}

// running is the problem of a socket that another engine answers on; pid 0
// means that its process is not known.
func running(pid int) *Problem {
	p := &Problem{Code: CodeRunning, Message: "DoT Proxy is already running.", Hint: "Use it, or end it with Quit in its tray."}
	if pid > 0 {
		p.Message = fmt.Sprintf("DoT Proxy is already running (process %d).", pid)
	}
	return p
}

// runningAt returns the problem of the engine that answered on conn, which it
// closes.
func runningAt(path string, conn net.Conn) *Problem {
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s, err := NewClient(path).Status(ctx); err == nil {
		return running(s.PID)
	}
	return running(peerPID(conn))
}
