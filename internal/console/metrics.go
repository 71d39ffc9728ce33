package console

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/dtlsd/dtlsd/dtls"
)

// metrics is what a Prometheus server gets.
type metrics struct {
	handler    http.Handler
	handshakes prometheus.Histogram // how long they took, in seconds
}

func newMetrics(version string, stats func() dtls.Stats) *metrics {
	m := &metrics{
		handshakes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "dtlsd_handshake_seconds",
			Help: "How long completed handshakes took, from the cookie on.",
			// From one on a loopback device to one that lost several flights.
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "dtlsd_build_info",
		Help:        "Always 1; the label tells the version.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		build,
		m.handshakes,
		newStatsCollector(stats),
		collectors.NewBuildInfoCollector(),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

// log hears of each entry on the goroutine that serves the socket.
func (m *metrics) log(e dtls.Entry) {
	if e.Kind == dtls.KindEstablished {
		m.handshakes.Observe(e.Elapsed.Seconds())
	}
}
