package systemdns

// mechanisms are those of this system, in the order in which they are asked: a
// manager of links before a writer of files.
func mechanisms() []Mechanism {
	t, b := thisSystem(), thisBus()
	return []Mechanism{newNetworkManager(b, leadsOut), newResolved(b, t), newResolvconf(t, execute, openresolv), newResolvconf(t, execute, debian), newFile(t)}
}
