package engine_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// said returns the datagram in which the client says something.
func said(t testing.TB, p *dtlstest.Pair, what string) []byte {
	t.Helper()
	if err := p.Client.Say(what); err != nil {
		t.Fatal(err)
	}
	return p.Client.Take()[0]
}

// renumbered returns a one-record datagram under another number.
func renumbered(t testing.TB, datagram []byte, epoch uint16, seq uint64) []byte {
	t.Helper()
	r := records(t, datagram)[0]
	r.Epoch, r.Seq = epoch, seq
	return encode(r)
}

func TestR06ForgedFutureNumberLeavesWindow(t *testing.T) {
	for _, s := range suite.All() {
		t.Run(s.Name, func(t *testing.T) {
			p := connected(t, only(s))
			first, second := said(t, p, "first"), said(t, p, "second")
			seq := sequenceNumber(t, second)
			for _, forged := range []uint64{seq + 1, seq + 1000, 1 << 32, wire.MaxRecordSeq} {
				p.ToServer(renumbered(t, second, 1, forged))
			}
			wantDrop(t, p.Server, wire.DropAuthentication, 4, "records under numbers of their future")
			p.ToServer(second)
			wantLast(t, p.Server, "second")
			p.ToServer(first)
			wantLast(t, p.Server, "first")
			p.ToServer(second)
			wantDrop(t, p.Server, wire.DropReplay, 1, "a record that comes twice")
			wantAlive(t, p, "after all that")
		})
	}
}

func TestR07LastNumberOfAnEpochIsTakenOnce(t *testing.T) {
	p := connected(t)
	p.Client.SkipTo(wire.MaxRecordSeq)
	last := said(t, p, "the last record")
	p.Client.SkipTo(wire.MaxRecordSeq - 63)
	late, tooLate := said(t, p, "just in time"), renumbered(t, last, 1, wire.MaxRecordSeq-64)
	for _, datagram := range [][]byte{last, last, tooLate, late, renumbered(t, last, 1, 0)} {
		p.ToServer(datagram)
	}
	want := []string{"the last record", "just in time"}
	if got := p.Server.Received; len(got) != 2 || string(got[0]) != want[0] || string(got[1]) != want[1] {
		t.Errorf("server received %q, want %q", got, want)
	}
	wantDrop(t, p.Server, wire.DropReplay, 3, "a repeated record, one behind the window, and the number that follows the last")
}

func TestR07OtherEpochsAreDropped(t *testing.T) {
	p := connected(t)
	datagram := said(t, p, "of epoch 1")
	for _, epoch := range []uint16{2, 3, 1<<16 - 1} {
		p.ToServer(renumbered(t, datagram, epoch, 0))
		p.ToServer(renumbered(t, datagram, epoch, wire.MaxRecordSeq))
	}
	wantDrop(t, p.Server, wire.DropFutureEpoch, 6, "records of epochs that never come")
	p.ToServer(datagram)
	wantLast(t, p.Server, "of epoch 1")
}

func TestR13PlaintextApplicationDataIsNeverDelivered(t *testing.T) {
	data := plaintext(wire.ContentApplicationData, []byte("not from the peer"))
	p := dtlstest.NewPair(t, 1)
	p.Client.Receive(p.Now, data)
	p.FlushClient()
	p.ToServer(data)
	p.FlushServer()
	p.Client.Receive(p.Now, data)
	p.FlushClient()
	p.ToServer(data)
	p.Connect()
	p.Client.Receive(p.Now, data)
	p.ToServer(data)
	wantDrop(t, p.Client, wire.DropPlaintextApplicationData, 3, "application data that anyone could have sent")
	wantDrop(t, p.Server, wire.DropPlaintextApplicationData, 3, "application data that anyone could have sent")
	if len(p.Client.Received)+len(p.Server.Received) > 0 {
		t.Errorf("delivered: client %q, server %q", p.Client.Received, p.Server.Received)
	}
	wantAlive(t, p, "after plaintext application data")
}

