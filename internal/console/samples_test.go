package console

import (
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

func TestSampleCountsOneSecond(t *testing.T) {
	s := newSamples()
	stats := dtls.Stats{HandshakesCompleted: 7, DatagramsReceived: 100}
	s.begin(stats)

	stats.HandshakesCompleted, stats.HandshakesResumed = 10, 1
	stats.HandshakesFailed[dtls.FailedWrongKey] = 2
	stats.DatagramsReceived, stats.DatagramsSent = 140, 41
	stats.Drops[1] = 5
	stats.Sessions, stats.HalfOpen = 12, 1
	for ms := range 100 {
		s.log(dtls.Entry{Kind: dtls.KindEstablished, Elapsed: time.Duration(ms+1) * time.Millisecond})
	}
	s.log(dtls.Entry{Kind: dtls.KindFailed, Elapsed: time.Hour})
	s.take(testTime, stats)
	s.take(testTime.Add(time.Second), stats)

	history := s.history()
	if len(history) != 2 {
		t.Fatalf("%d samples", len(history))
	}
	first, second := history[0], history[1]
	if first.Handshakes["completed"] != 3 || first.Handshakes["resumed"] != 1 || first.Handshakes["wrong_key"] != 2 || first.Handshakes["timeout"] != 0 {
		t.Errorf("handshakes %v", first.Handshakes)
	}
	if first.DatagramsIn != 40 || first.DatagramsOut != 41 || first.Sessions != 12 || first.HalfOpen != 1 {
		t.Errorf("%+v", first)
	}
	if reason := dtls.DropReason(1).String(); len(first.Drops) != 1 || first.Drops[reason] != 5 {
		t.Errorf("drops %v", first.Drops)
	}
	if *first.HandshakeP50 != 50 || *first.HandshakeP99 != 99 {
		t.Errorf("p50 %v, p99 %v", *first.HandshakeP50, *first.HandshakeP99)
	}
	if second.DatagramsIn != 0 || len(second.Drops) != 0 || second.HandshakeP50 != nil || second.HandshakeP99 != nil || second.Sessions != 12 {
		t.Errorf("the second after: %+v", second)
	}
}

func TestSamplesOfTheLastHourAreKept(t *testing.T) {
	s := newSamples()
	for i := range maxSamples + 10 {
		s.take(testTime.Add(time.Duration(i)*time.Second), dtls.Stats{})
	}
	history := s.history()
	if len(history) != maxSamples || !history[0].Time.Equal(testTime.Add(10*time.Second)) {
		t.Errorf("%d samples from %v on", len(history), history[0].Time)
	}
	if newest := s.since(s.count() - 2); len(newest) != 2 || !newest[1].Time.Equal(testTime.Add((maxSamples+9)*time.Second)) {
		t.Errorf("the newest: %v", newest)
	}
}

// However many handshakes there are in a second, what is kept of them is
// bounded.
func TestLatenciesOfASecondAreBounded(t *testing.T) {
	s := newSamples()
	for range 10 * maxLatencies {
		s.log(dtls.Entry{Kind: dtls.KindEstablished, Elapsed: time.Millisecond})
	}
	if len(s.latencies) != maxLatencies {
		t.Errorf("%d are kept", len(s.latencies))
	}
}
