package load

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Report is what came of a scenario. Times that end in US are microseconds,
// sizes that end in KB are 1024 bytes. What could not be measured is nil.
type Report struct {
	Scenario string `json:"scenario"`
	Label    string `json:"label"`
	Version  string `json:"version"` // of DTLS: 1.2 or 1.3
	Suite    string `json:"suite"`
	Group    string `json:"group"`

	Sessions    int     `json:"sessions"`
	Concurrency int     `json:"concurrency"`
	Window      int     `json:"window"`
	Size        int     `json:"size"` // bytes of plaintext
	Bursts      bool    `json:"bursts"`
	Resumed     bool    `json:"resumed"`
	Plain       bool    `json:"plain"`
	TargetRate  float64 `json:"target_rate"` // a second; 0 for a closed loop

	OK              uint64 `json:"ok"`
	Failed          uint64 `json:"failed"`
	Lost            uint64 `json:"lost"`
	Late            uint64 `json:"late"`
	Bad             uint64 `json:"bad"`
	Sent            uint64 `json:"sent"`
	Retransmissions uint64 `json:"retransmissions"`
	Handshakes      uint64 `json:"handshakes"` // all that were completed

	Seconds float64 `json:"seconds"`
	Rate    float64 `json:"rate"` // a second
	P50     float64 `json:"p50_us"`
	P90     float64 `json:"p90_us"`
	P99     float64 `json:"p99_us"`
	P999    float64 `json:"p999_us"`
	Max     float64 `json:"max_us"`

	ServerCPU  *float64 `json:"server_cpu_us,omitempty"` // an operation
	ServerUtil *float64 `json:"server_util,omitempty"`   // of one core
	ClientCPU  float64  `json:"client_cpu_us"`           // an operation
	Drops      *uint64  `json:"drops,omitempty"`         // datagrams for which the server's sockets had no room

	RSSBefore       *int64   `json:"rss_before_kb,omitempty"`
	RSSAfter        *int64   `json:"rss_after_kb,omitempty"`
	RSSHold         *int64   `json:"rss_hold_kb,omitempty"`
	BytesPerSession *float64 `json:"bytes_per_session,omitempty"`
	RSSSlope        *float64 `json:"rss_slope_kb_min,omitempty"` // growth a minute

	Touched   uint64 `json:"touched"`
	TouchLost uint64 `json:"touch_lost"`

	Failures   map[string]uint64 `json:"failures,omitempty"`   // by reason
	Complaints []string          `json:"complaints,omitempty"` // what a server that is in order does not do
}

// take adds what workers have counted.
func (r *Report) take(t *tally) {
	r.OK, r.Failed, r.Lost, r.Late, r.Bad = t.ok, t.failed, t.lost, t.late, t.bad
	r.Sent, r.Retransmissions, r.Handshakes = t.sent, t.retransmissions, t.handshakes
	r.Complaints, r.Touched = t.complaints, t.touched
	r.Failures = t.reasons
	if t.unsent > 0 {
		t.note("our own sockets had no room for a datagram")
		t.reasons["our own sockets had no room for a datagram"] = t.unsent
		r.Failures = t.reasons
	}
	r.takeLatency(&t.latency)
	r.agree(t.agreed)
}

func (r *Report) takeLatency(h *histogram) {
	r.P50, r.P90 = micros(h.quantile(0.5)), micros(h.quantile(0.9))
	r.P99, r.P999 = micros(h.quantile(0.99)), micros(h.quantile(0.999))
	r.Max = micros(h.max)
}

// complain adds what a server that is in order does not do.
func (r *Report) complain(format string, args ...any) {
	r.Complaints = append(r.Complaints, fmt.Sprintf(format, args...))
}

// excuse adds the reasons of failures from before the measurement.
func (r *Report) excuse(reasons map[string]uint64) {
	for reason, n := range reasons {
		if r.Failures == nil {
			r.Failures = map[string]uint64{}
		}
		r.Failures[reason] += n
	}
}

// agree tells what the server agreed to.
func (r *Report) agree(s *engine.State) {
	if s == nil {
		return
	}
	r.Version = "1.2"
	if s.Version == wire.VersionDTLS13 {
		r.Version = "1.3"
	}
	r.Suite = suite.Name(s.CipherSuite())
	if s.Group != 0 {
		r.Group = s.Group.String()
	}
}

// Good reports whether nothing failed that must not.
func (r *Report) Good() bool {
	return r.Failed == 0 && r.Bad == 0 && r.TouchLost == 0 && len(r.Complaints) == 0 && r.OK > 0
}

// WriteJSON writes the report as one JSON object in a line.
func (r *Report) WriteJSON(w io.Writer) error { return json.NewEncoder(w).Encode(r) }