func TestR13DataBetweenKeysAndFinishedIsNotDelivered(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	p.FlushClient()
	p.FlushServer()
	flight := pieces(t, p.Client.Take()...)
	for _, datagram := range flight[:len(flight)-1] {
		p.ToServer(datagram)
	}
	if p.Server.Awaits() != "await finished" {
		t.Fatalf("server: %q", p.Server.Awaits())
	}
	p.ToServer(p.Client.SealAs(wire.ContentApplicationData, []byte("too early")))
	wantDrop(t, p.Server, wire.DropUnexpectedContent, 1, "application data before Finished")
	p.ToServer(flight[len(flight)-1])
	p.Connect()
	if len(p.Server.Received) > 0 {
		t.Errorf("delivered %q", p.Server.Received)
	}
}

// forgeries calls try with datagrams of which none is authentic, made from
// authentic ones.
func forgeries(t testing.TB, authentic [][]byte, try func(name string, datagram []byte)) {
	t.Helper()
	for i, datagram := range authentic {
		for n := range datagram {
			try(fmt.Sprintf("datagram %d cut off after %d bytes", i, n), datagram[:n])
		}
		for bit := range 8 * len(datagram) {
			forged := slices.Clone(datagram)
			forged[bit/8] ^= 1 << (bit % 8)
			try(fmt.Sprintf("datagram %d with bit %d of byte %d changed", i, bit%8, bit/8), forged)
		}
		r := records(t, datagram)[0]
		for typ := range 256 {
			for _, epoch := range []uint16{0, 1, 2, 1<<16 - 1} {
				forged := r
				forged.Type, forged.Epoch, forged.Seq = wire.ContentType(typ), epoch, r.Seq+1
				try(fmt.Sprintf("datagram %d as content %d of epoch %d", i, typ, epoch), encode(forged))
			}
		}
	}
	const seed = 20
	random := dtlstest.NewRand(seed)
	length := rand.New(random)
	for i := range 2000 {
		junk := make([]byte, length.IntN(200))
		if _, err := random.Read(junk); err != nil {
			t.Fatal(err)
		}
		try(fmt.Sprintf("junk %d of seed %d", i, seed), junk)
		if len(junk) > 3 {
			copy(junk, []byte{byte(20 + i%5), 0xfe, 0xfd, 0, byte(i & 1)})
			try(fmt.Sprintf("junk %d of seed %d with the head of a record", i, seed), junk)
		}
	}
}

func TestR20EstablishedPairSurvivesAnyForgedDatagram(t *testing.T) {
	for _, s := range []*suite.Suite{plainPSK, ecdhePSK, ecdsa, cbc} {
		t.Run(s.Name, func(t *testing.T) {
			p := connected(t, only(s))
			deadline := p.Server.Deadline()
			authentic := [][]byte{
				said(t, p, "a datagram"),
				p.Client.SealAs(wire.ContentAlert, alert(wire.AlertWarning, wire.AlertCloseNotify)),
				p.Client.SealAs(wire.ContentHandshake, make([]byte, 24)),
				plaintext(wire.ContentAlert, alert(wire.AlertFatal, wire.AlertHandshakeFailure)),
				message(wire.TypeClientHello, 0, make([]byte, 60)),
			}
			// A plaintext record is forged as it is.
			p.ToServer(authentic[3])
			p.ToServer(authentic[4])
			forgeries(t, authentic, func(name string, datagram []byte) {
				p.ToServer(datagram)
				if p.Server.Over || len(p.Server.Received) > 0 || len(p.Server.Outbox) > 0 || !p.Server.Deadline().Equal(deadline) {
					t.Fatalf("%s: over %v, received %q, sends %d, deadline %v for %v",
						name, p.Server.Err, p.Server.Received, len(p.Server.Outbox), p.Server.Deadline(), deadline)
				}
			})
			p.ToServer(authentic[0])
			wantLast(t, p.Server, "a datagram")
			wantAlive(t, p, "after thousands of forgeries")
		})
	}
}

func TestR20RecordTooShortForItsSuiteIsDropped(t *testing.T) {
	for _, s := range suite.All() {
		t.Run(s.Name, func(t *testing.T) {
			p := connected(t, only(s))
			overhead := p.Client.Overhead() - wire.RecordHeaderLen
			for n := range overhead {
				p.ToServer(encode(wire.Record{
					Type: wire.ContentApplicationData, Version: wire.VersionDTLS12, Epoch: 1, Seq: 100, Payload: make([]byte, n),
				}))
			}
			wantDrop(t, p.Server, wire.DropAuthentication, overhead, "records with less than the overhead")
			wantAlive(t, p, "after short records")
		})
	}
}

