package guard

import (
	"context"
	"net"

	"github.com/Microsoft/go-winio"
)

// listen opens a place's pipe. Windows itself refuses everybody but the user it serves,
// the system and administrators.
func listen(p place) (net.Listener, error) {
	return winio.ListenPipe(p.socket, &winio.PipeConfig{
		SecurityDescriptor: "D:P(D;;GA;;;NU)(A;;GA;;;" + p.sid + ")(A;;GA;;;SY)(A;;GA;;;BA)",
	})
}

func dial(ctx context.Context, p place) (net.Conn, error) {
	return winio.DialPipeContext(ctx, p.socket)
}
