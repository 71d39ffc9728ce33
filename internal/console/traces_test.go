package console

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestTraceHasEachStepOfAHandshake(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.loseNth(2) // the first flight after the cookie
		config := clientConfig()
		config.RetransmitInitial = time.Minute // so that it is the server who repeats
		c := w.dial(config)
		w.echo(c, "application data is no step")
		c.Close()
		synctest.Wait()
		w.want(OutcomeEstablished, "")
		w.wantSteps(
			"< client_hello", "> hello_verify_request",
			"< client_hello",
			"> server_hello", "> server_key_exchange", "> server_hello_done",
			"> retransmission",
			"< client_key_exchange", "< finished", "> finished",
			"< established",
		)
		got := w.trace()
		var flights []int
		for _, s := range got.Trace {
			flights = append(flights, s.Flight)
		}
		if want := []int{1, 2, 3, 4, 4, 4, 4, 5, 5, 6, 0}; !slices.Equal(flights, want) {
			t.Errorf("flights %v, want %v", flights, want)
		}
		if got.Session != 1 || got.Peer != clientPeer || got.Identity != "sensor-7" || got.Steps != len(got.Trace) || got.Truncated ||
			got.ElapsedMS != milliseconds(dtls.DefaultRetransmitInitial) || got.Ended.Sub(got.Started) != dtls.DefaultRetransmitInitial {
			t.Errorf("%+v", got.HandshakeSummary)
		}
	})
}

func TestTraceHasPartsOfMessages(t *testing.T) {
	a := newAuthority(t)
	inWorld(t, func(s *dtls.Server) {
		s.Config.PSK, s.Config.Certificates = nil, []tls.Certificate{a.issue(t, "server.example")}
		s.Config.MTU = 256
	}, func(w *world) {
		w.dial(&dtls.Config{RootCAs: a.pool, ServerName: "server.example"}).Close()
		sent := 0
		for _, s := range w.trace().Trace {
			if s.Kind == StepFragment && s.Name == "certificate" {
				if *s.Offset != sent || s.FragmentLength == 0 {
					t.Errorf("after %d bytes: %+v", sent, s)
				}
				sent += s.FragmentLength
				if sent > *s.Length {
					t.Errorf("%d bytes of %d", sent, *s.Length)
				}
			}
		}
		if sent == 0 {
			t.Error("the certificate was not fragmented")
		}
	})
}

func TestDropsDuringAHandshakeAreSteps(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.begin(clientPeer, wire.VersionDTLS12)
		for range 3 {
			w.inject(clientPeer, []byte("no record"))
		}
		got := w.trace().Trace
		if last := got[len(got)-1]; last.Kind != StepDrop || last.Name != "malformed_record" || last.Count != 3 || last.Flight != 0 {
			t.Errorf("%+v", last)
		}
	})
}

func TestDropsOfAnEstablishedSessionAreNoSteps(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientConfig())
		before := w.trace()
		w.inject(clientPeer, []byte("no record"))
		c.Close()
		synctest.Wait()
		w.inject(clientPeer, []byte("no record")) // too late
		if after := w.trace(); after.ID != before.ID || after.Steps != before.Steps {
			t.Errorf("%+v", after)
		}
	})
}

// A client whose handshake failed, and which now sends something else, is told
// of anew.
func TestGarbageAfterAFailureIsTold(t *testing.T) {
	p := newPlay()
	p.begins(1)
	p.fails(1)
	garbage := dtls.Drop{Time: p.now.Add(lateTime - 1), Peer: numberedPeer(1), Reason: wire.DropMalformedRecord}
	p.drop(garbage)
	if n := len(p.summaries()); n != 1 {
		t.Errorf("%d traces, though it may belong to the handshake", n)
	}
	garbage.Time = p.now.Add(lateTime)
	p.drop(garbage)
	if got := p.outcomes(); got[OutcomeFailed] != 1 || got[OutcomeGarbage] != 1 {
		t.Errorf("%v", got)
	}
}

func TestLateRecordsOfASessionAreNoGarbage(t *testing.T) {
	p := newPlay()
	p.begins(1)
	p.establishes(1)
	p.drop(dtls.Drop{Time: p.now.Add(time.Hour), Peer: numberedPeer(1), Reason: wire.DropUnknownPeer})
	if got := p.outcomes(); len(got) != 1 || got[OutcomeEstablished] != 1 {
		t.Errorf("%v", got)
	}
}

