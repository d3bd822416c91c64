package guard

// The folders of guards with the superuser's rights. rootSockets holds a socket
// for each user that asked for one, systemSockets that of a system's engine.
const (
	rootJournal   = "/var/db/dot-proxy"
	rootSockets   = "/var/run/dot-proxy-guard"
	systemSockets = "/var/run/dot-proxy"
)
