package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
	"github.com/spf13/cobra"

	"dotproxy/app/control"
)

// healthPatience bounds a whole health check: container engines give few
// seconds.
const healthPatience = 5 * time.Second

func (c *command) healthCommand() *cobra.Command {
	var upstream bool
	port := number{want: "a port, a number from 1 to 65535", value: control.Default().Port}
	listen := strings.Split(defaultListen, ",")
	cmd := &cobra.Command{
		Use: "healthcheck", Short: "Tell whether the engine answers (status 0) or not (status 1)", Args: noArgs,
		Long: `Ask the engine one question over UDP. Any answer is healthy: with a dead
provider, answers from the cache are still worth keeping. With --upstream a
provider must answer too.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), healthPatience)
			defer cancel()
			return c.health(ctx, upstream, listen, port.value)
		},
	}
	cmd.Flags().BoolVar(&upstream, "upstream", false, "a provider must answer too")
	cmd.Flags().VarP(&port, "port", "p", "`N`, the port to ask where the engine's socket does not tell")
	cmd.Flags().StringSliceVarP(&listen, "listen", "l", listen, "`ADDR[,ADDR]` to ask where the engine's socket does not tell")
	return c.withJSON(cmd)
}

// healthReport is what healthcheck --json prints.
type healthReport struct {
	Healthy bool   `json:"healthy"`
	Address string `json:"address"`
	Detail  string `json:"detail"`
}

func (c *command) health(ctx context.Context, upstream bool, listen []string, port int) error {
	addrs, err := c.healthAddrs(ctx, listen, port)
	if err != nil {
		return err
	}
	r := checkHealth(ctx, addrs, upstream)
	if c.json {
		if err := c.printJSON(r); err != nil {
			return err
		}
		if !r.Healthy {
			return errSilent
		}
		return nil
	}
	if !r.Healthy {
		return errors.New(r.Detail)
	}
	_, err = fmt.Fprintln(c.stdout, r.Detail)
	return err
}

// errSilent ends the program with a failure that was already told.
var errSilent = errors.New("")

// healthAddrs asks the engine where it listens; where that cannot be found
// out, the flags and their defaults tell.
func (c *command) healthAddrs(ctx context.Context, listen []string, port int) ([]netip.AddrPort, error) {
	var addrs []netip.AddrPort
	if s, err := c.client().Status(ctx); err == nil {
		for _, text := range s.Listen {
			if a, err := netip.ParseAddrPort(text); err == nil {
				addrs = append(addrs, a)
			}
		}
		return addrs, nil
	}
	s := control.Default()
	s.Listen, s.Port = listen, port
	if found := s.Check(); len(found) > 0 {
		return nil, found[0]
	}
	for _, text := range listen {
		ip, _ := netip.ParseAddr(text) // Check saw that it is one
		addrs = append(addrs, netip.AddrPortFrom(ip.Unmap(), uint16(port)))
	}
	return addrs, nil
}

// checkHealth asks one address after another until one answers.
func checkHealth(ctx context.Context, addrs []netip.AddrPort, upstream bool) healthReport {
	r := healthReport{Detail: "The engine listens nowhere."}
	for _, a := range addrs {
		a = reachable(a)
		r.Address = a.String()
		if _, err := ask(ctx, a, "localhost.", dns.TypeA); err != nil {
			r.Detail = "Nothing answers at " + r.Address + "."
			continue
		}
		r.Healthy, r.Detail = true, "The engine answers at "+r.Address+"."
		if upstream {
			r.Healthy, r.Detail = checkUpstream(ctx, a)
		}
		return r
	}
	return r
}

// checkUpstream asks for the root's name servers, which every provider has.
func checkUpstream(ctx context.Context, a netip.AddrPort) (healthy bool, detail string) {
	reply, err := ask(ctx, a, ".", dns.TypeNS)
	switch {
	case err != nil:
		return false, "No provider answers through " + a.String() + "."
	case reply.Rcode != dns.RcodeSuccess:
		return false, "No provider answers through " + a.String() + " (" + dns.RcodeToString[reply.Rcode] + ")."
	}
	return true, "A provider answers through " + a.String() + "."
}

// ask sends one question over UDP; an answer that is not well-formed is an
// error.
func ask(ctx context.Context, a netip.AddrPort, name string, kind uint16) (*dns.Msg, error) {
	m := new(dns.Msg)
	m.SetQuestion(name, kind)
	client := dns.Client{Net: "udp", Timeout: healthPatience - time.Second}
	reply, _, err := client.ExchangeContext(ctx, m, a.String())
	return reply, err
}

// reachable is where to ask a listener on all addresses.
func reachable(a netip.AddrPort) netip.AddrPort {
	switch {
	case !a.Addr().IsUnspecified():
		return a
	case a.Addr().Is4():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
	}
	ip, _ := netip.AddrFromSlice(net.IPv6loopback)
	return netip.AddrPortFrom(ip, a.Port())
}
