package daemon

import (
	"strings"

	"dotproxy/app/control"
)

// lowPorts is where ports begin that everybody may use, where the system says
// nothing else.
const lowPorts = 1024

// rights are what allows this process a low port, or keeps it from one.
type rights struct {
	// root: the process is the superuser's (on Windows nobody needs to be).
	root bool
	// from is the first port that everybody may listen on.
	from int

	// What follows is of Linux alone, and about CAP_NET_BIND_SERVICE.

	// effective: the process has it. ambient: it was given to it for what it
	// executes, as a service manager does. bounding: it may be had at all.
	effective, ambient, bounding bool
	// file: the program's file carries it. ignored: the file system does not let
	// it count (nosuid).
	file, ignored bool
	// noNew: no right can be gained by executing a file.
	noNew bool
	// service: systemd's own manager runs the process.
	service bool
	// resolved: this computer asks systemd-resolved, which can ask any port.
	resolved bool
}

// portBy tells what allowed a port.
func (r rights) portBy(port uint16) control.PortBy {
	switch {
	case port == 0 || port >= lowPorts:
		return ""
	case int(port) >= r.from:
		return control.PortByUnprivileged
	case r.root:
		return control.PortByRoot
	case r.ambient:
		return control.PortByAmbient
	case r.file && r.effective:
		return control.PortByFile
	case r.effective:
		return control.PortByCapability
	}
	return ""
}

// refused says why a low port was refused, and the way out; program is the path
// of this program's file. A command to run stands in a line of its own.
func (r rights) refused(program string) (why, hint string) {
	const needs = "needs a permission this program lacks"
	other := "choose a port above 1023"
	below, command := "", "sudo setcap 'cap_net_bind_service=+ep' "+shellQuote(program)
	switch {
	case r.effective:
		why = "was refused although this program has the permission: in a container or namespace it does not count for the network"
		hint = "Start the container with --sysctl net.ipv4.ip_unprivileged_port_start=0"
	case !r.bounding:
		why = needs + ", and cannot be given: the capability is missing from its bounding set"
		hint = "Start the container with --cap-add NET_BIND_SERVICE"
		if r.service {
			hint = "Add CAP_NET_BIND_SERVICE to CapabilityBoundingSet= and AmbientCapabilities= of the service"
		}
	case r.service:
		why, hint = needs, "Add AmbientCapabilities=CAP_NET_BIND_SERVICE to the service"
	case r.noNew:
		why = needs + ", and cannot gain: whoever started it forbade that (NoNewPrivileges)"
		hint = "Start it without NoNewPrivileges"
		if !r.file {
			hint += ", after “" + command + "”"
		}
	case r.ignored:
		why = needs + ": on the file system of its file, capabilities do not count (nosuid)"
		hint = "Install it on another file system, such as into /usr/local/bin, and allow it there with setcap"
	case r.file:
		why, hint = needs+", though its file has it by now", "Start it again"
	default:
		why, hint, below = needs, "Run the command below once", "\n"+command
	}
	if r.resolved {
		other += ", which systemd-resolved can ask as well"
	}
	return why, hint + ", or " + other + "." + below
}

// shellQuote writes a path so that a shell takes it as one word.
func shellQuote(path string) string {
	plain := func(c rune) bool {
		return c > 127 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.ContainsRune("/._-+,:@%=", c)
	}
	if !strings.ContainsFunc(path, func(c rune) bool { return !plain(c) }) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
