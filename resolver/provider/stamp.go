package provider

import (
	"encoding/base64"
	"errors"
	"strings"
)

// stampKinds are the other protocols of DNS stamps, as a sentence calls them.
var stampKinds = map[byte]string{
	0x00: "a plain DNS stamp",
	0x01: "a DNSCrypt stamp",
	0x02: "a DNS-over-HTTPS stamp",
	0x04: "a DNS-over-QUIC stamp",
	0x05: "an Oblivious DoH stamp",
	0x81: "a DNSCrypt relay stamp",
	0x85: "an Oblivious DoH relay stamp",
}

// kindTLS is the protocol identifier of DNS over TLS.
const kindTLS = 0x03

var errStamp = errors.New("is a damaged DNS stamp; copy it again in full")

// parseStamp reads what follows sdns:// (draft-denis-dns-stamps section 4):
//
//	kind(1) ‖ properties(8) ‖ LP(address) ‖ VLP(hashes) ‖ LP(host name) [‖ VLP(bootstrap)]
//
// It is read here because the known Go readers take 843 for the default port,
// or refuse short names and the bootstrap part.
func parseStamp(text string) (Upstream, error) {
	bin, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(bin) == 0 {
		return Upstream{}, errStamp
	}
	if kind, ok := stampKinds[bin[0]]; ok {
		return Upstream{}, errors.New("is " + kind + "; " + onlyTLS)
	}
	if bin[0] != kindTLS || len(bin) < 9 {
		return Upstream{}, errStamp
	}
	r := stampReader{rest: bin[9:]}
	addr, hashes, name := r.item(0xff), r.list(), r.item(0xff)
	if len(r.rest) > 0 {
		r.list() // addresses of resolvers to ask for the name: ours are verified
	}
	if r.bad || len(r.rest) > 0 {
		return Upstream{}, errStamp
	}
	u, err := stampServer(string(addr), string(name))
	if err != nil {
		return Upstream{}, err
	}
	for _, h := range hashes {
		if len(h) == 0 {
			continue // the usual way to write that there are none
		}
		if len(h) != 32 {
			return Upstream{}, errors.New("is a DNS stamp with a certificate hash that is not 32 bytes long")
		}
		u.CertHashes = append(u.CertHashes, [32]byte(h))
	}
	return u, nil
}

// stampServer combines a stamp's address (IP, IP:PORT, :PORT or nothing) and
// host name (NAME, NAME:PORT or nothing). The address's port wins.
func stampServer(addr, name string) (Upstream, error) {
	if addr == "" && name == "" {
		return Upstream{}, errors.New("is a DNS stamp that names no server")
	}
	if name == "" {
		return parseAddress(addr)
	}
	host, err := parseEndpoint(name)
	if err != nil {
		return Upstream{}, err
	}
	at := endpoint{port: host.port}
	if port, ok := strings.CutPrefix(addr, ":"); ok {
		at.port, err = parsePort(port)
	} else if addr != "" {
		at, err = parseEndpoint(addr)
		if err == nil && !at.addr.IsValid() {
			err = errors.New("is a DNS stamp whose address is not an IP address")
		}
		if _, _, hasPort, _ := splitPort(addr); !hasPort {
			at.port = host.port
		}
	}
	if err != nil {
		return Upstream{}, err
	}
	return stampName(host, at)
}

// stampName makes the upstream of a stamp that carries a host name.
func stampName(host, at endpoint) (Upstream, error) {
	if host.addr.IsValid() {
		if !at.addr.IsValid() {
			at.addr = host.addr
		}
		return newUpstream(host.addr.String(), at), nil
	}
	name, err := hostName(host.host)
	if err == nil && !at.addr.IsValid() && !strings.Contains(name, ".") {
		err = errors.New("is a DNS stamp without an address and without a full name")
	}
	return newUpstream(name, at), err
}

// parseAddress reads an address alone.
func parseAddress(s string) (Upstream, error) {
	e, err := parseEndpoint(s)
	if err == nil && !e.addr.IsValid() {
		err = errors.New("is a DNS stamp whose address is not an IP address")
	}
	if err != nil {
		return Upstream{}, err
	}
	return newUpstream(nameOf(e.addr), e), nil
}

// stampReader takes length-prefixed items off a stamp; after a length that
// exceeds what is left, bad is set and every item is empty.
type stampReader struct {
	rest []byte
	bad  bool
}

// item takes one item whose length is its first byte under mask.
func (r *stampReader) item(mask byte) []byte {
	if r.bad || len(r.rest) == 0 || len(r.rest) < 1+int(r.rest[0]&mask) {
		r.bad = true
		return nil
	}
	end := 1 + int(r.rest[0]&mask)
	item := r.rest[1:end]
	r.rest = r.rest[end:]
	return item
}

// list takes a set of items; the top bit of a length says that more follow.
func (r *stampReader) list() [][]byte {
	var items [][]byte
	for more := true; more && !r.bad; {
		more = len(r.rest) > 0 && r.rest[0]&0x80 != 0
		items = append(items, r.item(0x7f))
	}
	return items
}