func TestChangedTracesAreToldOnce(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.dial(clientConfig()).Close()
		synctest.Wait()
		all, version := w.traces.changedSince(0)
		if len(all) != 1 {
			t.Fatalf("%d traces", len(all))
		}
		if again, same := w.traces.changedSince(version); len(again) != 0 || same != version {
			t.Errorf("told again: %+v", again)
		}
		stranger := netip.MustParseAddrPort("203.0.113.9:9")
		w.inject(stranger, []byte("no record"))
		if next, _ := w.traces.changedSince(version); len(next) != 1 || next[0].Peer != stranger {
			t.Errorf("got %+v", next)
		}
	})
}

func TestTraceThatIsGoneIsNotFound(t *testing.T) {
	if _, ok := newTraces().get(1); ok {
		t.Error("found")
	}
}

// numberedPeer returns the n-th address of a network.
func numberedPeer(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 1000)
}

var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// A play tells traces of handshakes that never were.
type play struct {
	*traces
	now time.Time
}

func newPlay() *play { return &play{newTraces(), start} }

func (p *play) begins(session int) {
	p.log(dtls.Entry{Time: p.now, Kind: dtls.KindStarted, Session: uint64(session), Peer: numberedPeer(session)})
}

func (p *play) establishes(session int) {
	p.log(dtls.Entry{Time: p.now, Kind: dtls.KindEstablished, Session: uint64(session), Peer: numberedPeer(session)})
}

func (p *play) fails(session int) {
	p.log(dtls.Entry{Time: p.now, Kind: dtls.KindFailed, Session: uint64(session), Peer: numberedPeer(session), Text: "Error during SSL handshake", Err: dtls.ErrHandshakeTimeout})
}

func (p *play) outcomes() map[Outcome]int {
	n := map[Outcome]int{}
	for _, s := range p.summaries() {
		n[s.Outcome]++
	}
	return n
}

// Failures are what people look for: they are kept when the others are gone.
func TestFailuresAreKeptLongest(t *testing.T) {
	p := newPlay()
	for session := 1; session <= 100; session++ {
		p.begins(session)
		if session%2 == 0 {
			p.fails(session)
		}
	}
	for session := 101; session <= 1000; session++ {
		p.begins(session)
		p.establishes(session)
	}
	if got := p.outcomes(); got[OutcomeFailed] != 50 || got[OutcomeRunning] != 50 || got[OutcomeEstablished] != tracesKept-100 {
		t.Errorf("%v", got)
	}
	for session := 1001; session <= 1000+tracesKept; session++ {
		p.begins(session)
	}
	if got := p.outcomes(); got[OutcomeFailed] != 50 || got[OutcomeRunning] != tracesKept-50 {
		t.Errorf("%v", got)
	}
	for session := 1001; session <= 1000+tracesKept; session++ {
		p.fails(session)
	}
	p.begins(3000)
	p.fails(3000)
	p.begins(3001)
	if all := p.summaries(); len(all) != tracesKept || all[0].Session != 3001 || all[1].Session != 3000 {
		t.Errorf("%d traces, the newest %+v", len(all), all[0])
	}
	if n := len(p.bySession) + len(p.byPeer); n > 2*tracesKept {
		t.Errorf("%d entries in the indexes", n)
	}
}

// Whoever makes up addresses fills neither the memory nor the page.
func TestStrangersDisplaceNoClient(t *testing.T) {
	p := newPlay()
	for session := 1; session <= 90; session++ {
		p.begins(session)
		p.establishes(session)
	}
	for n := 1000; n < 6000; n++ {
		p.now = p.now.Add(20 * time.Millisecond)
		p.handshake(dtls.HandshakeEvent{Time: p.now, Peer: numberedPeer(n), Message: "client_hello", Type: 1})
		p.drop(dtls.Drop{Time: p.now, Peer: numberedPeer(n + 10_000), Reason: wire.DropUnknownPeer})
		p.drop(dtls.Drop{Time: p.now, Peer: numberedPeer(n + 20_000), Reason: wire.DropNotListening})
		p.handshake(dtls.HandshakeEvent{Time: p.now, Peer: numberedPeer(n + 30_000), Message: "client_hello", Type: 1})
		p.handshake(dtls.HandshakeEvent{Time: p.now, Peer: numberedPeer(n + 30_000), Sent: true, Alert: "fatal protocol_version", Err: errors.New("no common version")})
		if n >= 1250 { // five seconds later
			p.handshake(dtls.HandshakeEvent{Time: p.now, Peer: numberedPeer(n - 250), Unanswered: true})
		}
	}
	got := p.outcomes()
	if got[OutcomeEstablished] != 90 || got[OutcomeGarbage]+got[OutcomeFailed] != tracesGarbage ||
		got[OutcomeUnanswered] != tracesUnanswered || got[OutcomeRunning] != tracesPending {
		t.Errorf("%v", got)
	}
}

