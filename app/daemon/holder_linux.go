package daemon

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io/fs"
	"net/netip"
	"os"
	"os/user"
	"path"
	"slices"
	"strconv"
	"strings"
)

// findHolder looks for the program that keeps addr from being opened.
func findHolder(network string, addr netip.AddrPort) holder {
	return procFS{os.DirFS("/proc"), userName}.holder(network, addr)
}

// procFS is what Linux tells of its processes and sockets (proc(5)).
type procFS struct {
	fs.FS
	// userName is the name of the user with a number.
	userName func(uid string) string
}

func userName(uid string) string {
	u, err := user.LookupId(uid)
	if err != nil {
		return uid
	}
	return u.Username
}

func (p procFS) holder(network string, addr netip.AddrPort) holder {
	inodes := map[string]int{} // to their place in sockets
	var sockets []socket
	for _, name := range []string{network, network + "6"} {
		for _, s := range p.sockets("net/" + name) {
			if s.inode != "0" && collide(s.addr, addr) {
				inodes["socket:["+s.inode+"]"] = len(sockets)
				sockets = append(sockets, s.socket)
			}
		}
	}
	pids := p.pids()
	p.owners(pids, inodes, sockets)
	h := holderOf(network, addr, sockets, p.program)
	if h.pid == 0 && (h.hidden || h.name != "") {
		return p.guess(pids, h)
	}
	return h
}

// procSocket is a socket and its number.
type procSocket struct {
	socket
	inode string
}

// sockets reads one of the tables of net.
func (p procFS) sockets(table string) []procSocket {
	f, err := p.Open(table)
	if err != nil {
		return nil
	}
	defer f.Close()
	udp := strings.Contains(table, "udp")
	var list []procSocket
	for s := bufio.NewScanner(f); s.Scan(); {
		if one, ok := p.socketOf(strings.Fields(s.Text()), udp); ok {
			list = append(list, one)
		}
	}
	return list
}

// socketOf reads a line: number, own address, peer, state, …, user, …, inode.
func (p procFS) socketOf(fields []string, udp bool) (procSocket, bool) {
	const tcpListens, udpOpen = "0A", "07"
	if len(fields) < 10 {
		return procSocket{}, false
	}
	addr, ok := hexAddr(fields[1])
	if !ok {
		return procSocket{}, false // the head of the table
	}
	s := socket{udp: udp, addr: addr, user: p.userName(fields[7]), busy: fields[3] != tcpListens}
	if udp {
		s.busy = fields[3] != udpOpen
	}
	return procSocket{s, fields[9]}, true
}

// hexAddr reads an address as the tables have it: words of four bytes, each in
// the processor's order, and the port.
func hexAddr(text string) (netip.AddrPort, bool) {
	ip, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(ip)
	n, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(raw) != 4 && len(raw) != 16 {
		return netip.AddrPort{}, false
	}
	for word := range slices.Chunk(raw, 4) {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	a, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(a, uint16(n)), true
}

// pids are the running processes.
func (p procFS) pids() []string {
	entries, _ := fs.ReadDir(p.FS, ".")
	var list []string
	for _, e := range entries {
		if _, err := strconv.ParseInt(e.Name(), 10, 32); err == nil {
			list = append(list, e.Name())
		}
	}
	return list
}

// owners finds the processes that have sockets. One that systemd opened is
// rather that of the service which it was passed to.
func (p procFS) owners(pids []string, inodes map[string]int, sockets []socket) {
	if len(inodes) == 0 {
		return
	}
	for _, pid := range pids {
		fds, _ := fs.ReadDir(p.FS, pid+"/fd")
		n, _ := strconv.ParseInt(pid, 10, 32)
		for _, fd := range fds {
			target, err := fs.ReadLink(p.FS, pid+"/fd/"+fd.Name())
			if err != nil || !strings.HasPrefix(target, "socket:") {
				continue
			}
			if i, ok := inodes[target]; ok && sockets[i].pid <= 1 {
				sockets[i].pid = int32(n)
			}
		}
	}
}

// program describes a process.
func (p procFS) program(pid int32) program {
	dir := strconv.Itoa(int(pid))
	g := program{pid: pid}
	if text, err := fs.ReadFile(p.FS, dir+"/cmdline"); err == nil {
		g.command = strings.TrimSpace(strings.ReplaceAll(string(text), "\x00", " "))
	}
	comm, _ := fs.ReadFile(p.FS, dir+"/comm")
	g.name = fullName(strings.TrimSpace(string(comm)), g.command)
	g.user = p.owner(dir)
	cgroup, _ := fs.ReadFile(p.FS, dir+"/cgroup")
	g.unit, g.container = unitOf(string(cgroup))
	return g
}

// owner is the user whose rights a process has.
func (p procFS) owner(dir string) string {
	status, _ := fs.ReadFile(p.FS, dir+"/status")
	for line := range strings.Lines(string(status)) {
		if ids, ok := strings.CutPrefix(line, "Uid:"); ok {
			if f := strings.Fields(ids); len(f) > 1 {
				return p.userName(f[1])
			}
		}
	}
	return ""
}

// fullName is a program's name where the system keeps 15 letters of it alone.
func fullName(comm, command string) string {
	const kept = 15
	first, _, _ := strings.Cut(command, " ")
	if base := path.Base(first); len(comm) == kept && strings.HasPrefix(base, comm) {
		return base
	}
	return comm
}

// unitOf is the service of a process, from the groups that it is in.
func unitOf(cgroup string) (unit string, container bool) {
	for line := range strings.Lines(cgroup) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) < 3 {
			continue
		}
		group := fields[2]
		for _, mark := range []string{"/docker", "libpod-", "kubepods", "crio-", "cri-containerd", "lxc.payload", "/machine.slice/"} {
			// A service such as docker.service is no container.
			container = container || strings.Contains(group, mark) && !strings.HasSuffix(group, ".service")
		}
		if last := path.Base(group); strings.HasPrefix(group, "/system.slice/") && strings.HasSuffix(last, ".service") {
			unit = last
		}
	}
	return unit, container
}

// guess looks for a process that may be the one behind a socket whose process
// this user may not see: a DNS server of the socket's user, since processes and
// their names are open to all. Many open their sockets as root before they give
// that up, so that the only DNS server there is will do as well.
func (p procFS) guess(pids []string, h holder) holder {
	var found []program
	for _, pid := range pids {
		n, _ := strconv.ParseInt(pid, 10, 32)
		comm, _ := fs.ReadFile(p.FS, pid+"/comm")
		name := strings.TrimSpace(string(comm))
		if !isKnown(name) && !strings.HasPrefix(resolvedName, name) || name == "" || int(n) == os.Getpid() {
			continue
		}
		g := p.program(int32(n))
		switch {
		case h.name != "" && g.name == h.name:
			h.program = g // told by its address
			return h
		case h.name == "" && g.name != resolvedName && !g.container:
			found = append(found, g)
		}
	}
	own := slices.DeleteFunc(slices.Clone(found), func(g program) bool { return g.user != h.user })
	if len(own) > 0 {
		found = own
	}
	if len(found) > 0 && slices.IndexFunc(found, func(g program) bool { return g.name != found[0].name }) < 0 {
		h.program, h.likely = found[0], true
	}
	return h
}
