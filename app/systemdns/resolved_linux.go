package systemdns

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"

	"dotproxy/app/netwatch"

	"github.com/godbus/dbus/v5"
)

// resolved is the mechanism of computers where systemd-resolved answers and
// NetworkManager does not configure the link: it is told of our address, with
// its port, for each link that leads out. Where systemd-networkd manages the
// link, that is told instead, and tells systemd-resolved.
type resolved struct {
	bus  systemBus
	tree tree
	// root tells whether this process has the superuser's rights.
	root func() bool
}

func newResolved(b systemBus, t tree) *resolved {
	return &resolved{b, t, func() bool { return os.Geteuid() == 0 }}
}

const (
	resolvedName = "org.freedesktop.resolve1"
	resolvedPath = "/org/freedesktop/resolve1"
	networkdName = "org.freedesktop.network1"
	networkdPath = "/org/freedesktop/network1"
)

// resolvedBackup is the journal's part of resolved.
type resolvedBackup struct {
	Links []resolvedLink `json:"links"`
}

// resolvedLink is a link with what it had before.
type resolvedLink struct {
	Interface string `json:"interface"`
	// Index is the kernel's: a link of the same name with another one is new.
	Index int32 `json:"index"`
	// Before is what it had, nil where that is not known.
	Before *linkDNS `json:"before,omitempty"`
	// leads is whether a default route leads over it now.
	leads bool
}

func readResolvedBackup(raw Backup) (resolvedBackup, error) {
	var b resolvedBackup
	err := json.Unmarshal(raw, &b)
	return b, err
}

func (b resolvedBackup) known(now resolvedLink) (resolvedLink, bool) {
	i := slices.IndexFunc(b.Links, func(l resolvedLink) bool { return l.Interface == now.Interface && l.Index == now.Index })
	if i < 0 {
		return resolvedLink{}, false
	}
	return b.Links[i], true
}

// Name implements Mechanism.
func (r *resolved) Name() string { return "systemd-resolved" }

// Volatile implements Mechanism.
func (r *resolved) Volatile() bool { return true }

// Detect implements Mechanism: it must be there, and be whom programs ask.
func (r *resolved) Detect(ctx context.Context) (owns bool, err error) {
	err = r.bus.use(ctx, func(s speaker) error {
		there, err := s.there(resolvedName)
		if err != nil || !there {
			return err
		}
		owns, err = r.asked()
		return err
	})
	if errors.Is(err, errNoBus) {
		return false, nil
	}
	return owns, err
}

// asked tells whether the C library asks systemd-resolved: at its own addresses
// or by way of nsswitch.conf(5).
func (r *resolved) asked() (bool, error) {
	text, err := r.tree.content(resolvConf)
	if err != nil {
		return false, err
	}
	servers, err := named(strings.NewReader(string(text)))
	if err != nil {
		return false, err
	}
	if len(servers) > 0 && !slices.ContainsFunc(servers, func(a netip.Addr) bool { return !slices.Contains(stubs, a) }) {
		return true, nil
	}
	switches, err := r.tree.content("/etc/nsswitch.conf")
	for line := range strings.Lines(string(switches)) {
		if words := strings.Fields(line); len(words) > 0 && words[0] == "hosts:" {
			return slices.Contains(words, "resolve"), err
		}
	}
	return false, err
}

// The actions of polkit that Apply needs.
var resolvedActions = []string{"set-dns-servers", "set-domains", "set-default-route", "set-dns-over-tls", "revert"}

// Allowed implements Mechanism.
func (r *resolved) Allowed(ctx context.Context) error {
	if r.root() {
		return nil
	}
	return r.bus.use(ctx, func(s speaker) error {
		for _, action := range resolvedActions {
			if allowed, err := s.authorized(resolvedName + "." + action); err != nil || !allowed {
				return ErrNeedsRoot
			}
		}
		return nil
	})
}

// authorized asks polkit, without anybody being asked for a password, whether
// this process may do something.
func (s speaker) authorized(action string) (bool, error) {
	type subject struct {
		Kind    string
		Details map[string]dbus.Variant
	}
	var result struct {
		Authorized, Challenge bool
		Details               map[string]string
	}
	me := subject{"system-bus-name", map[string]dbus.Variant{"name": dbus.MakeVariant(s.conn.Names()[0])}}
	const polkit = "org.freedesktop.PolicyKit1"
	err := s.call(object{polkit, "/org/freedesktop/PolicyKit1/Authority"}, polkit+".Authority.CheckAuthorization",
		[]any{&result}, me, action, map[string]string{}, uint32(0), "")
	return result.Authorized, err
}

