package guard

import (
	"context"
	"net"
	"os/user"

	"github.com/Microsoft/go-winio"
)

// listen opens a place's pipe. Windows itself refuses everybody but this user,
// the system and administrators.
func listen(p place) (net.Listener, error) {
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	return winio.ListenPipe(p.socket, &winio.PipeConfig{
		SecurityDescriptor: "D:P(D;;GA;;;NU)(A;;GA;;;" + me.Uid + ")(A;;GA;;;SY)(A;;GA;;;BA)",
	})
}

func dial(ctx context.Context, p place) (net.Conn, error) {
	return winio.DialPipeContext(ctx, p.socket)
}
