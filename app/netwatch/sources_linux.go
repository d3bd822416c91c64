package netwatch

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// sources are what Linux systems may have.
func sources() []source {
	system := bus{connect: func(ctx context.Context) (*dbus.Conn, error) {
		return dbus.ConnectSystemBus(dbus.WithContext(ctx))
	}}
	return []source{listenKernel, system.listen}
}