// Read implements Mechanism.
func (r *resolved) Read(ctx context.Context, t Target) (Backup, error) {
	b := resolvedBackup{Links: []resolvedLink{}}
	err := r.each(ctx, resolvedBackup{}, func(_ speaker, link resolvedLink, now linkDNS) error {
		if !now.ours(t) {
			if now.namesLoopback() {
				return ErrLoopback
			}
			link.Before = &now
		}
		b.Links = append(b.Links, link)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(b)
}

// each calls do with each link that leads out and what it has; and with those of
// b, which may have lost their default route since.
func (r *resolved) each(ctx context.Context, b resolvedBackup, do func(speaker, resolvedLink, linkDNS) error) error {
	return r.bus.use(ctx, func(s speaker) error {
		for _, link := range r.links(b) {
			now, err := s.linkDNS(link.Index)
			if failedAs(err, noSuchLink, unknownObject) {
				continue // it went down meanwhile, or systemd-resolved has not seen it yet
			}
			if err == nil {
				err = do(s, link, now)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// links are those that lead out, and those of b that are there yet.
func (r *resolved) links(b resolvedBackup) (list []resolvedLink) {
	for _, device := range outDevices(r.tree) {
		list = append(list, resolvedLink{Interface: device, Index: linkIndex(r.tree, device), leads: true})
	}
	for _, l := range b.Links {
		led := slices.ContainsFunc(list, func(o resolvedLink) bool { return o.Interface == l.Interface })
		if !led && l.Index != 0 && linkIndex(r.tree, l.Interface) == l.Index {
			list = append(list, resolvedLink{Interface: l.Interface, Index: l.Index})
		}
	}
	return list
}

// Apply implements Mechanism.
func (r *resolved) Apply(ctx context.Context, raw Backup, t Target) (Backup, error) {
	b, err := readResolvedBackup(raw)
	if err != nil {
		return raw, err
	}
	now := resolvedBackup{Links: []resolvedLink{}}
	err = r.each(ctx, b, func(s speaker, link resolvedLink, has linkDNS) error {
		known, covered := b.known(link)
		if !link.leads {
			now.Links = append(now.Links, known) // nobody asks there, but it is to be put back
			return nil
		}
		switch {
		case !has.ours(t):
			link.Before = &has
		case covered:
			link.Before = known.Before
		}
		now.Links = append(now.Links, link)
		if has.ours(t) {
			return nil
		}
		return s.setLinkDNS(link.Index, has.pointed(t))
	})
	if err != nil || len(now.Links) == 0 {
		return raw, err
	}
	return json.Marshal(now)
}

// Holds implements Mechanism.
func (r *resolved) Holds(ctx context.Context, raw Backup, t Target) (Hold, error) {
	b, err := readResolvedBackup(raw)
	if err != nil {
		return Gone, err
	}
	ours, hold := false, Away
	err = r.each(ctx, b, func(_ speaker, link resolvedLink, now linkDNS) error {
		known, covered := b.known(link)
		switch {
		case !link.leads: // nobody asks there
		case now.ours(t):
			ours = true
		case !covered: // a network that came up
		case len(now.Servers) > 0 && known.Before != nil && !now.equal(*known.Before):
			hold = Foreign
		case hold != Foreign:
			hold = Gone
		}
		return nil
	})
	if ours && hold == Away {
		hold = Ours
	}
	return hold, err
}

// Restore implements Mechanism.
func (r *resolved) Restore(ctx context.Context, raw Backup, t Target) error {
	b, err := readResolvedBackup(raw)
	if err != nil {
		return err
	}
	err = r.bus.use(ctx, func(s speaker) error {
		if there, err := s.there(resolvedName); err != nil || !there {
			return errors.Join(err, r.forget(b, t))
		}
		return r.each(ctx, b, func(s speaker, link resolvedLink, now linkDNS) error {
			if !now.ours(t) {
				return nil
			}
			known, _ := b.known(link)
			return s.revertLink(link.Index, known.Before, networkdManages(r.tree, link.Index))
		})
	})
	if errors.Is(err, errNoBus) {
		return r.forget(b, t)
	}
	return err
}

// Networks implements Mechanism.
func (r *resolved) Networks(raw Backup) []string {
	b, _ := readResolvedBackup(raw)
	names := []string{}
	for _, l := range b.Links {
		names = append(names, l.Interface)
	}
	return names
}

// Servers implements Remembers.
func (r *resolved) Servers(raw Backup) []netip.Addr {
	b, _ := readResolvedBackup(raw)
	var all []netip.Addr
	for _, l := range b.Links {
		if l.Before == nil {
			continue
		}
		for _, server := range l.Before.Servers {
			all = append(all, server.Addr)
		}
	}
	return distinct(all)
}

// Watch implements Mechanism: systemd-resolved tells what happens to it, the
// kernel what happens to links.
func (r *resolved) Watch(ctx context.Context, changed func()) error {
	ctx, cancel := context.WithCancel(ctx)
	links := netwatch.Start(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-links.Events():
				changed()
			case <-ctx.Done():
				return
			}
		}
	}()
	err := r.bus.listen(ctx, resolvedName, []string{resolvedName + ".Link", resolvedName + ".Manager"}, changed)
	cancel()
	<-done
	links.Wait()
	return err
}