// A client whose verdict never came, as the server was stopped, makes room.
func TestPendingClientsMakeRoomInTheEnd(t *testing.T) {
	p := newPlay()
	for n := range 2 * tracesPending {
		p.handshake(dtls.HandshakeEvent{Time: p.now, Peer: numberedPeer(n), Message: "client_hello", Type: 1})
	}
	p.now = p.now.Add(pendingTime)
	p.handshake(dtls.HandshakeEvent{Time: p.now, Peer: clientPeer, Message: "client_hello", Type: 1})
	if all := p.summaries(); len(all) != tracesPending || all[0].Peer != clientPeer {
		t.Errorf("%d traces, the newest of %v", len(all), all[0].Peer)
	}
}

func TestTraceIsBounded(t *testing.T) {
	p := newPlay()
	p.begins(1)
	for i := range 1000 {
		p.drop(dtls.Drop{Time: p.now, Peer: numberedPeer(1), Session: 1, Reason: wire.DropReplay + dtls.DropReason(i%2)})
	}
	for range 10 {
		p.handshake(dtls.HandshakeEvent{Time: p.now, Peer: numberedPeer(1), Session: 1, Message: "client_hello", Type: 1, Length: 5000, Body: make([]byte, 5000)})
	}
	for range 1000 {
		p.handshake(dtls.HandshakeEvent{Time: p.now, Peer: numberedPeer(1), Session: 1, Alert: "warning no_renegotiation"})
		p.log(dtls.Entry{Time: p.now, Kind: dtls.KindCredentials, Session: 1, Peer: numberedPeer(1), Text: strings.Repeat("x", 10_000)})
	}
	tr := p.all[0]
	if len(tr.steps) != traceSteps || tr.dropSteps != traceDrops || tr.size() > traceBytes || cap(tr.data) > 2*traceBytes || len(tr.explanation) > traceText+10 {
		t.Errorf("%d steps, %d of them drops, %d bytes in %d, an explanation of %d", len(tr.steps), tr.dropSteps, tr.size(), cap(tr.data), len(tr.explanation))
	}
	if got, _ := p.get(tr.id); !got.Truncated || len(got.Trace[traceDrops].Fields) == 0 {
		t.Error("nothing says that there was more")
	}
}

// A flood of what leads to nothing costs no memory, from new addresses or from
// known ones.
func TestFloodOfDropsAllocatesNothing(t *testing.T) {
	p := newPlay()
	n := 0
	flood := func() {
		n++
		p.now = p.now.Add(time.Microsecond)
		p.drop(dtls.Drop{Time: p.now, Peer: numberedPeer(n), Reason: wire.DropMalformedRecord})
		p.drop(dtls.Drop{Time: p.now, Peer: numberedPeer(1), Reason: wire.DropMalformedRecord + dtls.DropReason(n%2)})
	}
	for range 10_000 {
		flood()
	}
	if allocs := testing.AllocsPerRun(10_000, flood); allocs != 0 {
		t.Errorf("%v allocations per drop", allocs)
	}
}

// What an attacker sends as a name or a text is told as text, and nothing of it
// reaches a terminal or a page as anything else.
func TestHostileTextsAreEscaped(t *testing.T) {
	const hostile = "<img src=x onerror=alert(1)>\x1b]0;title\a\u202e\xff\x00\""
	inWorld(t, nil, func(w *world) {
		go w.tryDial(&dtls.Config{ClientPSK: dtls.StaticClientPSK(hostile, testKey)})
		synctest.Wait()
		got := w.trace()
		const escaped = `<img src=x onerror=alert(1)>\x1b]0;title\x07\xe2\x80\xae\xff\x00"`
		if got.Identity != escaped {
			t.Errorf("identity %q", got.Identity)
		}
		said := fmt.Sprintf("%+v", got)
		if strings.ContainsAny(said, "\x1b\a\u202e\x00") {
			t.Errorf("%q", said)
		}
		if !strings.Contains(got.Explanation, `"<img src=x onerror=alert(1)>\x1b]0;title`) {
			t.Errorf("explanation %q", got.Explanation)
		}
		time.Sleep(10 * time.Minute)
	})
}

// Whoever reads meets whoever tells.
func TestTracesAreReadWhileTheyChange(t *testing.T) {
	p := newPlay()
	told := make(chan struct{})
	go func() {
		defer close(told)
		for session := 1; session <= 2000; session++ {
			p.begins(session)
			p.handshake(dtls.HandshakeEvent{Time: p.now, Session: uint64(session), Message: "finished", Type: 20, Length: 12, Body: make([]byte, 12)})
			p.drop(dtls.Drop{Time: p.now, Peer: numberedPeer(-session), Reason: wire.DropUnknownPeer})
			p.fails(session)
		}
	}()
	for version, done := uint64(0), false; !done; {
		select {
		case <-told:
			done = true
		default:
		}
		var changed []HandshakeSummary
		changed, version = p.changedSince(version)
		for _, s := range changed {
			if trace, ok := p.get(s.ID); ok && trace.ID != s.ID {
				t.Fatalf("asked for %d, got %d", s.ID, trace.ID)
			}
		}
	}
}

