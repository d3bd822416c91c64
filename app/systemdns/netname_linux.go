package systemdns

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// connectionName is the connection by which NetworkManager reaches the
// internet, empty where it does not tell.
func connectionName(ctx context.Context) string { return primaryConnection(ctx, thisBus()) }

func primaryConnection(ctx context.Context, b systemBus) (name string) {
	_ = b.use(ctx, func(s speaker) error { // without NetworkManager it has no name
		if there, err := s.there(nmName); err != nil || !there {
			return err
		}
		manager, err := s.properties(object{nmName, nmPath}, nmName)
		path := property[dbus.ObjectPath](manager, "PrimaryConnection")
		if err != nil || len(path) <= 1 { // "/" is none
			return err
		}
		active, err := s.properties(object{nmName, path}, nmName+".Connection.Active")
		name = property[string](active, "Id")
		return err
	})
	return name
}
