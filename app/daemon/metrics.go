package daemon

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/VictoriaMetrics/metrics"

	"dotproxy/app/control"
)

// states are all values of the label of dotproxy_state.
var states = []control.State{control.Stopped, control.Starting, control.Protected, control.Degraded, control.Failed}

// WriteMetrics implements control.Controller. Nothing is counted for it that
// is not counted anyway.
func (d *Daemon) WriteMetrics(w io.Writer) {
	s := d.Status()
	metrics.WriteGaugeUint64(w, fmt.Sprintf("dotproxy_build_info{version=%q}", s.Version), 1)
	for _, state := range states {
		metrics.WriteGaugeUint64(w, fmt.Sprintf("dotproxy_state{state=%q}", state), boolean(s.State == state))
	}
	for i, source := range sources {
		metrics.WriteCounterUint64(w, fmt.Sprintf("dotproxy_queries_total{source=%q}", source), d.answered[i].Load())
	}
	a := d.eng.Admission()
	for _, c := range []struct {
		outcome string
		n       uint64
	}{{"malformed", a.Malformed}, {"refused", a.Refused}, {"limited", a.Limited}, {"blocked", a.Blocked}, {"dropped", a.Dropped}} {
		metrics.WriteCounterUint64(w, fmt.Sprintf("dotproxy_admission_total{outcome=%q}", c.outcome), c.n)
	}
	metrics.WriteGaugeUint64(w, "dotproxy_blocked_clients", uint64(len(d.eng.Blocked())))
	total := d.queries.Counters()
	metrics.WriteCounterUint64(w, "dotproxy_cache_hits_total", total.Cached)
	metrics.WriteCounterUint64(w, "dotproxy_failures_total", total.Failures)
	metrics.WriteGaugeFloat64(w, "dotproxy_upstream_median_seconds", s.Counters.MedianMS/1000)
	for _, u := range s.Upstreams {
		labels := fmt.Sprintf("{address=%q,name=%q}", u.Address, u.Name)
		metrics.WriteGaugeUint64(w, "dotproxy_upstream_connected"+labels, boolean(u.Connected))
		metrics.WriteGaugeFloat64(w, "dotproxy_upstream_address_median_seconds"+labels, u.MedianMS/1000)
	}
	metrics.WriteGaugeUint64(w, "dotproxy_start_time_seconds", uint64(d.began.Unix()))
	writeProcess(w)
}

// writeProcess writes the library's metrics of process and runtime under our
// prefix.
func writeProcess(w io.Writer) {
	var buf bytes.Buffer
	metrics.WriteProcessMetrics(&buf)
	for line := range strings.Lines(buf.String()) {
		if strings.HasPrefix(line, "process_") || strings.HasPrefix(line, "go_") {
			fmt.Fprint(w, "dotproxy_"+line)
		}
	}
}

func boolean(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
