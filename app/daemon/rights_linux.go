package daemon

import (
	"bufio"
	"encoding/binary"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// findRights reads what Linux allows this process.
func findRights() rights {
	r := readRights(os.DirFS("/"))
	r.root = os.Geteuid() == 0
	r.service = r.service && os.Getppid() == 1
	// The file of this process, even where another was put in its place since.
	const self = "/proc/self/exe"
	value := make([]byte, 64)
	if n, err := unix.Getxattr(self, "security.capability", value); err == nil {
		r.file = fileCapability(value[:n])
	}
	var st unix.Statfs_t
	r.ignored = unix.Statfs(self, &st) == nil && st.Flags&unix.ST_NOSUID != 0
	return r
}

// readRights reads what files tell; root is the root of the file system.
func readRights(root fs.FS) rights {
	r := rights{from: lowPorts, bounding: true}
	if text, err := fs.ReadFile(root, "proc/sys/net/ipv4/ip_unprivileged_port_start"); err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			r.from = n
		}
	}
	f, err := root.Open("proc/self/status")
	if err != nil {
		return r
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), ":")
		value = strings.TrimSpace(value)
		switch name {
		case "CapEff":
			r.effective = inSet(value)
		case "CapAmb":
			r.ambient = inSet(value)
		case "CapBnd":
			r.bounding = inSet(value)
		case "NoNewPrivs":
			r.noNew = value == "1"
		}
	}
	_, err = fs.Stat(root, "run/systemd/system") // sd_booted(3)
	r.service = err == nil
	if text, err := fs.ReadFile(root, "etc/resolv.conf"); err == nil {
		r.resolved = strings.Contains("\n"+string(text), "\nnameserver 127.0.0.53")
	}
	return r
}

// inSet tells whether a set of capabilities, as /proc has it, holds
// CAP_NET_BIND_SERVICE.
func inSet(hex string) bool {
	set, err := strconv.ParseUint(hex, 16, 64)
	return err == nil && set&(1<<unix.CAP_NET_BIND_SERVICE) != 0
}

// fileCapability reads the attribute of a file that may bind low ports
// (capabilities(7), struct vfs_cap_data): flags, then the permitted set. Without
// the effective flag a program would have to raise it, which Go's do not.
func fileCapability(attribute []byte) bool {
	if len(attribute) < 8 {
		return false
	}
	const effectiveFlag = 1 // VFS_CAP_FLAGS_EFFECTIVE
	flags, permitted := binary.LittleEndian.Uint32(attribute), binary.LittleEndian.Uint32(attribute[4:])
	return flags&effectiveFlag != 0 && permitted&(1<<unix.CAP_NET_BIND_SERVICE) != 0
}
