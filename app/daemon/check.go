package daemon

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

// checkPatience bounds a check.
const checkPatience = 5 * time.Second

// tellPatience is how long the engine may take to tell of a name that arrived.
const tellPatience = 250 * time.Millisecond

// checkup is what the rows of a check are made from.
type checkup struct {
	status  control.Status
	primary *resolver.Measurement // nil where there is no provider
	backup  *resolver.Measurement // nil where there is none
	// name and backupName are for people, tlsName is what the provider's
	// certificate must carry.
	name, backupName, tlsName string
	// asks is whether this computer's programs ask here; nil where that was not
	// found out.
	asks *bool
	ipv6 bool // this computer has an IPv6 address that leads out
	now  time.Time
}

// Check implements control.Controller.
func (d *Daemon) Check(ctx context.Context) []control.CheckRow {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	c := checkup{status: d.Status(), ipv6: d.seams.around.ipv6 != nil && d.seams.around.ipv6(), now: time.Now()}
	d.mu.Lock()
	ups := slices.Clone(d.plan.upstreams)
	d.mu.Unlock()
	var wait sync.WaitGroup
	measure := func(u provider.Upstream, into **resolver.Measurement) {
		wait.Go(func() { *into = new(d.eng.Measure(ctx, u)) })
	}
	if len(ups) > 0 {
		c.name, c.tlsName = ups[0].Label, ups[0].Name
		measure(ups[0], &c.primary)
	}
	if len(ups) > 1 {
		c.backupName = ups[1].Label
		measure(ups[1], &c.backup)
	}
	wait.Go(func() { c.asks = d.isAsked(ctx, c.status) })
	wait.Wait()
	return c.rows()
}

