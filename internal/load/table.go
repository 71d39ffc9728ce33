package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Write writes the report as a table for people.
func (r *Report) Write(w io.Writer) error {
	t := &table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.row("scenario", "%s", r.title())
	if r.Suite != "" {
		t.row("agreed on", "%s", strings.TrimSpace("DTLS "+r.Version+"  "+r.Suite+"  "+r.Group))
	}
	t.row("time", "%.2f s", r.Seconds)
	t.row("rate", "%.0f %s a second", r.Rate, r.unit())
	t.counts(r)
	if r.Max > 0 {
		t.row("latency", "p50 %s  p90 %s  p99 %s  p99.9 %s  max %s", us(r.P50), us(r.P90), us(r.P99), us(r.P999), us(r.Max))
	}
	t.server(r)
	t.row("our CPU", "%.2f us", r.ClientCPU)
	for _, reason := range slices.SortedFunc(maps.Keys(r.Failures), func(a, b string) int { return int(r.Failures[b]) - int(r.Failures[a]) }) {
		t.row("failure", "%d x %s", r.Failures[reason], reason)
	}
	for _, complaint := range r.Complaints {
		t.row("COMPLAINT", "%s", complaint)
	}
	return t.Flush()
}

// A table has a name and a value in each row.
type table struct{ *tabwriter.Writer }

func (t *table) row(name, format string, args ...any) {
	fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...))
}

func (t *table) counts(r *Report) {
	t.row("ok", "%d", r.OK)
	t.row("failed", "%d", r.Failed)
	if r.Sent > 0 {
		t.row("sent", "%d", r.Sent)
	}
	if r.Scenario == "echo" || r.Scenario == "mixed" {
		t.row("echoes", "lost %d  late %d  wrong %d", r.Lost, r.Late, r.Bad)
	}
	if r.Scenario == "mixed" {
		t.row("handshakes", "%d", r.Handshakes)
	}
	if r.Touched > 0 {
		t.row("touched", "%d  without answer %d", r.Touched, r.TouchLost)
	}
	if r.Retransmissions > 0 {
		t.row("repeated", "%d flights", r.Retransmissions)
	}
	if r.Drops != nil && *r.Drops > 0 {
		t.row("dropped", "%d datagrams, for which the server's sockets had no room", *r.Drops)
	}
}

func (t *table) server(r *Report) {
	if r.ServerCPU != nil {
		t.row("server CPU", "%.2f us for each of the %s", *r.ServerCPU, r.unit())
	}
	if r.ServerUtil != nil {
		t.row("server busy", "%.1f %% of a core", *r.ServerUtil*100)
	}
	for _, m := range []struct {
		name string
		kb   *int64
	}{{"memory before", r.RSSBefore}, {"memory after", r.RSSAfter}, {"memory held", r.RSSHold}} {
		if m.kb != nil {
			t.row(m.name, "%.1f MB", float64(*m.kb)/1024)
		}
	}
	if r.BytesPerSession != nil {
		t.row("a session", "%.0f bytes", *r.BytesPerSession)
	}
	if r.RSSSlope != nil {
		t.row("growth", "%.1f KB a minute", *r.RSSSlope)
	}
}

// unit is what is counted.
func (r *Report) unit() string {
	switch r.Scenario {
	case "echo", "mixed":
		return "echoes"
	case "flood":
		return "hellos"
	default:
		return "handshakes"
	}
}

// title is the scenario and what makes it this one.
func (r *Report) title() string {
	text := r.Scenario
	if r.Sessions > 0 {
		text += fmt.Sprintf("  %d sessions", r.Sessions)
	}
	if r.Window > 0 {
		text += fmt.Sprintf("  window %d", r.Window)
	}
	if r.Concurrency > 0 {
		text += fmt.Sprintf("  %d handshakes at a time", r.Concurrency)
	}
	if r.Size > 0 {
		text += fmt.Sprintf("  %d bytes", r.Size)
	}
	for _, flag := range []struct {
		set  bool
		text string
	}{{r.Bursts, "bursts"}, {r.Resumed, "resumed"}, {r.Plain, "without DTLS"}} {
		if flag.set {
			text += "  " + flag.text
		}
	}
	return text
}

// us returns microseconds for people.
func us(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.2f s", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.2f ms", v/1e3)
	default:
		return fmt.Sprintf("%.1f us", v)
	}
}
