package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// forgedACK returns an ACK in plaintext of the first records of epoch 0.
func forgedACK(n int) []byte {
	var numbers []wire.RecordNumber
	for seq := range n {
		numbers = append(numbers, wire.RecordNumber{Seq: uint64(seq)})
	}
	return plaintext(wire.ContentACK, wire.ACK{Records: wire.AppendRecordNumbers(nil, numbers...)}.AppendTo(nil))
}

// retrying has the server ask for another key share.
var retrying = []dtlstest.Option{dtls13, withCertificates,
	client(func(cfg *engine.Config) { cfg.ShareGroups = []wire.Group{wire.GroupP256} }),
	server(func(cfg *engine.Config) { cfg.Policy.Groups = []wire.Group{wire.GroupX25519} })}

// wait lets so much time pass that both sides repeat what is lost, as often as
// it takes.
func wait(p *dtlstest.Pair) {
	for range 5 {
		p.Advance(engine.DefaultRetransmitMax)
		p.Settle()
	}
}

func TestR21ForgedACKOfAHelloStopsNothing(t *testing.T) {
	p := dtlstest.NewPair(t, 1, retrying...)
	p.FlushClient()
	p.FlushServer()
	p.Client.Take() // the second hello is lost
	p.Client.Receive(p.Now, forgedACK(10))
	if p.Client.Deadline().IsZero() {
		t.Fatal("the client waits for ever")
	}
	wait(p)
	p.Connect()
	wantAlive(t, p, "after a forged ACK")
}

func TestR21ForgedACKOfAServerHelloStopsNothing(t *testing.T) {
	p := dtlstest.NewPair(t, 1, dtls13)
	p.FlushClient()
	p.Server.Take() // lost
	p.ToServer(forgedACK(10))
	wait(p)
	p.Connect()
	wantAlive(t, p, "after a forged ACK")
}

func TestR21ForgedFragmentDoesNotStopAHelloRetryRequest(t *testing.T) {
	for name, forged := range map[string][]byte{
		"an ACK":                     forgedACK(10),
		"a message that is not next": message(wire.TypeClientHello, 2, []byte("hello")),
	} {
		p := dtlstest.NewPair(t, 1, retrying...)
		p.FlushClient()
		p.Server.Take() // lost
		p.ToServer(forged)
		wait(p)
		p.Connect()
		wantAlive(t, p, "after "+name)
	}
}

func TestAnUnprovenPeerGetsNoMoreThanThreeTimesWhatItSent(t *testing.T) {
	p := dtlstest.NewPair(t, 1, retrying...)
	hello, ok := dtlstest.WholeHello(p.Client.Take()[0])
	if !ok {
		t.Fatal("no hello")
	}
	hello.Verified = false
	p.Server = dtlstest.NewServer(p.ServerConfig, p.Now, hello)
	received := hello.Received
	for i := range 400 {
		// Somebody else's address is to get acknowledgements of tiny fragments.
		f := wire.Fragment{Type: wire.TypeClientHello, Seq: 1, Length: 2000, Offset: uint32(i), Body: []byte{1}}
		datagram := plaintext(wire.ContentHandshake, f.AppendTo(nil))
		r := records(t, datagram)[0]
		r.Seq = uint64(i)
		received += len(datagram)
		p.ToServer(encode(r))
		p.Now = p.Now.Add(ackTime)
		p.Server.Timeout(p.Now)
		if p.Server.SentBytes > 3*received {
			t.Fatalf("%d bytes for %d after %d datagrams", p.Server.SentBytes, received, i+1)
		}
	}
}