// The page is written against these names.
func TestTracesHaveTheirShapeInJSON(t *testing.T) {
	p := newPlay()
	p.begins(1)
	of := func(e dtls.HandshakeEvent) {
		p.now = p.now.Add(1500 * time.Microsecond)
		e.Time, e.Session = p.now, 1
		p.handshake(e)
	}
	of(dtls.HandshakeEvent{Sent: true, Message: "hello_verify_request", Type: 3, Length: 3, Body: []byte{0xfe, 0xff, 0}})
	of(dtls.HandshakeEvent{Message: "certificate", Type: 11, Seq: 2, Length: 900, Fragment: 200})
	of(dtls.HandshakeEvent{Sent: true, Retransmission: 1})
	of(dtls.HandshakeEvent{Sent: true, Alert: "fatal handshake_failure"})
	p.drop(dtls.Drop{Time: p.now, Session: 1, Reason: wire.DropReplay})
	p.fails(1)
	trace, _ := p.get(1)
	got, err := json.Marshal(trace)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":1,"peer":"10.0.0.1:1000","session":1,"started":"2000-01-01T00:00:00Z","ended":"2000-01-01T00:00:00.006Z",` +
		`"outcome":"failed","elapsed_ms":6,"steps":6,"explanation":"handshake timed out, though the server sent its flight again once","trace":[` +
		`{"at_ms":1.5,"sent":true,"kind":"message","name":"hello_verify_request","flight":1,"seq":0,"length":3,` +
		`"fields":[{"name":"server version","values":[{"text":"DTLS 1.0"}]},{"name":"cookie","values":[{"text":"0 bytes"}]}]},` +
		`{"at_ms":3,"sent":false,"kind":"fragment","name":"certificate","flight":2,"seq":2,"length":900,"offset":0,"fragment_length":200},` +
		`{"at_ms":4.5,"sent":true,"kind":"retransmission","flight":1,"attempt":1},` +
		`{"at_ms":6,"sent":true,"kind":"alert","name":"fatal handshake_failure","flight":3},` +
		`{"at_ms":6,"sent":false,"kind":"drop","name":"replay","count":1},` +
		`{"at_ms":6,"sent":false,"kind":"note","text":"Error during SSL handshake"}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func BenchmarkHandshakeHooks(b *testing.B) {
	p := newPlay()
	messages := []dtls.HandshakeEvent{
		{Message: "client_hello", Type: 1, Length: 200, Body: make([]byte, 200)},
		{Sent: true, Message: "server_hello", Type: 2, Length: 80, Body: make([]byte, 80)},
		{Sent: true, Message: "certificate", Type: 11, Length: 900, Body: make([]byte, 900)},
		{Sent: true, Message: "server_key_exchange", Type: 12, Length: 110, Body: make([]byte, 110)},
		{Sent: true, Message: "server_hello_done", Type: 14},
		{Message: "client_key_exchange", Type: 16, Length: 33, Body: make([]byte, 33)},
		{Message: "finished", Type: 20, Length: 12, Body: make([]byte, 12)},
		{Sent: true, Message: "finished", Type: 20, Length: 12, Body: make([]byte, 12)},
	}
	b.ReportAllocs()
	for session := 0; b.Loop(); {
		session++
		p.begins(session)
		for _, e := range messages {
			e.Time, e.Session, e.Peer = p.now, uint64(session), numberedPeer(session)
			p.handshake(e)
		}
		p.establishes(session)
	}
}

func BenchmarkDropFromNewAddresses(b *testing.B) {
	p := newPlay()
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		p.now = p.now.Add(10 * time.Microsecond)
		p.drop(dtls.Drop{Time: p.now, Peer: numberedPeer(n), Reason: wire.DropMalformedRecord})
	}
}

func BenchmarkDropFromAKnownAddress(b *testing.B) {
	p := newPlay()
	b.ReportAllocs()
	for b.Loop() {
		p.drop(dtls.Drop{Time: p.now, Peer: clientPeer, Reason: wire.DropMalformedRecord})
	}
}

func BenchmarkDropOfAnEstablishedSession(b *testing.B) {
	p := newPlay()
	p.begins(1)
	p.establishes(1)
	b.ReportAllocs()
	for b.Loop() {
		p.drop(dtls.Drop{Time: p.now, Peer: numberedPeer(1), Session: 1, Reason: wire.DropReplay})
	}
}
