//go:build !linux

package resolvertest

import "net"

// shrinkBacklog does nothing: the connections wait in the queue, unserved.
func shrinkBacklog(*net.TCPListener) error { return nil }
