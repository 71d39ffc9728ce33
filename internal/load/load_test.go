package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

var testKey = []byte("a key for tests.")

// A subject is the server that load is put on.
type subject struct {
	*dtls.Server
	address  netip.AddrPort
	sessions chan bool // for each that was opened, whether it was resumed
}

// newSubject starts a server on an address, with a handler for datagrams. change
// may change it before.
func newSubject(t *testing.T, address string, handle dtls.HandlerFunc, change ...func(*dtls.Server)) *subject {
	t.Helper()
	pc, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Skipf("no %s on this machine: %v", address, err)
	}
	s := &subject{address: pc.LocalAddr().(*net.UDPAddr).AddrPort(), sessions: make(chan bool, 10_000)}
	s.Server = &dtls.Server{
		Config:  &dtls.Config{PSK: dtls.StaticPSK{"client": testKey}},
		Handler: handle,
		Opened:  func(sess *dtls.Session) { s.sessions <- sess.ConnectionState().DidResume },
	}
	for _, f := range change {
		f(s.Server)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(pc) }()
	t.Cleanup(func() {
		s.Close()
		<-ended
	})
	return s
}

func echo(s *dtls.Session, datagram []byte) { s.Send(datagram) }

// await waits until the server has opened n more sessions, and returns how many
// of them were resumed.
func (s *subject) await(t *testing.T, n int) (resumed int) {
	t.Helper()
	late := time.After(10 * time.Second)
	for i := range n {
		select {
		case r := <-s.sessions:
			if r {
				resumed++
			}
		case <-late:
			t.Fatalf("the server saw %d of %d sessions", i, n)
		}
	}
	return resumed
}

// noMore fails if the server has opened more sessions.
func (s *subject) noMore(t *testing.T) {
	t.Helper()
	if n := len(s.sessions); n > 0 {
		t.Errorf("the server saw %d sessions more", n)
	}
}

// settings put load on the server, with clients that have its key.
func (s *subject) settings(version uint16) Settings {
	return Settings{
		Server: s.address,
		Cores:  2,
		PID:    os.Getpid(),
		Client: &dtls.Config{
			ClientPSK:        dtls.StaticClientPSK("client", testKey),
			MinVersion:       version,
			MaxVersion:       version,
			HandshakeTimeout: 10 * time.Second,
		},
	}
}

