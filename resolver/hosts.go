package resolver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

const (
	// maxHostsLines and maxHostsBytes bound a hosts file.
	maxHostsLines = 1_000_000
	maxHostsBytes = 64 << 20
	// maxHostsLine is the longest line, in bytes.
	maxHostsLine = 64 << 10
)

// ErrHostsTooLarge says that a hosts file has more than 1,000,000 lines or 64
// MiB.
var ErrHostsTooLarge = errors.New("the hosts file is too large; at most 1,000,000 lines and 64 MiB are read")

// ParseHosts reads a hosts file (hosts(5)): an address and its names on each
// line, with comments from “#” on. It returns an override for each name in the
// order of the file; one that comes again adds its address (see NameRules). The
// first name of an address is the one that its PTR record gives.
//
// skipped counts the lines that hold something else, or a name that is none.
// Names of this computer below localhost are left out, for they are answered
// without it, and so are addresses with an IPv6 zone, which DNS cannot carry.
// Where reading fails, or the file is too large (ErrHostsTooLarge), what was
// read until then is returned with the error.
func ParseHosts(r io.Reader) (hosts []Override, skipped int, err error) {
	limited := &io.LimitedReader{R: r, N: maxHostsBytes + 1}
	in := bufio.NewReaderSize(limited, maxHostsLine)
	p := hostsParser{shared: make(map[netip.Addr][]netip.Addr)}
	for lines := 0; ; lines++ {
		line, err := in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		switch {
		case limited.N == 0, lines == maxHostsLines && len(line) > 0:
			return p.hosts, p.skipped, ErrHostsTooLarge
		case lines == 0:
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if long || !p.line(line) {
			p.skipped++
		}
		switch {
		case errors.Is(err, io.EOF):
			return p.hosts, p.skipped, nil
		case err != nil:
			return p.hosts, p.skipped, fmt.Errorf("the hosts file could not be read: %w", err)
		}
	}
}

type hostsParser struct {
	hosts   []Override
	skipped int
	// shared are the lists of one address: in block lists a million names have
	// the same.
	shared map[netip.Addr][]netip.Addr
}

// line reads one line and tells whether all of it was understood.
func (p *hostsParser) line(line []byte) bool {
	line, _, _ = bytes.Cut(line, []byte("#"))
	fields := bytes.Fields(line)
	if len(fields) == 0 {
		return true
	}
	addr, err := netip.ParseAddr(string(fields[0]))
	if err != nil || len(fields) == 1 {
		return false
	}
	if addr.Zone() != "" {
		return true
	}
	addr = addr.Unmap()
	if p.shared[addr] == nil {
		p.shared[addr] = []netip.Addr{addr}
	}
	good := true
	for _, f := range fields[1:] {
		f = bytes.TrimSuffix(f, []byte("."))
		switch {
		case !isHostName(f):
			good = false
		case !isLocalhost(f):
			p.hosts = append(p.hosts, Override{Name: string(f), Addrs: p.shared[addr]})
		}
	}
	return good
}

// isHostName tells whether a name has only letters, digits, hyphens and
// underscores, in labels of 1 to 63 (RFC 1123 section 2.1; underscores are in
// use).
func isHostName(name []byte) bool {
	label := 0
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			label++
		case c == '.' && label > 0:
			label = 0
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return label > 0 && len(name) <= maxName-2
}

// isLocalhost tells whether a name is localhost or below it.
func isLocalhost(name []byte) bool {
	const local = "localhost"
	at := len(name) - len(local)
	return at >= 0 && bytes.EqualFold(name[at:], []byte(local)) && (at == 0 || name[at-1] == '.')
}