func TestEveryRecordOfADatagramIsTaken(t *testing.T) {
	p := connected(t)
	one, two, three := said(t, p, "one"), said(t, p, "two"), said(t, p, "three")
	forged := renumbered(t, two, 1, 77)
	old := plaintext(wire.ContentHandshake, []byte("of the handshake"))
	p.ToServer(slices.Concat(one, forged, two, old, three, []byte{23, 0xfe}))
	if got := bytes.Join(p.Server.Received, []byte(" ")); string(got) != "one two three" {
		t.Errorf("server received %q", got)
	}
	wantDrop(t, p.Server, wire.DropAuthentication, 1, "a forged record between two others")
	wantDrop(t, p.Server, wire.DropOldEpoch, 1, "a plaintext record between two others")
	wantDrop(t, p.Server, wire.DropMalformedRecord, 1, "a header cut off at the end")
}

func TestR04WorkFollowsTheLengthOfADatagram(t *testing.T) {
	const size = 1<<16 - 1
	emptyRecord := plaintext(wire.ContentHandshake, nil)
	emptyFragment := wire.Fragment{Type: wire.TypeCertificate, Length: 9, Seq: 3}.AppendTo(nil)
	fragments := bytes.Repeat(emptyFragment, (size-wire.RecordHeaderLen)/len(emptyFragment))
	for name, datagram := range map[string][]byte{
		"records without content":   bytes.Repeat(emptyRecord, size/len(emptyRecord)),
		"fragments without content": plaintext(wire.ContentHandshake, fragments),
		"zeroes":                    make([]byte, size),
	} {
		p := dtlstest.NewPair(t, 1)
		p.FlushClient()
		before := p.Server.Drops
		p.ToServer(datagram)
		dropped := 0
		for reason, n := range p.Server.Drops {
			dropped += n - before[reason]
		}
		if dropped == 0 || dropped > size/wire.FragmentHeaderLen {
			t.Errorf("%s: %d drops for %d bytes", name, dropped, len(datagram))
		}
		p.Server.Take()
		p.ToServer(slices.Concat(datagram[:len(datagram)/2], []byte{1}))
		p.Advance(p.Client.Deadline().Sub(p.Now))
		p.Connect()
	}
}

func TestWhatIsNoRecordIsDroppedWithItsReason(t *testing.T) {
	tooLong := encode(wire.Record{Type: wire.ContentApplicationData, Version: wire.VersionDTLS12, Epoch: 1, Payload: make([]byte, 40)})
	for _, test := range []struct {
		name     string
		datagram []byte
		want     wire.Drop
	}{
		{"nothing", nil, wire.DropEmptyDatagram},
		{"half a header", tooLong[:7], wire.DropMalformedRecord},
		{"a record that declares more than there is", tooLong[:30], wire.DropMalformedRecord},
		{"a protected record of DTLS 1.0", encode(wire.Record{Type: wire.ContentApplicationData, Version: wire.VersionDTLS10, Epoch: 1, Payload: make([]byte, 40)}), wire.DropUnsupportedVersion},
		{"a plaintext record of TLS", encode(wire.Record{Type: wire.ContentHandshake, Version: 0x0303, Payload: make([]byte, 40)}), wire.DropUnsupportedVersion},
		{"a plaintext record of unknown content", plaintext(99, []byte("?")), wire.DropUnexpectedContent},
		{"a handshake record without content", plaintext(wire.ContentHandshake, nil), wire.DropEmptyRecord},
		{"half a fragment", plaintext(wire.ContentHandshake, make([]byte, 11)), wire.DropMalformedRecord},
		{"a plaintext alert of three bytes", plaintext(wire.ContentAlert, []byte{2, 40, 0}), wire.DropMalformedRecord},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := dtlstest.NewPair(t, 1)
			p.FlushClient()
			p.FlushServer()
			before := p.Server.Drops[test.want]
			p.ToServer(test.datagram)
			wantDrop(t, p.Server, test.want, before+1, test.name)
			p.Connect()
			wantAlive(t, p, "after "+test.name)
		})
	}
}

func TestPlaintextRecordsOfDTLS10AreRead(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	p.FlushClient()
	for _, datagram := range pieces(t, p.Server.Take()...) {
		r := records(t, datagram)[0]
		r.Version = wire.VersionDTLS10
		p.Client.Receive(p.Now, encode(r))
	}
	p.Connect()
}

