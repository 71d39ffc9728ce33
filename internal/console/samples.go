package console

import (
	"context"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

const (
	samplePeriod = time.Second
	maxSamples   = 3600 // an hour
)

// maxLatencies is how many handshakes of a second its percentiles are made of.
const maxLatencies = 1024

// A Sample is what happened in a second. Its counts are of that second.
type Sample struct {
	Time     time.Time `json:"time"` // of its end
	Sessions int       `json:"sessions"`
	HalfOpen int       `json:"half_open"`

	Handshakes      map[string]uint64 `json:"handshakes"` // completed, resumed, and those that failed by reason
	DatagramsIn     uint64            `json:"datagrams_in"`
	DatagramsOut    uint64            `json:"datagrams_out"`
	BytesIn         uint64            `json:"bytes_in"`
	BytesOut        uint64            `json:"bytes_out"`
	Drops           map[string]uint64 `json:"drops"` // by reason, those only that there were
	Retransmissions uint64            `json:"retransmissions"`
	Cookies         uint64            `json:"cookies"`

	HandshakeP50 *float64 `json:"handshake_p50_ms"` // nil if none was completed
	HandshakeP99 *float64 `json:"handshake_p99_ms"`
}

// samples are those of the last hour.
type samples struct {
	mu        sync.Mutex
	ring      []Sample
	taken     int // so far
	last      dtls.Stats
	latencies []time.Duration // of the handshakes completed in this second
}

func newSamples() *samples { return &samples{} }

// run takes samples until ctx ends.
func (s *samples) run(ctx context.Context, stats func() dtls.Stats) {
	ticker := time.NewTicker(samplePeriod)
	defer ticker.Stop()
	s.begin(stats())
	for {
		select {
		case now := <-ticker.C:
			s.take(now, stats())
		case <-ctx.Done():
			return
		}
	}
}

// log hears of the handshakes that are complete.
func (s *samples) log(e dtls.Entry) {
	if e.Kind != dtls.KindEstablished {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.latencies) < maxLatencies {
		s.latencies = append(s.latencies, e.Elapsed)
	}
}

// begin says from where on it is counted.
func (s *samples) begin(stats dtls.Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = stats
}

// take adds the sample of the second that is over.
func (s *samples) take(now time.Time, stats dtls.Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sample := difference(&s.last, &stats)
	sample.Time = now.UTC()
	slices.Sort(s.latencies)
	sample.HandshakeP50 = percentile(s.latencies, 50)
	sample.HandshakeP99 = percentile(s.latencies, 99)
	s.latencies = s.latencies[:0]
	s.last = stats
	if len(s.ring) < maxSamples {
		s.ring = append(s.ring, sample)
	} else {
		s.ring[s.taken%maxSamples] = sample
	}
	s.taken++
}

// difference returns what happened between two readings of the counters.
func difference(from, to *dtls.Stats) Sample {
	sample := Sample{
		Sessions:     to.Sessions,
		HalfOpen:     to.HalfOpen,
		DatagramsIn:  to.DatagramsReceived - from.DatagramsReceived,
		DatagramsOut: to.DatagramsSent - from.DatagramsSent,
		BytesIn:      to.BytesReceived - from.BytesReceived,
		BytesOut:     to.BytesSent - from.BytesSent,
		Handshakes: map[string]uint64{
			"completed": to.HandshakesCompleted - from.HandshakesCompleted,
			"resumed":   to.HandshakesResumed - from.HandshakesResumed,
		},
		Drops:           map[string]uint64{},
		Retransmissions: to.Retransmissions - from.Retransmissions,
		Cookies:         to.CookiesSent - from.CookiesSent,
	}
	for reason := range dtls.FailureReason(dtls.NumFailures) {
		sample.Handshakes[reason.String()] = to.HandshakesFailed[reason] - from.HandshakesFailed[reason]
	}
	for reason := range dtls.DropReason(dtls.NumDrops) {
		if n := to.Drops[reason] - from.Drops[reason]; n > 0 {
			sample.Drops[reason.String()] = n
		}
	}
	return sample
}

// percentile returns the value in milliseconds below which percent of the
// sorted durations lie, or nil if there is none.
func percentile(sorted []time.Duration, percent float64) *float64 {
	if len(sorted) == 0 {
		return nil
	}
	rank := int(math.Ceil(percent / 100 * float64(len(sorted))))
	ms := float64(sorted[rank-1].Microseconds()) / 1000
	return &ms
}

// history returns the samples of the last hour, the oldest first.
func (s *samples) history() []Sample { return s.since(0) }

// since returns the samples after the first n that were ever taken, as far as
// they are kept, the oldest first.
func (s *samples) since(n int) []Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Sample{}
	for i := max(n, s.taken-len(s.ring)); i < s.taken; i++ {
		list = append(list, s.ring[i%maxSamples])
	}
	return list
}

// count returns how many samples were ever taken.
func (s *samples) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

// SamplesPage is the answer to a request for the last hour.
type SamplesPage struct {
	Samples []Sample `json:"samples"`
}

// serveSamples answers with the last hour.
func (c *Console) serveSamples(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, SamplesPage{c.samples.history()})
}
