package console

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/dtlsd/dtlsd/dtls"
)

// A statsCollector turns the server's own counters into metrics when somebody
// asks for them: nothing is counted twice.
type statsCollector struct {
	stats    func() dtls.Stats
	single   []statsMetric
	failures *prometheus.Desc
	drops    *prometheus.Desc
}

// A statsMetric is one number of the statistics.
type statsMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*dtls.Stats) float64
}

func newStatsCollector(stats func() dtls.Stats) *statsCollector {
	counter := func(name, help string, value func(*dtls.Stats) uint64) statsMetric {
		return statsMetric{prometheus.NewDesc(name, help, nil, nil), prometheus.CounterValue,
			func(s *dtls.Stats) float64 { return float64(value(s)) }}
	}
	gauge := func(name, help string, value func(*dtls.Stats) int) statsMetric {
		return statsMetric{prometheus.NewDesc(name, help, nil, nil), prometheus.GaugeValue,
			func(s *dtls.Stats) float64 { return float64(value(s)) }}
	}
	reason := []string{"reason"}
	return &statsCollector{
		stats: stats,
		single: []statsMetric{
			gauge("dtlsd_sessions", "Established sessions.",
				func(s *dtls.Stats) int { return s.Sessions }),
			gauge("dtlsd_handshakes_half_open", "Handshakes in progress, after the cookie.",
				func(s *dtls.Stats) int { return s.HalfOpen }),
			gauge("dtlsd_shards", "Goroutines that serve sockets.",
				func(s *dtls.Stats) int { return s.Shards }),
			counter("dtlsd_datagrams_handed_over_total", "UDP datagrams that came in at another shard than that of their session.",
				func(s *dtls.Stats) uint64 { return s.DatagramsHandedOver }),
			counter("dtlsd_handshakes_started_total", "Handshakes begun, after the cookie.",
				func(s *dtls.Stats) uint64 { return s.HandshakesStarted }),
			counter("dtlsd_handshakes_completed_total", "Handshakes completed, resumed ones included.",
				func(s *dtls.Stats) uint64 { return s.HandshakesCompleted }),
			counter("dtlsd_handshakes_resumed_total", "Handshakes completed that resumed a session.",
				func(s *dtls.Stats) uint64 { return s.HandshakesResumed }),
			counter("dtlsd_handshakes_dtls13_total", "Handshakes completed in DTLS 1.3.",
				func(s *dtls.Stats) uint64 { return s.HandshakesDTLS13 }),
			counter("dtlsd_retries_sent_total", "Cookies sent in a HelloRetryRequest, to clients of DTLS 1.3.",
				func(s *dtls.Stats) uint64 { return s.RetriesSent }),
			counter("dtlsd_key_updates_total", "New keys in established sessions, of either direction.",
				func(s *dtls.Stats) uint64 { return s.KeyUpdates }),
			counter("dtlsd_cookies_sent_total", "Cookies sent to clients that had none.",
				func(s *dtls.Stats) uint64 { return s.CookiesSent }),
			counter("dtlsd_hello_fragments_total", "Parts of ClientHellos that were kept until the rest arrived or made room for others.",
				func(s *dtls.Stats) uint64 { return s.HelloFragments }),
			counter("dtlsd_retransmissions_total", "Flights of handshakes repeated.",
				func(s *dtls.Stats) uint64 { return s.Retransmissions }),
			counter("dtlsd_address_changes_total", "Changes of the address of a peer with a connection ID.",
				func(s *dtls.Stats) uint64 { return s.AddressChanges }),
			counter("dtlsd_address_checks_failed_total", "Peers that seemed to have another address, and did not answer there.",
				func(s *dtls.Stats) uint64 { return s.AddressChecksFailed }),
			counter("dtlsd_datagrams_received_total", "UDP datagrams received.",
				func(s *dtls.Stats) uint64 { return s.DatagramsReceived }),
			counter("dtlsd_datagrams_sent_total", "UDP datagrams sent.",
				func(s *dtls.Stats) uint64 { return s.DatagramsSent }),
			counter("dtlsd_received_bytes_total", "Bytes of UDP payload received.",
				func(s *dtls.Stats) uint64 { return s.BytesReceived }),
			counter("dtlsd_sent_bytes_total", "Bytes of UDP payload sent.",
				func(s *dtls.Stats) uint64 { return s.BytesSent }),
			counter("dtlsd_messages_received_total", "Datagrams of application data delivered.",
				func(s *dtls.Stats) uint64 { return s.MessagesReceived }),
			counter("dtlsd_messages_sent_total", "Datagrams of application data sent.",
				func(s *dtls.Stats) uint64 { return s.MessagesSent }),
		},
		failures: prometheus.NewDesc("dtlsd_handshakes_failed_total", "Handshakes failed, by reason.", reason, nil),
		drops:    prometheus.NewDesc("dtlsd_drops_total", "Datagrams and records discarded, by reason.", reason, nil),
	}
}

// Describe implements [prometheus.Collector].
func (c *statsCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, m := range c.single {
		descs <- m.desc
	}
	descs <- c.failures
	descs <- c.drops
}

// Collect implements [prometheus.Collector].
func (c *statsCollector) Collect(metrics chan<- prometheus.Metric) {
	stats := c.stats()
	for _, m := range c.single {
		metrics <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(&stats))
	}
	counter := func(desc *prometheus.Desc, n uint64, reason string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), reason)
	}
	for i, n := range stats.HandshakesFailed {
		counter(c.failures, n, dtls.FailureReason(i).String())
	}
	for i, n := range stats.Drops[1:] { // the first is for none
		counter(c.drops, n, dtls.DropReason(i+1).String())
	}
}