// run runs a scenario that has to come to a report.
func run(t *testing.T, s Settings, scenario Scenario) *Report {
	t.Helper()
	r, err := Run(t.Context(), s, scenario)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// inBothVersions runs a test for each version of DTLS.
func inBothVersions(t *testing.T, test func(t *testing.T, version uint16)) {
	for _, version := range []uint16{dtls.VersionDTLS12, dtls.VersionDTLS13} {
		t.Run(dtls.VersionName(version), func(t *testing.T) { test(t, version) })
	}
}

func TestEveryHandshakeIsCounted(t *testing.T) {
	inBothVersions(t, func(t *testing.T, version uint16) {
		s := newSubject(t, "127.0.0.1:0", echo)
		r := run(t, s.settings(version), Handshake{Concurrency: 5, Count: 50})
		if r.OK != 50 || r.Failed != 0 || !r.Good() {
			t.Errorf("%d good and %d failed handshakes, want 50: %v", r.OK, r.Failed, r.Failures)
		}
		s.await(t, 50)
		s.noMore(t)
		if want := dtls.VersionName(version); want != "DTLS "+r.Version || r.Suite == "" || r.Group == "" {
			t.Errorf("agreed on version %q, suite %q, group %q; want %s", r.Version, r.Suite, r.Group, want)
		}
		if r.P50 <= 0 || r.P50 > r.P99 || r.P99 > r.Max || r.Rate <= 0 || r.Seconds <= 0 {
			t.Errorf("latencies %v %v %v, rate %v, %v s", r.P50, r.P99, r.Max, r.Rate, r.Seconds)
		}
	})
}

func TestHandshakesResume(t *testing.T) {
	inBothVersions(t, func(t *testing.T, version uint16) {
		s := newSubject(t, "127.0.0.1:0", echo)
		r := run(t, s.settings(version), Handshake{Concurrency: 4, Count: 40, Resume: true})
		// The full ones that brought the first sessions are not counted.
		if resumed := s.await(t, 44); r.OK != 40 || r.Failed != 0 || resumed != 40 {
			t.Errorf("%d good and %d failed; the server resumed %d: %v", r.OK, r.Failed, resumed, r.Failures)
		}
		s.noMore(t)
	})
}

func TestServerWithoutTicketsFailsToResume(t *testing.T) {
	inBothVersions(t, func(t *testing.T, version uint16) {
		s := newSubject(t, "127.0.0.1:0", echo, func(s *dtls.Server) { s.Config.SessionTicketsDisabled = true })
		r := run(t, s.settings(version), Handshake{Concurrency: 2, Count: 2, Resume: true})
		if r.OK != 0 || r.Failed != 2 || r.Good() || r.Failures[errNoSession.Error()] != 2 {
			t.Errorf("%d good and %d failed: %v", r.OK, r.Failed, r.Failures)
		}
	})
}

func TestHandshakesWithAnotherKeyFail(t *testing.T) {
	s := newSubject(t, "127.0.0.1:0", echo)
	settings := s.settings(dtls.VersionDTLS13)
	settings.Client.ClientPSK = dtls.StaticClientPSK("client", []byte("another one"))
	settings.Client.HandshakeTimeout = time.Second
	r := run(t, settings, Handshake{Concurrency: 2, Count: 3})
	if r.OK != 0 || r.Failed != 3 || len(r.Failures) == 0 || r.Good() {
		t.Errorf("%d good and %d failed: %v", r.OK, r.Failed, r.Failures)
	}
}

func TestOneAddressForAllTakesASocketForEach(t *testing.T) {
	s := newSubject(t, "[::1]:0", echo)
	r := run(t, s.settings(dtls.VersionDTLS12), Handshake{Concurrency: 5, Count: 50})
	if r.OK != 50 || r.Failed != 0 {
		t.Errorf("%d good and %d failed: %v", r.OK, r.Failed, r.Failures)
	}
	e := run(t, s.settings(dtls.VersionDTLS12), Echo{Sessions: 5, Window: 4, Size: 100, Count: 200, Concurrency: 5})
	if e.OK != 200 || e.Bad != 0 {
		t.Errorf("%d good and %d wrong echoes", e.OK, e.Bad)
	}
}

func TestEchoesAreCountedAndCompared(t *testing.T) {
	inBothVersions(t, func(t *testing.T, version uint16) {
		for _, bursts := range []bool{false, true} {
			s := newSubject(t, "127.0.0.1:0", echo)
			r := run(t, s.settings(version), Echo{Sessions: 7, Window: 3, Size: 64, Count: 500, Concurrency: 4, Bursts: bursts})
			if r.OK != 500 || r.Bad != 0 || r.Failed != 0 || r.Sessions != 7 {
				t.Errorf("bursts %v: %d good, %d wrong, %d failed over %d sessions: %v", bursts, r.OK, r.Bad, r.Failed, r.Sessions, r.Failures)
			}
			s.await(t, 7)
			s.noMore(t)
		}
	})
}

func TestWrongEchoIsFound(t *testing.T) {
	var n atomic.Int64
	s := newSubject(t, "127.0.0.1:0", func(s *dtls.Session, datagram []byte) {
		answer := bytes.Clone(datagram)
		if n.Add(1) == 10 {
			answer[len(answer)-1] ^= 1
		}
		s.Send(answer)
	})
	r := run(t, s.settings(dtls.VersionDTLS12), Echo{Sessions: 2, Window: 8, Size: 64, Count: 100, Concurrency: 2})
	if r.Bad != 1 || r.OK != 100 || r.Good() {
		t.Errorf("%d wrong and %d good", r.Bad, r.OK)
	}
}

func TestLostDatagramStallsNothing(t *testing.T) {
	var n atomic.Int64
	s := newSubject(t, "127.0.0.1:0", func(s *dtls.Session, datagram []byte) {
		if n.Add(1) != 10 {
			s.Send(datagram)
		}
	})
	r := run(t, s.settings(dtls.VersionDTLS13), Echo{Sessions: 1, Window: 1, Size: 64, Count: 20, Concurrency: 1})
	if r.Lost != 1 || r.OK != 20 || r.Late != 0 {
		t.Errorf("%d lost, %d late and %d good", r.Lost, r.Late, r.OK)
	}
}

func TestOpenLoopKeepsItsRate(t *testing.T) {
	s := newSubject(t, "127.0.0.1:0", echo)
	r := run(t, s.settings(dtls.VersionDTLS12), Echo{Sessions: 10, Window: 64, Size: 64, Rate: 1000, Duration: 500 * time.Millisecond, Concurrency: 4})
	if want := 1000 * r.Seconds; float64(r.Sent) < 0.6*want || float64(r.Sent) > 1.4*want || r.OK == 0 || r.Bad != 0 {
		t.Errorf("in %v s %d were sent and %d came back", r.Seconds, r.Sent, r.OK)
	}
}

func TestPlainEchoNeedsNoDTLS(t *testing.T) {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	go func() {
		b := make([]byte, 2048)
		for {
			n, peer, err := pc.ReadFrom(b)
			if err != nil {
				return
			}
			pc.WriteTo(b[:n], peer)
		}
	}()
	s := Settings{Server: pc.LocalAddr().(*net.UDPAddr).AddrPort()}
	r := run(t, s, Echo{Sessions: 4, Window: 4, Size: 64, Count: 300, Plain: true, Concurrency: 1})
	if r.OK != 300 || r.Bad != 0 || !r.Plain || r.Suite != "" {
		t.Errorf("%d good and %d wrong", r.OK, r.Bad)
	}
}

func TestIdleSessionsAnswerWhenTouched(t *testing.T) {
	inBothVersions(t, func(t *testing.T, version uint16) {
		s := newSubject(t, "127.0.0.1:0", func(s *dtls.Session, _ []byte) { s.Send([]byte("here")) })
		r := run(t, s.settings(version), Idle{Sessions: 100, Concurrency: 10, Hold: time.Millisecond, Touch: 50})
		if r.OK != 100 || r.Failed != 0 || r.Touched == 0 || r.Touched > 50 || r.TouchLost != 0 || !r.Good() {
			t.Errorf("%d sessions, %d failed; of %d touched %d did not answer", r.OK, r.Failed, r.Touched, r.TouchLost)
		}
		s.await(t, 300+100) // 300 to warm up
		s.noMore(t)
	})
}

func TestSessionThatDoesNotAnswerIsFound(t *testing.T) {
	s := newSubject(t, "127.0.0.1:0", func(*dtls.Session, []byte) {})
	r := run(t, s.settings(dtls.VersionDTLS12), Idle{Sessions: 3, Concurrency: 3, Touch: 1})
	if r.TouchLost != 1 || r.Good() {
		t.Errorf("of %d touched %d did not answer", r.Touched, r.TouchLost)
	}
}

func TestFloodOpensNothing(t *testing.T) {
	inBothVersions(t, func(t *testing.T, version uint16) {
		for _, bad := range []bool{false, version == dtls.VersionDTLS12} {
			s := newSubject(t, "127.0.0.1:0", echo)
			r := run(t, s.settings(version), Flood{Rate: 5000, Spoof: 1000, Duration: 200 * time.Millisecond, BadCookie: bad})
			stats := s.Stats()
			if want := 5000 * r.Seconds; float64(r.Sent) < 0.5*want || float64(r.Sent) > 1.1*want {
				t.Errorf("in %v s %d were sent", r.Seconds, r.Sent)
			}
			s.noMore(t)
			if stats.HalfOpen != 0 {
				t.Errorf("%d handshakes have begun", stats.HalfOpen)
			}
		}
	})
}

func TestStrangersAreNotFlooded(t *testing.T) {
	flood := Flood{Spoof: 1, Duration: time.Millisecond}
	for _, address := range []string{"192.0.2.1:5684", "[2001:db8::1]:5684"} {
		s := Settings{Server: netip.MustParseAddrPort(address), Client: &dtls.Config{InsecureSkipVerify: true}}
		_, err := Run(t.Context(), s, flood)
		var usage *UsageError
		if !errors.As(err, &usage) || !strings.Contains(usage.Hint, "--yes-i-own-this-server") {
			t.Errorf("to %s: %v", address, err)
		}
		if _, err := Run(t.Context(), s, Mixed{Duration: 1, Sessions: 1, Window: 1, Concurrency: 1, Size: 64, Flood: 1}); !errors.As(err, &usage) {
			t.Errorf("mixed to %s: %v", address, err)
		}
		flood := flood
		flood.Permitted = true
		if err := flood.check(&s); err != nil {
			t.Errorf("to %s, which is ours: %v", address, err)
		}
	}
	for _, address := range []string{"127.0.0.1:1", "10.0.0.1:1", "192.168.1.1:1", "[fe80::1%lo]:1", "[fd00::1]:1"} {
		if err := flood.check(&Settings{Server: netip.MustParseAddrPort(address)}); err != nil {
			t.Errorf("to %s: %v", address, err)
		}
	}
}

func TestServerInOrderGivesNoCauseForComplaint(t *testing.T) {
	inBothVersions(t, func(t *testing.T, version uint16) {
		s := newSubject(t, "127.0.0.1:0", echo)
		r := run(t, s.settings(version), Mixed{
			Duration: 2 * time.Second, Sessions: 20, Window: 2, Size: 64, Idle: 100, Concurrency: 2,
			Flood: 500, Loss: 0.01, Garbage: 200, Restarts: 5,
		})
		if len(r.Complaints) > 0 || !r.Good() {
			t.Fatalf("complaints: %q; failures: %v", r.Complaints, r.Failures)
		}
		if r.OK == 0 || r.Handshakes <= 120 || r.Touched == 0 {
			t.Errorf("%d echoes, %d handshakes, %d touched: that is not everything", r.OK, r.Handshakes, r.Touched)
		}
	})
}

func TestServerThatEndsSessionsIsComplainedOf(t *testing.T) {
	var n atomic.Int64
	s := newSubject(t, "127.0.0.1:0", func(s *dtls.Session, datagram []byte) {
		if n.Add(1) == 100 {
			s.Close()
			return
		}
		s.Send(datagram)
	})
	r := run(t, s.settings(dtls.VersionDTLS13), Mixed{Duration: time.Second, Sessions: 2, Window: 2, Size: 64, Concurrency: 1})
	if len(r.Complaints) != 1 || !strings.Contains(r.Complaints[0], "the server closed the session") || r.Good() {
		t.Errorf("complaints: %q", r.Complaints)
	}
}

func TestInterruptedRunHasItsReport(t *testing.T) {
	s := newSubject(t, "127.0.0.1:0", echo)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for range 20 {
			<-s.sessions
		}
		cancel()
	}()
	r, err := Run(ctx, s.settings(dtls.VersionDTLS12), Handshake{Concurrency: 2, Duration: time.Hour})
	if err != nil || r.OK == 0 || !r.Good() {
		t.Errorf("report %+v, %v", r, err)
	}
}

