package resolvertest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// alerting is a server's end of a connection that can make TLS end it with an
// alert. crypto/tls sends one, encrypted as the rest is, when it reads a record
// that it cannot decrypt: bad_record_mac (RFC 8446 section 5.2).
type alerting struct {
	net.Conn
	spoiled atomic.Bool
	refuses atomic.Bool // the handshake
}

// badRecord is a record of application data that no key decrypts.
var badRecord = append([]byte{23, 3, 3, 0, 64}, make([]byte, 64)...)

// alert ends the connection with an alert.
func (a *alerting) alert() {
	a.spoiled.Store(true)
	a.SetReadDeadline(time.Unix(1, 0)) // wakes a Read that waits
}

// Read returns what the client sent, and after alert a bad record.
func (a *alerting) Read(p []byte) (int, error) {
	if a.spoiled.Load() {
		return copy(p, badRecord), nil
	}
	n, err := a.Conn.Read(p)
	if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && a.spoiled.Load() {
		return copy(p, badRecord), nil
	}
	return n, err
}

// rest takes what the client still sends, for a second at most: closing at once
// would make the kernel send RST, which may overtake the alert.
func (c *conn) rest() {
	if tcp, ok := c.raw.(*net.TCPConn); ok {
		tcp.CloseWrite()
	}
	c.raw.SetReadDeadline(time.Now().Add(time.Second))
	io.Copy(io.Discard, c.raw)
}

// admit looks at a ClientHello. crypto/tls answers an error with a fatal
// internal_error (RFC 8446 section 6.2).
func (o *options) admit(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if a, ok := hello.Conn.(*alerting); ok && a.refuses.Load() {
		return nil, errors.New("scripted: the handshake is refused")
	}
	if o.needALPN && !slices.Contains(hello.SupportedProtos, "dot") {
		return nil, errors.New("the client does not offer ALPN dot")
	}
	return nil, nil
}
