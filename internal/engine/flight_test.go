package engine_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestTimerDoublesUpToItsMaximumAndThenGivesUp(t *testing.T) {
	p := dtlstest.NewPair(t, 1, client(func(cfg *engine.Config) { cfg.RetransmitLimit = 8 }))
	for i, seconds := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		if len(p.Client.Take()) != 1 {
			t.Fatalf("transmission %d is not one datagram", i)
		}
		wantDeadline(t, p, p.Client, seconds*time.Second, "an unanswered hello")
		p.Advance(seconds*time.Second - time.Nanosecond)
		wantSilent(t, p.Client, "before its deadline")
		p.Advance(time.Nanosecond)
	}
	wantOver(t, p.Client, engine.ErrHandshakeTimeout, "after eight repetitions")
	wantSilent(t, p.Client, "a peer that never spoke gets no alert")
	wantDeadline(t, p, p.Client, 0, "nothing is awaited any more")
	if p.Client.Repeated != 8 {
		t.Errorf("%d repetitions reported, want 8", p.Client.Repeated)
	}
}

func TestDefaultsRepeatAFlightForTwoMinutes(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	for !p.Client.Over {
		p.Advance(time.Second)
	}
	if took := p.Now.Sub(dtlstest.Epoch); took != 123*time.Second || p.Client.Repeated != 6 {
		t.Errorf("gave up after %v and %d repetitions, want 123 s and 6", took, p.Client.Repeated)
	}
}

func TestTimersCanBeSet(t *testing.T) {
	p := dtlstest.NewPair(t, 1, client(func(cfg *engine.Config) {
		cfg.RetransmitInitial = 400 * time.Millisecond
		cfg.RetransmitMax = time.Second
		cfg.RetransmitLimit = 3
	}))
	for _, ms := range []time.Duration{400, 800, 1000, 1000} {
		wantDeadline(t, p, p.Client, ms*time.Millisecond, "timers as configured")
		p.Advance(ms * time.Millisecond)
	}
	wantOver(t, p.Client, engine.ErrHandshakeTimeout, "after three repetitions")
}

func TestHandshakeTimeoutBoundsTheWhole(t *testing.T) {
	p := dtlstest.NewPair(t, 1, client(func(cfg *engine.Config) { cfg.HandshakeTimeout = 2500 * time.Millisecond }))
	p.Advance(time.Second)
	p.FlushClient()
	p.FlushServer()
	wantDeadline(t, p, p.Client, time.Second, "a new flight has a timer of its own")
	p.Advance(time.Second)
	wantDeadline(t, p, p.Client, 500*time.Millisecond, "the end is nearer than the next repetition")
	p.Advance(499 * time.Millisecond)
	if p.Client.Over {
		t.Fatal("gave up too early")
	}
	p.Advance(time.Millisecond)
	wantOver(t, p.Client, engine.ErrHandshakeTimeout, "at the bound of the handshake")
}

func TestNewFlightStartsTheTimerAnew(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	p.Advance(time.Second)
	p.Advance(2 * time.Second)
	wantDeadline(t, p, p.Client, 4*time.Second, "a hello repeated twice")
	p.FlushClient()
	p.FlushServer()
	wantDeadline(t, p, p.Client, time.Second, "the flight after it")
}

func TestServerRepeatsItsFlightUntilTheNextOneIsComplete(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	p.FlushClient()
	flight := p.Server.Take()
	for _, datagram := range flight {
		p.Client.Receive(p.Now, datagram)
	}
	answer := pieces(t, p.Client.Take()...)
	p.ToServer(answer[0])
	p.Advance(time.Second)
	again := p.Server.Take()
	if len(again) == 0 {
		t.Fatal("part of the client's flight stops the server's timer")
	}
	wantSameMessages(t, flight, again)
	p.Client.Take()
	for _, datagram := range again {
		p.Client.Receive(p.Now, datagram)
	}
	wantSilent(t, p.Client, "a repeated flight does not make the client repeat its own")
	for _, datagram := range answer[1:] {
		p.ToServer(datagram)
	}
	p.Connect()
	if p.Server.Repeated != 1 {
		t.Errorf("%d repetitions reported, want 1", p.Server.Repeated)
	}
}

