// Package guard changes this computer's DNS and puts it back: in a process of
// its own, which outlives the engine that it works for.
package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/systemdns"
)

// Phase is what a guard has done.
type Phase string

// The phases.
const (
	// Off: this computer's DNS is as it was found.
	Off Phase = "off"
	// Set: it is here.
	Set Phase = "set"
	// Failed: it could not be set, or not be kept; Problem says why.
	Failed Phase = "failed"
)

// State is what a guard reports. It is also the message from guard to engine.
type State struct {
	Phase Phase `json:"state"`
	// Mechanism is the one in use, such as “NetworkManager”; empty when off.
	Mechanism string `json:"mechanism,omitempty"`
	// Networks are those covered, for people.
	Networks []string `json:"networks,omitempty"`
	// Servers are those that were asked before, where the mechanism knows them.
	Servers []netip.Addr `json:"servers,omitempty"`
	// Problem is why it failed, or, while set, something to know.
	Problem *control.Problem `json:"problem,omitempty"`
	// Reply is the request that this answers, empty for news.
	Reply string `json:"re,omitempty"`
}

// equal tells whether two states say the same, whatever they reply to.
func (s State) equal(o State) bool {
	sameProblem := s.Problem == nil && o.Problem == nil || s.Problem != nil && o.Problem != nil && s.Problem.Error() == o.Problem.Error()
	return s.Phase == o.Phase && s.Mechanism == o.Mechanism && slices.Equal(s.Networks, o.Networks) && slices.Equal(s.Servers, o.Servers) && sameProblem
}

// The requests of an engine.
const (
	doSet     = "set"
	doRestore = "restore"
	doStatus  = "status"
	// doArrived tells that the query for the nonce name has come in.
	doArrived = "arrived"
)

// request is the message from engine to guard.
type request struct {
	Do string `json:"do"`
	// Addrs is where to point the DNS, and Nonce a name that the engine there
	// knows, for set.
	Addrs []netip.AddrPort `json:"addrs,omitempty"`
	Nonce string           `json:"nonce,omitempty"`
}

// maxLine bounds a message of either side, in bytes.
const maxLine = 64 << 10

// maxAddrs bounds the addresses of a target: resolv.conf(5) takes three.
const maxAddrs = 3

// parseRequest reads a message and refuses what no engine of ours sends. The
// guard may be root's and the engine is not: the addresses can only be this
// computer's own, and the name can be nothing but one.
func parseRequest(line []byte) (request, error) {
	var r request
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return request{}, fmt.Errorf("the request cannot be read: %w", err)
	}
	switch r.Do {
	case doRestore, doStatus, doArrived:
		return r, nil
	case doSet:
		return r, r.check()
	}
	return request{}, errors.New("the request is unknown")
}

func (r request) check() error {
	if len(r.Addrs) == 0 || len(r.Addrs) > maxAddrs {
		return fmt.Errorf("%d addresses are no target", len(r.Addrs))
	}
	for _, a := range r.Addrs {
		if !a.Addr().IsLoopback() || a.Addr().Zone() != "" || a.Addr().Is4In6() || a.Port() == 0 {
			return fmt.Errorf("%s is no address of this computer's own", a)
		}
	}
	return checkNonce(r.Nonce)
}

// nonceSuffix is the end of the names that verify a change. The domain is
// reserved, so nobody can own such a name, and none that resolvers treat in a way
// of their own (RFC 6761 section 6.5); a VPN may have "internal" for itself.
const nonceSuffix = ".verify.dot-proxy.example."

// nonceDigits is the number of hexadecimal digits before nonceSuffix.
const nonceDigits = 16

// checkNonce: the name becomes an argument of a program.
func checkNonce(name string) error {
	digits, ok := strings.CutSuffix(name, nonceSuffix)
	if !ok || len(digits) != nonceDigits || strings.Trim(digits, "0123456789abcdef") != "" {
		return errors.New("the nonce is none")
	}
	return nil
}

func (r request) target() systemdns.Target { return systemdns.Target{Addrs: r.Addrs} }

// writeLine encodes a message of either side.
func writeLine(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // of these types it cannot fail
		panic(err)
	}
	return append(b, '\n')
}
