package console

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

func TestMetricsAreThoseOfTheServer(t *testing.T) {
	s := newSite(t)
	s.backend.stats = dtls.Stats{
		Sessions: 1, HalfOpen: 2, HandshakesStarted: 3, HandshakesCompleted: 4, HandshakesResumed: 5,
		DatagramsReceived: 6, DatagramsSent: 7, BytesReceived: 8, BytesSent: 9, MessagesReceived: 10, MessagesSent: 11,
		CookiesSent: 12, Retransmissions: 13, AddressChanges: 16, AddressChecksFailed: 17,
		HandshakesDTLS13: 18, RetriesSent: 19, KeyUpdates: 20, HelloFragments: 21, Shards: 22, DatagramsHandedOver: 23,
	}
	s.backend.stats.HandshakesFailed[dtls.FailedWrongKey] = 14
	s.backend.stats.Drops[dtls.NumDrops-1] = 15
	log := s.console.Observer().Log
	log(dtls.Entry{Kind: dtls.KindEstablished, Elapsed: 3 * time.Millisecond})
	log(dtls.Entry{Kind: dtls.KindFailed, Elapsed: 30 * time.Second})

	w := s.do("GET", "/metrics", "")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Fatalf("status %d, %s", w.Code, w.Header().Get("Content-Type"))
	}
	lines := strings.Split(w.Body.String(), "\n")
	for _, want := range []string{
		"dtlsd_sessions 1",
		"dtlsd_handshakes_half_open 2",
		"dtlsd_handshakes_started_total 3",
		"dtlsd_handshakes_completed_total 4",
		"dtlsd_handshakes_resumed_total 5",
		"dtlsd_datagrams_received_total 6",
		"dtlsd_datagrams_sent_total 7",
		"dtlsd_received_bytes_total 8",
		"dtlsd_sent_bytes_total 9",
		"dtlsd_messages_received_total 10",
		"dtlsd_messages_sent_total 11",
		"dtlsd_cookies_sent_total 12",
		"dtlsd_retransmissions_total 13",
		"dtlsd_address_changes_total 16",
		"dtlsd_address_checks_failed_total 17",
		"dtlsd_handshakes_dtls13_total 18",
		"dtlsd_retries_sent_total 19",
		"dtlsd_key_updates_total 20",
		"dtlsd_hello_fragments_total 21",
		"dtlsd_shards 22",
		"dtlsd_datagrams_handed_over_total 23",
		`dtlsd_handshakes_failed_total{reason="wrong_key"} 14`,
		`dtlsd_handshakes_failed_total{reason="timeout"} 0`,
		`dtlsd_drops_total{reason="` + dtls.DropReason(dtls.NumDrops-1).String() + `"} 15`,
		`dtlsd_drops_total{reason="empty_datagram"} 0`,
		`dtlsd_handshake_seconds_bucket{le="0.0025"} 0`,
		`dtlsd_handshake_seconds_bucket{le="0.005"} 1`,
		"dtlsd_handshake_seconds_count 1",
		`dtlsd_build_info{version="dtlsd (test)"} 1`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, prefix := range []string{"go_goroutines ", "go_build_info{", "process_start_time_seconds "} {
		if !strings.Contains(w.Body.String(), "\n"+prefix) {
			t.Errorf("%s is missing", prefix)
		}
	}
	if strings.Contains(w.Body.String(), `reason="none"`) {
		t.Error("there is a reason for none")
	}
}

func TestConsolesDoNotShareMetrics(t *testing.T) {
	one, other := newSite(t), newSite(t)
	one.console.Observer().Log(dtls.Entry{Kind: dtls.KindEstablished})
	if body := other.do("GET", "/metrics", "").Body.String(); !strings.Contains(body, "dtlsd_handshake_seconds_count 0") {
		t.Error("one console counts for the other")
	}
}