// wantSameMessages requires that two transmissions carry the same messages,
// under different record numbers.
func wantSameMessages(t *testing.T, first, again [][]byte) {
	t.Helper()
	if a, b := joined(t, first), joined(t, again); !bytes.Equal(a, b) {
		t.Errorf("messages of %d bytes became %d bytes", len(a), len(b))
	}
	numbers := map[uint64]bool{}
	for _, datagram := range append(first, again...) {
		for _, r := range records(t, datagram) {
			number := uint64(r.Epoch)<<48 | r.Seq
			if numbers[number] {
				t.Errorf("record %d of epoch %d is sent twice", r.Seq, r.Epoch)
			}
			numbers[number] = true
		}
	}
}

// joined returns the messages in epoch 0, each as if it had been sent whole.
// It requires that their fragments come in order and without overlap.
func joined(t *testing.T, datagrams [][]byte) []byte {
	t.Helper()
	var all []byte
	left := uint32(0)
	for _, f := range fragments(t, datagrams...) {
		if f.Offset == 0 {
			if left > 0 {
				t.Fatalf("%v begins while %d bytes of the message before it are missing", f.Type, left)
			}
			all = wire.AppendMessageHeader(all, f.Type, f.Seq, int(f.Length))
			left = f.Length
		}
		if f.Offset != f.Length-left || len(f.Body) == 0 && f.Length > 0 {
			t.Fatalf("%v: fragment of %d bytes at %d where %d are left of %d", f.Type, len(f.Body), f.Offset, left, f.Length)
		}
		all = append(all, f.Body...)
		left -= uint32(len(f.Body))
	}
	if left > 0 {
		t.Fatalf("%d bytes of the last message are missing", left)
	}
	return all
}

// serverFlight returns the server's first flight, and its repetitions.
func serverFlight(t *testing.T, repetitions int, options ...dtlstest.Option) [][][]byte {
	t.Helper()
	p := dtlstest.NewPair(t, 1, options...)
	p.FlushClient()
	flights := [][][]byte{p.Server.Take()}
	for range repetitions {
		p.Now = p.Server.Deadline()
		p.Server.Timeout(p.Now)
		flights = append(flights, p.Server.Take())
	}
	return flights
}

// longChain has the server present an RSA certificate with n-1 above it.
func longChain(n int) dtlstest.Option {
	credential := dtlstest.NewCredential(dtlstest.RSA)
	for len(credential.Chain) < n {
		credential.Chain = append(credential.Chain, credential.Chain[0])
	}
	return server(func(cfg *engine.Config) { cfg.Credentials = []engine.Credential{credential} })
}

func longest(datagrams [][]byte) int {
	n := 0
	for _, datagram := range datagrams {
		n = max(n, len(datagram))
	}
	return n
}

func TestUnansweredFlightFallsBackToSmallerDatagrams(t *testing.T) {
	mtu := server(func(cfg *engine.Config) { cfg.MTU = 1400 })
	flights := serverFlight(t, 6, only(rsa), longChain(5), mtu)
	for i, want := range []int{1400, 1400, 548, 548, 256, 256, 256} {
		if n := longest(flights[i]); n > want || n < want-30 {
			t.Errorf("transmission %d has datagrams of up to %d bytes, want %d", i, n, want)
		}
		if i > 0 {
			wantSameMessages(t, flights[0], flights[i])
		}
	}
	fixed := server(func(cfg *engine.Config) { cfg.FixedMTU = true })
	flights = serverFlight(t, 6, only(rsa), longChain(5), mtu, fixed)
	if n := longest(flights[6]); n < 1370 {
		t.Errorf("with a fixed MTU of 1400, the last repetition has datagrams of up to %d bytes", n)
	}
}

