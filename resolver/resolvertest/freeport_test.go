package resolvertest_test

import (
	"fmt"
	"net"
	"testing"

	"dotproxy/resolver/resolvertest"
)

func TestFreePort(t *testing.T) {
	port := resolvertest.FreePort(t)
	if port < 10000 || port >= 30000 {
		t.Errorf("port %d may be given to a connection", port)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	u, err := net.ListenPacket("udp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	l, err := net.Listen("tcp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
}
