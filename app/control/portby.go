package control

// PortBy tells what allowed an engine its port, where that needs a right: below
// 1024 on most systems.
type PortBy string

// What can allow a low port; empty where none is open or nothing was needed.
const (
	// PortByFile: the file capability of dot-proxy (setcap).
	PortByFile PortBy = "file_capability"
	// PortByAmbient: an ambient capability, as systemd gives it.
	PortByAmbient PortBy = "ambient_capability"
	// PortByCapability: a capability that was inherited otherwise.
	PortByCapability PortBy = "capability"
	// PortByPassed: the service manager opened the port (socket activation).
	PortByPassed PortBy = "passed"
	// PortByRoot: the engine runs as root.
	PortByRoot PortBy = "root"
	// PortByUnprivileged: the system lets everybody use the port.
	PortByUnprivileged PortBy = "unprivileged_ports"
)

// Words says it for people, after “allowed”: “by the capability of its file”.
func (p PortBy) Words() string {
	switch p {
	case PortByFile:
		return "by the capability of its file"
	case PortByAmbient:
		return "by an ambient capability"
	case PortByCapability:
		return "by a capability"
	case PortByPassed:
		return "as a socket that the service manager passed"
	case PortByRoot:
		return "to root"
	case PortByUnprivileged:
		return "to everybody (net.ipv4.ip_unprivileged_port_start)"
	}
	return ""
}
