package guard

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net"
	"os/exec"
	"runtime"
	"time"
)

// The patience with a verification, in all, and between two lookups: managers
// of networks take their time to write what they were told.
const (
	verifyPatience = 3 * time.Second
	verifyPause    = 200 * time.Millisecond
)

// NewNonce makes a name that nobody asked for before, fully qualified.
func NewNonce() string {
	digits := make([]byte, nonceDigits/2)
	_, _ = rand.Read(digits)
	return hex.EncodeToString(digits) + nonceSuffix
}

// proof is what shows that programs ask the engine: it tells when a query for
// name came in.
type proof struct {
	name    string
	arrived <-chan struct{}
}

// verify has lookup ask for the proof's name until it arrives. It returns
// errNotArrived where that takes too long, or the error of ctx.
func verify(ctx context.Context, p proof, lookup func(ctx context.Context, name string)) error {
	patience, cancel := context.WithTimeout(ctx, verifyPatience)
	done := make(chan struct{})
	defer func() { cancel(); <-done }()
	go func() {
		defer close(done)
		pause := time.NewTicker(verifyPause)
		defer pause.Stop()
		for patience.Err() == nil {
			lookup(patience, p.name)
			select {
			case <-patience.Done():
			case <-pause.C:
			}
		}
	}()
	select {
	case <-p.arrived:
		return nil
	case <-patience.Done():
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errNotArrived
}

// Lookup asks for name as this computer's programs do: the C library knows
// nsswitch.conf(5) and whatever is configured there. Whether an answer comes is
// told by the engine alone.
func Lookup(ctx context.Context, name string) {
	if getent, err := exec.LookPath("getent"); err == nil && runtime.GOOS != "windows" {
		cmd := exec.CommandContext(ctx, getent, "ahosts", name)
		cmd.WaitDelay = 100 * time.Millisecond
		_ = cmd.Run()
		return
	}
	// Go reads resolv.conf again after five seconds; a guard seldom asks twice.
	_, _ = net.DefaultResolver.LookupHost(ctx, name)
}