func TestSetMTUTakesEffectWithTheNextTransmission(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(rsa))
	p.FlushClient()
	p.Server.Take()
	p.Server.SetMTU(300)
	p.Advance(time.Second)
	if n := longest(p.Server.Take()); n > 300 || n < 270 {
		t.Errorf("datagrams of up to %d bytes with an MTU of 300", n)
	}
	p.Server.SetMTU(1)
	p.Now = p.Server.Deadline()
	p.Server.Timeout(p.Now)
	if n := longest(p.Server.Take()); n > engine.MinMTU || n < engine.MinMTU-30 {
		t.Errorf("datagrams of up to %d bytes with an MTU below the least, which is %d", n, engine.MinMTU)
	}
}

func TestDatagramsAreFilledToTheMTU(t *testing.T) {
	const crumbs = wire.RecordHeaderLen + wire.FragmentHeaderLen
	for _, packing := range []engine.Packing{engine.PackWhole, engine.PackAll, engine.PackNone} {
		for mtu := engine.MinMTU; mtu < 1500; mtu += 7 {
			flight := serverFlight(t, 0, only(rsa), longChain(10), server(func(cfg *engine.Config) {
				cfg.MTU = mtu
				cfg.Packing = packing
			}))[0]
			for i, datagram := range flight {
				if n := len(datagram); n > mtu || n < mtu-crumbs && i < len(flight)-1 {
					t.Errorf("packing %d, MTU %d: datagram %d of %d has %d bytes", packing, mtu, i+1, len(flight), n)
				}
			}
			joined(t, flight)
		}
	}
}

func TestPackAllFillsOneRecordPerDatagram(t *testing.T) {
	for i, datagram := range serverFlight(t, 0, only(rsa), longChain(10), server(func(cfg *engine.Config) { cfg.Packing = engine.PackAll }))[0] {
		if n := len(records(t, datagram)); n != 1 {
			t.Errorf("datagram %d has %d records, want its messages in one", i+1, n)
		}
	}
}

func TestPackWholeGivesAFragmentARecord(t *testing.T) {
	for _, piece := range pieces(t, serverFlight(t, 0, only(rsa), longChain(10))[0]...) {
		parts := fragments(t, piece)
		for _, f := range parts {
			if !f.Whole() && len(parts) > 1 {
				t.Errorf("a fragment of %v shares its record with %d others", f.Type, len(parts)-1)
			}
		}
	}
}

func TestMessagesAreMergedAndRecordsPackedTogether(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(ecdhePSK))
	p.FlushClient()
	flight := p.Server.Take()
	if len(flight) != 1 || len(records(t, flight[0])) != 1 || len(fragments(t, flight[0])) != 3 {
		t.Errorf("ServerHello, ServerKeyExchange and ServerHelloDone take %d datagrams, %d records", len(flight), len(pieces(t, flight...)))
	}
	p.Client.Receive(p.Now, flight[0])
	answer := p.Client.Take()
	if len(answer) != 1 {
		t.Fatalf("the client's flight takes %d datagrams", len(answer))
	}
	var types []wire.ContentType
	for _, r := range records(t, answer[0]) {
		types = append(types, r.Type)
	}
	if len(types) != 3 || types[0] != wire.ContentHandshake || types[1] != wire.ContentChangeCipherSpec || types[2] != wire.ContentHandshake {
		t.Errorf("the client's flight consists of %v", types)
	}
}

func TestPackNoneGivesEachMessageARecord(t *testing.T) {
	flight := serverFlight(t, 0, only(ecdhePSK), oneByOne)[0]
	if len(flight) != 1 || len(pieces(t, flight...)) != 3 {
		t.Errorf("three messages take %d datagrams and %d records, want 1 and 3", len(flight), len(pieces(t, flight...)))
	}
	p := connected(t, only(rsa), both(func(cfg *engine.Config) { cfg.Packing = engine.PackNone }))
	wantEcho(t, p)
}

