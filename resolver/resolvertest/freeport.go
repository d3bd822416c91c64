package resolvertest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreePort returns a port of 127.0.0.1 that is free over both UDP and TCP just
// now, for a program that opens it later. It is below those that systems give
// to connections and to listeners without a wish, so that none of these takes
// it meanwhile.
func FreePort(tb testing.TB) int {
	tb.Helper()
	for range 100 {
		port := 10000 + rand.IntN(20000)
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		u, err := net.ListenPacket("udp4", addr)
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp4", addr)
		_ = u.Close()
		if err == nil {
			_ = l.Close()
			return port
		}
	}
	tb.Fatal("no port is free over both UDP and TCP")
	return 0
}