func TestR05ListsOfACKsAreBoundedSortedAndWithoutRepetition(t *testing.T) {
	for _, mtu := range []int{engine.MinMTU, 1200} {
		p := connected(t, dtls13, withCIDs(200, 4), both(func(cfg *engine.Config) { cfg.MTU = mtu }))
		quiet(p)
		next := p.Server.PeerSeq()
		for i := range 500 {
			f := wire.Fragment{Type: wire.TypeKeyUpdate, Length: 1000, Seq: next, Offset: uint32(i * 7 % 500 * 2), Body: []byte{1}}
			datagram := p.Client.SealAs(wire.ContentHandshake, f.AppendTo(nil))
			p.ToServer(datagram)
			p.ToServer(datagram)
		}
		p.Advance(ackTime)
		var listed []wire.RecordNumber
		for _, datagram := range p.Server.Take() {
			if n := len(datagram); n > mtu {
				t.Errorf("an ACK of %d bytes in an MTU of %d", n, mtu)
			}
			for n := range p.Client.OpenACK(datagram).Records.All() {
				listed = append(listed, n)
			}
		}
		if len(listed) == 0 || len(listed) > 32 || listed[len(listed)-1] != p.Client.LastSent() {
			t.Errorf("%d records listed: %v", len(listed), listed)
		}
		if !slices.IsSortedFunc(listed, func(x, y wire.RecordNumber) int {
			if x.Epoch != y.Epoch || x.Seq == y.Seq {
				t.Errorf("listed: %v and %v", x, y)
			}
			return int(x.Seq) - int(y.Seq)
		}) {
			t.Errorf("not in order: %v", listed)
		}
	}
}

// The cost of an ACK follows its length, and it means nothing where it lists
// what is not ours.
func TestR05LongACKsOfNothingAreTaken(t *testing.T) {
	p := connected(t, dtls13)
	quiet(p)
	update(t, p, p.Server, false)
	var numbers []wire.RecordNumber
	for seq := range uint64(1000) {
		numbers = append(numbers, wire.RecordNumber{Epoch: seq % 9 << (seq % 60), Seq: 1 << 40 << (seq % 20)})
	}
	content := wire.ACK{Records: wire.AppendRecordNumbers(nil, numbers...)}.AppendTo(nil)
	for range 20 {
		p.ToServer(p.Client.SealAs(wire.ContentACK, content))
	}
	if p.Server.NextTransmission().IsZero() || p.Server.KeyUpdates > 0 {
		t.Error("an ACK of other records ends a flight")
	}
	wait(p)
	if !p.Server.NextTransmission().IsZero() || p.Server.KeyUpdates != 1 {
		t.Error("the flight does not end")
	}
	wantAlive(t, p, "after ACKs of nothing")
}

func TestACKsThatAreMalformedEndAnAssociation(t *testing.T) {
	for _, content := range [][]byte{nil, {0}, {0, 1, 0}, {0, 16, 0}, append([]byte{0, 16}, make([]byte, 17)...)} {
		p := connected(t, dtls13)
		p.ToServer(p.Client.SealAs(wire.ContentACK, content))
		wantAlertAtClient(t, p, wire.AlertDecodeError, "an ACK that does not parse")
	}
}

// wantAlertAtClient requires that the server ended, and told the client why.
func wantAlertAtClient(t *testing.T, p *dtlstest.Pair, want wire.AlertDescription, sentence string) {
	t.Helper()
	p.FlushServer()
	wantEndedByAlert(t, p.Client, engine.AlertError{Alert: want, Authenticated: true}, sentence)
}

func TestFlightsEndOnlyWithTheirOwnACK(t *testing.T) {
	p := connected(t, dtls13)
	quiet(p)
	for range 3 {
		update(t, p, p.Client, false) // lost
		p.Advance(time.Second)
		again := p.Client.Take()
		if len(again) != 1 {
			t.Fatalf("%d datagrams, want a repetition", len(again))
		}
		p.ToServer(again[0])
		quiet(p)
		wantAlive(t, p, "after an update whose first record was lost")
	}
	if p.Client.KeyUpdates != 3 || p.Server.KeyUpdates != 3 {
		t.Errorf("%d and %d updates, want 3", p.Client.KeyUpdates, p.Server.KeyUpdates)
	}
}

// RFC 8449, Section 4, counts for an ACK as well.
func TestACKsKeepToTheRecordsThatThePeerTakes(t *testing.T) {
	p := dtlstest.NewPair(t, 1, dtls13, withCertificates, server(func(cfg *engine.Config) { cfg.ClientAuth = engine.RequireClientCert }),
		client(func(cfg *engine.Config) { cfg.RecordSizeLimit = 64; cfg.MTU = engine.MinMTU }))
	for range 3 {
		p.FlushClient()
		p.FlushServer()
	}
	p.Client.Take() // so far lost
	p.Advance(time.Second)
	p.Settle()
	wait(p)
	if n := p.Client.Drops[wire.DropRecordOverflow]; n > 0 {
		t.Errorf("%d records larger than the client takes", n)
	}
	p.Connect()
	if !p.Client.NextTransmission().IsZero() {
		t.Error("the client's flight is not acknowledged")
	}
}