func TestReportOfServerThatIsNotThere(t *testing.T) {
	s := newSubject(t, "127.0.0.1:0", echo)
	settings := s.settings(dtls.VersionDTLS12)
	s.Close()
	settings.Client.HandshakeTimeout = 100 * time.Millisecond
	_, err := Run(t.Context(), settings, Echo{Sessions: 2, Window: 1, Size: 64, Duration: time.Second, Concurrency: 2})
	if !errors.Is(err, errNothing) {
		t.Errorf("echoes: %v", err)
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	usable := Settings{Server: netip.MustParseAddrPort("127.0.0.1:1"), Client: &dtls.Config{}}
	for _, scenario := range []Scenario{
		Handshake{}, Handshake{Concurrency: 1}, Handshake{Concurrency: 1, Count: -1},
		Echo{}, Echo{Sessions: 1, Window: 1, Concurrency: 1, Duration: 1, Size: MinSize - 1},
		Echo{Sessions: 1, Window: 1, Concurrency: 1, Duration: 1, Size: 64, Rate: 1, Bursts: true},
		Idle{}, Idle{Sessions: maxIdle + 1, Concurrency: 1},
		Flood{}, Flood{Spoof: 1}, Flood{Spoof: 1, Duration: 1, Rate: -1},
		Mixed{}, Mixed{Duration: 1, Sessions: 1, Window: 1, Concurrency: 1, Size: 64, Loss: 0.6},
	} {
		var usage *UsageError
		if _, err := Run(t.Context(), usable, scenario); !errors.As(err, &usage) {
			t.Errorf("%+v: %v", scenario, err)
		}
	}
}

func TestCookiesAreMadeUpForDTLS12Alone(t *testing.T) {
	s := Settings{Server: netip.MustParseAddrPort("127.0.0.1:1"), Client: &dtls.Config{MinVersion: dtls.VersionDTLS13}}
	var usage *UsageError
	if _, err := Run(t.Context(), s, Flood{Spoof: 1, Duration: 1, BadCookie: true}); !errors.As(err, &usage) {
		t.Error(err)
	}
}

func TestReportInJSONHasWhatProgramsRead(t *testing.T) {
	s := newSubject(t, "127.0.0.1:0", echo)
	settings := s.settings(dtls.VersionDTLS12)
	settings.Label = "ours"
	r := run(t, settings, Idle{Sessions: 10, Concurrency: 2, Touch: 5})
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(b.Bytes(), &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(`scenario label version suite group sessions window size bursts ok failed lost
		late bad retransmissions seconds rate p50_us p90_us p99_us p999_us max_us server_cpu_us server_util client_cpu_us
		rss_before_kb rss_after_kb rss_hold_kb bytes_per_session drops sent`) {
		if _, ok := fields[name]; !ok {
			t.Errorf("no field %s", name)
		}
	}
	if fields["label"] != "ours" || fields["scenario"] != "idle" {
		t.Errorf("label %v, scenario %v", fields["label"], fields["scenario"])
	}
}

func TestTableIsForPeople(t *testing.T) {
	s := newSubject(t, "127.0.0.1:0", echo)
	r := run(t, s.settings(dtls.VersionDTLS13), Echo{Sessions: 2, Window: 2, Size: 64, Count: 10, Concurrency: 2})
	r.complain("something is wrong")
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"echo  2 sessions  window 2", "DTLS 1.3", "echoes a second", "p99.9", "server CPU", "something is wrong"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &b)
		}
	}
}