// isAsked looks a name up through this computer's own resolver and sees whether
// it arrives here. It returns nil where that says nothing.
func (d *Daemon) isAsked(ctx context.Context, s control.Status) *bool {
	if d.opts.Demo != nil || d.seams.lookup == nil || s.State == control.Stopped || s.State == control.Failed {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	name := d.seams.nonce()
	told := arrival(d.eng.Expect(name))
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel()
	over := make(chan struct{})
	wait.Go(func() { d.seams.lookup(ctx, name); close(over) })
	select {
	case <-told:
		return new(true)
	case <-over:
	case <-ctx.Done():
	}
	select {
	case <-told:
		return new(true)
	case <-time.After(tellPatience):
		return new(false)
	}
}

// rows are in the order of the window.
func (c checkup) rows() []control.CheckRow {
	rows := []control.CheckRow{
		c.certificate(), c.encryption(), c.dnssec(), c.leak(), c.overIPv6(), c.backupRow(), c.port(), c.clock(),
	}
	for i, id := range []string{"certificate", "encryption", "dnssec", "leak", "ipv6", "backup", "port", "clock"} {
		rows[i].ID = id
	}
	return rows
}

func row(title, result, sentence string) control.CheckRow {
	return control.CheckRow{Title: title, Result: result, Sentence: sentence}
}

// failed says why the provider could not be tried.
func (c checkup) failed() string {
	if c.primary == nil {
		return "No provider is set."
	}
	return c.name + ": " + c.primary.Fault.Text + "."
}

func (c checkup) certificate() control.CheckRow {
	const title = "Certificate and name"
	m := c.primary
	switch {
	case m == nil:
		return row(title, control.CheckUnknown, c.failed())
	case m.Fault != nil && isCertificate(m.Fault):
		return withFix(row(title, control.CheckFailed, c.failed()+" Nothing was sent to it."), "Choose another provider", control.FixProviders)
	case m.TLS == "":
		return row(title, control.CheckUnknown, c.failed())
	}
	return row(title, control.CheckOK, fmt.Sprintf("%s is signed by %s and holds until %s.", c.tlsName, m.Issuer, m.Expires.Local().Format("2 January 2006")))
}

func (c checkup) encryption() control.CheckRow {
	const title = "Encryption"
	m := c.primary
	if m == nil || m.TLS == "" {
		return row(title, control.CheckUnknown, "There was no connection to look at.")
	}
	text := m.TLS
	if m.KeyExchange != "" {
		text += " with " + m.KeyExchange
	}
	if strings.Contains(m.KeyExchange, "MLKEM") {
		text += ", which quantum computers cannot undo"
	}
	if m.Resumed {
		return row(title, control.CheckOK, text+". A lost connection is taken up again at once.")
	}
	return row(title, control.CheckOK, text+".")
}

func (c checkup) dnssec() control.CheckRow {
	const title = "DNSSEC"
	switch m := c.primary; {
	case m == nil || m.First == 0:
		return row(title, control.CheckUnknown, "There was no answer to look at.")
	case m.Validates:
		return row(title, control.CheckOK, c.name+" verifies signed names.")
	}
	return row(title, control.CheckWarning, c.name+" does not say that it verifies signed names.")
}

func (c checkup) leak() control.CheckRow {
	const title = "Leak test"
	s := c.status
	switch {
	case s.Demo:
		return row(title, control.CheckUnknown, "The demo never becomes this computer’s DNS.")
	case s.State == control.Paused:
		return withFix(row(title, control.CheckWarning, "DNS is paused, so this computer asks its network’s server, not encrypted."), "Resume now", control.FixResume)
	case c.asks == nil:
		return row(title, control.CheckUnknown, "This is not known while DoT Proxy does not answer.")
	case *c.asks:
		return row(title, control.CheckOK, "A name looked up on this computer came to DoT Proxy.")
	case s.SystemDNS:
		return withFix(row(title, control.CheckFailed, "A name looked up on this computer did not come to DoT Proxy; another program answers for it."), "Repair", control.FixRepair)
	}
	return withFix(row(title, control.CheckFailed, "A name looked up on this computer did not come to DoT Proxy; it asks another server, not encrypted."), "Use as this computer’s DNS", control.FixSystemDNS)
}

func (c checkup) overIPv6() control.CheckRow {
	const title = "IPv6"
	here := slices.ContainsFunc(c.status.Listen, func(text string) bool {
		a, err := netip.ParseAddrPort(text)
		return err == nil && a.Addr().Is6()
	})
	switch {
	case here:
		return row(title, control.CheckOK, "DoT Proxy answers over IPv6 too, so nothing goes around it there.")
	case !c.ipv6:
		return row(title, control.CheckOK, "This network has no IPv6, so nothing goes around DoT Proxy there.")
	}
	return withFix(row(title, control.CheckWarning, "This network has IPv6, and DoT Proxy does not answer over it; add ::1 to the addresses."), "Open settings", control.FixSettings)
}

func (c checkup) backupRow() control.CheckRow {
	const title = "Backup"
	switch m := c.backup; {
	case c.status.Demo:
		return row(title, control.CheckUnknown, "The demo has no backup.")
	case m == nil:
		return withFix(row(title, control.CheckWarning, "There is no provider to ask when "+c.name+" fails."), "Choose a backup", control.FixProviders)
	case m.Fault != nil:
		return withFix(row(title, control.CheckWarning, c.backupName+" does not answer: "+m.Fault.Text+"."), "Choose a backup", control.FixProviders)
	}
	return row(title, control.CheckOK, fmt.Sprintf("%s would take over, in %s.", c.backupName, spell(c.backup.Warm)))
}

func spell(d time.Duration) string {
	if d < time.Millisecond {
		return "less than 1 ms"
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func (c checkup) port() control.CheckRow {
	s := c.status
	title := "Port"
	if len(s.Listen) > 0 {
		if a, err := netip.ParseAddrPort(s.Listen[0]); err == nil {
			title = fmt.Sprintf("Port %d", a.Port()) // which a flag may have chosen
		}
	}
	if p := s.Problem; p != nil && (p.Code == control.CodePortInUse || p.Code == control.CodePermission || p.Code == control.CodeAddress) {
		hint, _, _ := strings.Cut(p.Hint, "\n")
		return withFix(row(title, control.CheckFailed, strings.TrimSpace(p.Message+" "+hint)), "Try again", control.FixStart)
	}
	if s.State == control.Stopped {
		return withFix(row(title, control.CheckWarning, "DoT Proxy is stopped and does not listen."), "Start", control.FixStart)
	}
	return row(title, control.CheckOK, fmt.Sprintf("DoT Proxy listens on %s (process %d).", strings.Join(s.Listen, " and "), s.PID))
}

func (c checkup) clock() control.CheckRow {
	const title = "Clock"
	m := c.primary
	switch {
	case m != nil && m.Fault != nil && isClock(m.Fault):
		return row(title, control.CheckWarning, "It is "+c.now.Format("15:04 on 2 January 2006")+" here, at which the provider’s certificate does not hold. Set the clock, or choose another provider.")
	case m == nil || m.TLS == "":
		return row(title, control.CheckUnknown, "There was no certificate to compare it with.")
	}
	return row(title, control.CheckOK, "It fits the dates of the provider’s certificate.")
}

func withFix(r control.CheckRow, label, command string) control.CheckRow {
	r.Fix = &control.Fix{Label: label, Command: command}
	return r
}