func TestAuthenticatedRecordsWithoutAPlaceAreDropped(t *testing.T) {
	p := connected(t)
	for _, typ := range []wire.ContentType{wire.ContentChangeCipherSpec, wire.ContentACK, 99} {
		p.ToServer(p.Client.SealAs(typ, []byte{1}))
	}
	wantDrop(t, p.Server, wire.DropUnexpectedContent, 3, "records of other content")
	p.ToServer(p.Client.SealAs(wire.ContentCID, []byte{1}))
	wantDrop(t, p.Server, wire.DropUnknownCID, 1, "a record for an association with connection IDs")
	p.ToServer(p.Client.SealAs(wire.ContentHandshake, nil))
	p.ToServer(p.Client.SealAs(wire.ContentApplicationData, nil))
	wantDrop(t, p.Server, wire.DropEmptyRecord, 2, "records without content")
	p.ToServer(p.Client.SealAs(wire.ContentHandshake, []byte("no fragment")))
	wantDrop(t, p.Server, wire.DropMalformedRecord, 1, "handshake content that does not parse")
	if len(p.Server.Received) > 0 {
		t.Errorf("delivered %q", p.Server.Received)
	}
	wantAlive(t, p, "after records without a place")
}

func TestRecordAboveTheLimitIsFatal(t *testing.T) {
	p := connected(t)
	longest := make([]byte, wire.MaxPlaintext)
	p.ToServer(p.Client.SealAs(wire.ContentApplicationData, longest))
	wantLast(t, p.Server, string(longest))
	p.ToServer(p.Client.SealAs(wire.ContentApplicationData, append(longest, 0)))
	p.FlushServer()
	wantEndedByAlert(t, p.Client, engine.AlertError{Alert: wire.AlertRecordOverflow, Authenticated: true}, "a record of one byte too many")
}

func TestRenegotiationIsRefusedWithAWarning(t *testing.T) {
	hello := wire.Fragment{Type: wire.TypeClientHello, Length: 60, Seq: 9, Body: make([]byte, 60)}.AppendTo(nil)
	request := wire.Fragment{Type: wire.TypeHelloRequest}.AppendTo(nil)
	for _, test := range []struct {
		name string
		from func(p *dtlstest.Pair) (peer, e *dtlstest.Endpoint)
		ask  []byte
	}{
		{"a client's hello", func(p *dtlstest.Pair) (peer, e *dtlstest.Endpoint) { return p.Client, p.Server }, hello},
		{"a server's request", func(p *dtlstest.Pair) (peer, e *dtlstest.Endpoint) { return p.Server, p.Client }, request},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := connected(t)
			peer, e := test.from(p)
			e.Receive(p.Now, peer.SealAs(wire.ContentHandshake, bytes.Repeat(test.ask, 100)))
			wantDrop(t, e, wire.DropRenegotiation, 1, "a record full of "+test.name)
			if len(e.Outbox) != 1 {
				t.Fatalf("%d datagrams for one record", len(e.Outbox))
			}
			peer.Receive(p.Now, e.Take()[0])
			want := wire.Alert{Level: wire.AlertWarning, Description: wire.AlertNoRenegotiation}
			if len(peer.Alerts) != 1 || peer.Alerts[0] != want {
				t.Errorf("the peer gets %v, want %v", peer.Alerts, want)
			}
			wantAlive(t, p, "after a refusal")
		})
	}
}

func TestR22NewHandshakeLeavesTheOldAssociationAlone(t *testing.T) {
	old := connected(t)
	again := dtlstest.NewPair(t, 2)
	hello := again.Client.Outbox[0]
	old.ToServer(hello)
	wantDrop(t, old.Server, wire.DropOldEpoch, 1, "the hello of a client that comes again")
	wantSilent(t, old.Server, "the old association does not answer a hello")
	again.FlushClient()
	again.FlushServer()
	wantAlive(t, old, "while the new handshake is under way")
	again.Connect()
	wantAlive(t, again, "the new association")
	wantAlive(t, old, "until its owner ends it, the old association")
	again.Client.SkipTo(1000)
	old.ToServer(said(t, again, "for the new one"))
	wantDrop(t, old.Server, wire.DropAuthentication, 1, "a record of the other association")
}