func TestHandshakeCompletesAtEveryMTU(t *testing.T) {
	for mtu := engine.MinMTU; mtu < 1300; mtu += 13 {
		p := dtlstest.NewPair(t, 1, only(ecdsa), both(func(cfg *engine.Config) {
			cfg.MTU = mtu
			cfg.ClientAuth = engine.RequireClientCert
		}), client(func(cfg *engine.Config) { cfg.MTU = max(mtu, 512) })) // the hello must be whole
		p.Connect()
	}
}

func TestMessagesArriveInPiecesOfAnySize(t *testing.T) {
	for _, n := range []int{1, 2, 3, 17, 1000} {
		p := dtlstest.NewPair(t, 1, only(ecdsa))
		p.FlushClient()
		for _, datagram := range p.Server.Take() {
			for _, piece := range split(t, datagram, n) {
				p.Client.Receive(p.Now, piece)
			}
			for _, f := range fragments(t, datagram) {
				if f.Length == 0 {
					p.Client.Receive(p.Now, plaintext(wire.ContentHandshake, f.AppendTo(nil)))
				}
			}
		}
		p.Connect()
	}
}

// unproven returns a pair whose server has heard the hello from an address
// that nobody has vouched for.
func unproven(t *testing.T, options ...dtlstest.Option) (p *dtlstest.Pair, received int) {
	t.Helper()
	p = dtlstest.NewPair(t, 1, options...)
	datagram := p.Client.Take()[0]
	hello, ok := dtlstest.WholeHello(datagram)
	if !ok {
		t.Fatal("no hello")
	}
	hello.Verified = false
	p.Server = dtlstest.NewServer(p.ServerConfig, p.Now, hello, p.PrepareServer)
	return p, len(datagram)
}

func TestUnprovenAddressGetsThreeTimesWhatItSent(t *testing.T) {
	p, received := unproven(t, only(rsa))
	junk := plaintext(wire.ContentChangeCipherSpec, []byte{1})
	for range 200 {
		if p.Server.SentBytes > 3*received {
			t.Fatalf("%d bytes sent for %d received", p.Server.SentBytes, received)
		}
		p.ToServer(junk)
		received += len(junk)
		p.Server.Timeout(p.Now)
		p.Now = p.Now.Add(500 * time.Millisecond)
	}
	if p.Server.SentBytes == 0 {
		t.Error("the server never spoke")
	}
}

func TestFlightToAnUnprovenAddressGoesOnAsTheClientSpeaks(t *testing.T) {
	for _, chain := range []int{1, 4, 12} {
		p, received := unproven(t, only(rsa), longChain(chain), client(func(cfg *engine.Config) { cfg.RetransmitLimit = 20 }))
		for !p.Client.Over && !p.Client.Established {
			p.FlushServer()
			p.Now = p.Client.Deadline()
			p.Client.Timeout(p.Now)
			for _, datagram := range p.Client.Take() {
				received += len(datagram)
				p.ToServer(datagram)
				if !p.Server.Established && p.Server.SentBytes > 3*received {
					t.Fatalf("chain of %d: %d bytes sent for %d received", chain, p.Server.SentBytes, received)
				}
			}
		}
		p.Connect()
		wantEcho(t, p)
	}
}

func TestValidFinishedProvesTheAddress(t *testing.T) {
	p, _ := unproven(t, only(plainPSK), client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets = longTickets{} }))
	p.Connect()
	if n := len(p.Client.Stored); n != 1 || len(p.Client.Stored[0].Ticket) != len(longTickets{}.ticket()) {
		t.Error("the last flight, longer than three times what the client said, did not arrive")
	}
}

// longTickets seals every session into the same long ticket.
type longTickets struct{}

func (longTickets) ticket() []byte                                  { return make([]byte, 9000) }
func (s longTickets) Seal(time.Time, []byte) ([]byte, error)        { return s.ticket(), nil }
func (longTickets) Open(time.Time, []byte) (session []byte, _ bool) { return nil, false }
