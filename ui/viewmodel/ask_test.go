package viewmodel

import (
	"net"
	"net/netip"
	"testing"

	"dotproxy/app/control"
)

func TestAskAddress(t *testing.T) {
	for _, c := range []struct {
		state  control.State
		listen []string
		want   string
	}{
		{control.Protected, []string{"127.0.0.1:53", "[::1]:53"}, "127.0.0.1:53"},
		{control.Protected, []string{"0.0.0.0:5300"}, "127.0.0.1:5300"},
		{control.Paused, []string{"[::]:53"}, "[::1]:53"},
		{control.Stopped, []string{"127.0.0.1:53"}, ""},
		{control.Failed, []string{"127.0.0.1:53"}, ""},
		{control.Protected, nil, ""},
		{control.Protected, []string{"somewhere"}, ""},
	} {
		at, ok := AskAddress(control.Status{State: c.state, Listen: c.listen})
		if ok != (c.want != "") || ok && at.String() != c.want {
			t.Errorf("%s %v: %v, %v", c.state, c.listen, at, ok)
		}
	}
}

// TestAskExample answers its one query for example.com.
func TestAskExample(t *testing.T) {
	server, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan []byte, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 512)
		for {
			n, from, err := server.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			query := append([]byte(nil), buf[:n]...)
			select {
			case asked <- query:
			default:
			}
			_, _ = server.WriteToUDPAddrPort(answerTo(query), from)
		}
	}()
	defer func() { _ = server.Close(); <-done }()
	if err := AskExample(t.Context(), server.LocalAddr().(*net.UDPAddr).AddrPort()); err != nil {
		t.Fatal(err)
	}
	if got, want := string((<-asked)[12:25]), "\x07example\x03com\x00"; got != want {
		t.Errorf("asked for %q", got)
	}
}

// answerTo makes an answer with one address of a query with one question.
func answerTo(query []byte) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5
	reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, query[12:end]...)
	return append(reply, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1)
}
