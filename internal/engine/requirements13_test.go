package engine_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// external13 has pre-shared keys alone, in DTLS 1.3.
var external13 = []dtlstest.Option{dtls13, both(func(cfg *engine.Config) {
	cfg.Certificate = false
	cfg.Credentials = nil
})}

func TestR06ForgedNumberOf13LeavesWindow(t *testing.T) {
	for _, s := range suite.All13() {
		t.Run(s.Name, func(t *testing.T) {
			p := connected(t, dtls13, only13(s), withCertificates)
			first, second := said(t, p, "first"), said(t, p, "second")
			for bit := range 16 {
				forged := slices.Clone(second)
				forged[1+bit/8] ^= 1 << (bit % 8)
				p.ToServer(forged)
			}
			if n := p.Server.Drops[wire.DropAuthentication] + p.Server.Drops[wire.DropReplay]; n != 16 {
				t.Errorf("%d of 16 forgeries dropped", n)
			}
			p.ToServer(second)
			wantLast(t, p.Server, "second")
			p.ToServer(first)
			wantLast(t, p.Server, "first")
			p.ToServer(second)
			wantAlive(t, p, "after all that")
			if len(p.Server.Received) != 3 {
				t.Errorf("received %q", p.Server.Received)
			}
		})
	}
}

func TestR07LastNumberOf13IsTakenOnce(t *testing.T) {
	p := connected(t, dtls13)
	p.Server.ExpectFrom(wire.MaxRecordSeq - 100)
	last := p.Client.SealNumbered(wire.MaxRecordSeq, false, []byte("last"))
	for _, datagram := range [][]byte{
		last, last,
		p.Client.SealNumbered(wire.MaxRecordSeq-64, false, []byte("too late")),
		p.Client.SealNumbered(wire.MaxRecordSeq-63, false, []byte("in time")),
		p.Client.SealNumbered(wire.MaxRecordSeq+1, false, []byte("beyond")),
	} {
		p.ToServer(datagram)
	}
	if got := bytes.Join(p.Server.Received, []byte(", ")); string(got) != "last, in time" {
		t.Errorf("received %q", got)
	}
	wantDrop(t, p.Server, wire.DropSequenceExhausted, 1, "a number that does not exist")
}

// At every place where the bits of a number in the header begin anew, numbers
// before and after are told apart as far as they can be.
func TestR09NumbersAreReconstructedAtEveryWrap(t *testing.T) {
	p := connected(t, dtls13)
	for _, short := range []bool{true, false} {
		reach := int64(1) << 15
		if short {
			reach = 1 << 7
		}
		for shift := 8; shift < 48; shift++ {
			for _, base := range []uint64{1 << shift, 3 << shift, 1<<48 - 1<<shift} {
				for _, around := range []int64{-2, -1, 0, 1, 2} {
					next := base + uint64(around)
					for _, ahead := range []int64{-64, -1, 0, 1, 63, reach - 1} {
						seq := next + uint64(ahead)
						if seq > wire.MaxRecordSeq || next > wire.MaxRecordSeq {
							continue
						}
						p.Server.ExpectFrom(next)
						said := fmt.Sprint(short, next, seq)
						p.ToServer(p.Client.SealNumbered(seq, short, []byte(said)))
						wantLast(t, p.Server, said)
					}
				}
			}
		}
	}
}

func TestR13DataOf13ComesWithItsEpochOnly(t *testing.T) {
	p := dtlstest.NewPair(t, 1, dtls13)
	p.FlushClient()
	p.FlushServer()
	flight := p.Client.Take()
	if err := p.Client.Say("early"); err != nil {
		t.Fatal(err)
	}
	p.FlushClient()
	p.ToServer(plaintext(wire.ContentApplicationData, []byte("plain")))
	if len(p.Server.Received) > 0 {
		t.Fatalf("received %q during the handshake", p.Server.Received)
	}
	for _, datagram := range flight {
		p.ToServer(datagram)
	}
	wantLast(t, p.Server, "early")
	p.ToServer(plaintext(wire.ContentApplicationData, []byte("plain")))
	wantDrop(t, p.Server, wire.DropPlaintextApplicationData, 2, "data that anyone could have sent")
	wantAlive(t, p, "after plaintext data")

	p.ToServer(p.Client.SealIn(2, wire.ContentApplicationData, []byte("of the handshake")))
	if !p.Server.Over || engine.AlertFor(p.Server.Err) != wire.AlertUnexpectedMessage || len(p.Server.Received) != 2 {
		t.Errorf("data in epoch 2: %v, %q", p.Server.Err, p.Server.Received)
	}
}

// stations13 are the states of DTLS 1.3 under protection, and what is looked at
// there. R15: a Finished in the place of CertificateVerify is unexpected.
var stations13 = []struct {
	side  engine.Side
	state string
	legal []wire.HandshakeType
}{
	{engine.Client, "await encrypted_extensions", []wire.HandshakeType{wire.TypeEncryptedExtensions}},
	{engine.Client, "await certificate_request or certificate", []wire.HandshakeType{wire.TypeCertificateRequest, wire.TypeCertificate}},
	{engine.Client, "await certificate", []wire.HandshakeType{wire.TypeCertificate}},
	{engine.Client, "await certificate_verify", []wire.HandshakeType{wire.TypeCertificateVerify}},
	{engine.Client, "await finished", []wire.HandshakeType{wire.TypeFinished}},
	{engine.Server, "await certificate", []wire.HandshakeType{wire.TypeCertificate}},
	{engine.Server, "await certificate_verify", []wire.HandshakeType{wire.TypeCertificateVerify}},
	{engine.Server, "await finished", []wire.HandshakeType{wire.TypeFinished}},
}

// walk13 takes a pair to a state, record by record.
func walk13(t *testing.T, side engine.Side, state string) (p *dtlstest.Pair, e *dtlstest.Endpoint) {
	t.Helper()
	p = dtlstest.NewPair(t, 1, dtls13, oneByOne, withCertificates, server(func(cfg *engine.Config) { cfg.ClientAuth = engine.RequireClientCert }))
	for range 4 {
		for _, from := range []engine.Side{engine.Client, engine.Server} {
			sender, deliver := p.Client, p.ToServer
			if from == engine.Server {
				sender, deliver = p.Server, func(record []byte) { p.Client.Receive(p.Now, record) }
			}
			for _, datagram := range sender.Take() {
				for _, record := range splitRecords13(t, datagram) {
					if receiver := peerOf(p, sender); from != side && receiver != nil && receiver.Awaits() == state {
						receiver.Take()
						return p, receiver
					}
					deliver(record)
				}
			}
		}
	}
	t.Fatalf("no handshake comes to %q", state)
	return nil, nil
}

func TestR14MessagesOf13HaveTheirTurn(t *testing.T) {
	for _, s := range stations13 {
		for _, typ := range append(handshakeTypes, wire.TypeEncryptedExtensions, wire.TypeKeyUpdate, wire.TypeRequestConnectionID, wire.TypeNewConnectionID) {
			p, e := walk13(t, s.side, s.state)
			content := late(typ, e.PeerSeq(), tooShort)
			sentence := fmt.Sprintf("%v: %v gets %v", s.state, s.side, typ)

			// Nothing comes of it in another epoch.
			e.Receive(p.Now, message(typ, e.PeerSeq(), tooShort))
			if e.Over || e.Awaits() != s.state {
				t.Fatalf("%s in plaintext: %v", sentence, e.Err)
			}

			e.Receive(p.Now, peerOf(p, e).SealIn(2, wire.ContentHandshake, content))
			want := wire.AlertUnexpectedMessage
			switch {
			case slices.Contains(s.legal, typ) && typ == wire.TypeFinished:
				want = wire.AlertDecryptError
			case slices.Contains(s.legal, typ):
				want = wire.AlertDecodeError
			}
			if !e.Over || engine.AlertFor(e.Err) != want {
				t.Errorf("%s: over: %v, %v; want %v", sentence, e.Over, e.Err, want)
			}
		}
	}
}

func TestR14MessagesAfterAHandshakeOf13(t *testing.T) {
	legal := map[wire.HandshakeType]bool{wire.TypeKeyUpdate: true, wire.TypeRequestConnectionID: true, wire.TypeNewConnectionID: true}
	reference := connected(t, dtls13, withCIDs(4, 8))
	for n := range 256 {
		typ := wire.HandshakeType(n)
		for _, side := range []engine.Side{engine.Client, engine.Server} {
			for _, epoch := range []uint16{2, 3} {
				p := dtlstest.NewPair(t, 1, dtls13, withCIDs(4, 8))
				p.FlushClient()
				p.FlushServer()
				e, from, next := p.Client, p.Server, reference.Client.PeerSeq()
				if side == engine.Server {
					e, from, next = p.Server, p.Client, reference.Server.PeerSeq()
				}
				datagram := from.SealIn(epoch, wire.ContentHandshake, late(typ, next, []byte{9, 9, 9}))
				p.Connect()
				e.Receive(p.Now, datagram)
				want := wire.AlertUnexpectedMessage
				if epoch == 3 && (legal[typ] || typ == wire.TypeNewSessionTicket && side == engine.Client) {
					want = wire.AlertDecodeError
				}
				if !e.Over || engine.AlertFor(e.Err) != want {
					t.Errorf("%v gets %v in epoch %d: over: %v, %v; want %v", side, typ, epoch, e.Over, e.Err, want)
				}
			}
		}
	}
}

func TestR16SessionsResumeInTheirVersionOnly(t *testing.T) {
	tickets := []dtlstest.Option{client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 1) })}
	of12 := connected(t, tickets...).Client.Stored[0]
	of13 := connected(t, append(tickets, dtls13)...).Client.Stored[0]
	for name, options := range map[string][]dtlstest.Option{
		"a session of 1.2 with a server of 1.3": {dtls13, offering(of12)},
		"a session of 1.3 with a server of 1.2": {client(func(cfg *engine.Config) {
			cfg.Versions = bothSpoken
			cfg.Policy.Suites13 = suite.All13()
		}), offering(of13)},
	} {
		wantResumed(t, dtlstest.NewPair(t, 2, append(tickets, options...)...), false, name)
	}
	zero := *of13
	zero.Master = [48]byte{}
	p := dtlstest.NewPair(t, 2, append(tickets, dtls13, offering(&zero))...)
	wantResumed(t, p, false, "R17: a session without a secret")
}

func TestR18IdentitiesOf13AreByteStrings(t *testing.T) {
	for _, identity := range []string{"\x00", "a\x00b", "\xff\xfe", string(bytes.Repeat([]byte{7}, 256))} {
		p := connected(t, append(external13,
			clientOwner(func(e *dtlstest.Endpoint) { e.Identity = identity; e.PSKs[identity] = "key" }),
			serverOwner(func(e *dtlstest.Endpoint) { e.PSKs = map[string]string{identity: "key"} }))...)
		if got := string(p.Server.State().Identity); got != identity {
			t.Errorf("identity %q became %q", identity, got)
		}
	}
	long := string(bytes.Repeat([]byte{7}, 257))
	p := dtlstest.NewPair(t, 1, append(external13,
		clientOwner(func(e *dtlstest.Endpoint) { e.Identity = long; e.PSKs[long] = "key" }),
		serverOwner(func(e *dtlstest.Endpoint) { e.PSKs = map[string]string{long: "key", long[:256]: "key"} }))...)
	p.FlushClient()
	wantDrop(t, p.Server, wire.DropIdentityTooLong, 1, "an identity of 257 bytes")
	wantRefused(t, p.Server, wire.AlertDecryptError, "an identity of 257 bytes")
}

// A refusal13 is what a server did for a client that did not get in.
type refusal13 struct {
	asked string
	alert wire.AlertDescription
	sent  int
	drops [wire.NumDrops]int
}

func TestR28UnknownIdentityOf13LooksLikeAWrongKey(t *testing.T) {
	attempt := func(psks map[string]string) refusal13 {
		p := dtlstest.NewPair(t, 1, append(external13, serverOwner(func(e *dtlstest.Endpoint) { e.PSKs = psks }))...)
		p.FlushClient()
		wantRefused(t, p.Server, wire.AlertDecryptError, fmt.Sprint("with the keys ", psks))
		return refusal13{asked: fmt.Sprint(p.Server.Asked), alert: engine.AlertFor(p.Server.Err), sent: p.Server.SentBytes, drops: p.Server.Drops}
	}
	unknown, wrong := attempt(map[string]string{"another": "key"}), attempt(map[string]string{"client": "wrong"})
	if unknown != wrong {
		t.Errorf("an unknown identity has %+v, a wrong key %+v", unknown, wrong)
	}
}

func TestR25SecondHelloRetryRequestIsRefused(t *testing.T) {
	p := dtlstest.NewPair(t, 1, retrying...)
	p.FlushClient()
	request := p.Server.Take()[0]
	p.Client.Receive(p.Now, request)
	p.Client.Receive(p.Now, request)
	if p.Client.Over {
		t.Fatalf("a repeated request: %v", p.Client.Err)
	}
	f := fragments(t, request)[0]
	p.Client.Receive(p.Now, message(f.Type, f.Seq+1, f.Body))
	wantRefused(t, p.Client, wire.AlertUnexpectedMessage, "another request")
}

func TestR26ClientBeginsOnceMoreWithoutItsCookie(t *testing.T) {
	p := dtlstest.NewPair(t, 1, retrying...)
	p.FlushClient()
	p.FlushServer()
	p.Client.AddCookie([]byte("a cookie of another time"))
	p.Server = nil
	refusal := plaintext(wire.ContentAlert, alert(wire.AlertFatal, wire.AlertIllegalParameter))
	p.Client.Take()
	p.Client.Receive(p.Now, refusal)
	p.Advance(time.Second)
	p.Connect()
	wantAlive(t, p, "after a second beginning")

	p = dtlstest.NewPair(t, 1, retrying...)
	for range 2 {
		p.FlushClient()
		p.FlushServer()
		p.Client.AddCookie([]byte("a cookie of another time"))
		p.Server = nil
		p.Client.Take()
		p.Client.Receive(p.Now, refusal)
		p.Advance(time.Second)
	}
	wantEndedByAlert(t, p.Client, engine.AlertError{Alert: wire.AlertIllegalParameter}, "refused twice")
}

func TestR03EarlyRecordsOf13CountInTheCap(t *testing.T) {
	const limit = 6 << 10
	p := dtlstest.NewPair(t, 1, append(external13, server(func(cfg *engine.Config) { cfg.ReassemblyLimit = limit }))...)
	p.FlushClient()
	for i := range 3000 {
		for _, first := range []byte{0x2c, 0x2d, 0x2e, 0x2f} {
			record := append([]byte{first, 0, 0, byte(i >> 8 & 1), byte(i)}, make([]byte, i&0x1ff)...)
			p.ToServer(record)
		}
		f := wire.Fragment{Type: wire.TypeCertificate, Length: 5000, Seq: 3, Offset: uint32(i), Body: make([]byte, 300)}
		p.ToServer(plaintext(wire.ContentHandshake, f.AppendTo(nil)))
		if kept := p.Server.Buffered(); kept > limit {
			t.Fatalf("%d bytes kept, the cap is %d", kept, limit)
		}
	}
	if p.Server.Buffered() < limit/3 {
		t.Errorf("only %d bytes kept: the cap was not put to the test", p.Server.Buffered())
	}
	p.FlushServer()
	p.Connect()
	wantAlive(t, p, "after a flood of early records")
}

func TestR02MessagesAfterTheHandshakeHaveACap(t *testing.T) {
	const limit = 6 << 10
	p := connected(t, dtls13, both(func(cfg *engine.Config) { cfg.ReassemblyLimit = limit }))
	quiet(p)
	next := p.Server.PeerSeq()
	for i := range 4000 {
		f := wire.Fragment{Type: wire.TypeKeyUpdate, Length: 30000, Seq: next + 1 + uint16(i%9), Offset: uint32(i * 7 % 29000), Body: make([]byte, i%300)}
		p.ToServer(p.Client.SealAs(wire.ContentHandshake, f.AppendTo(nil)))
		if kept := p.Server.Buffered(); kept > limit {
			t.Fatalf("%d bytes kept, the cap is %d", kept, limit)
		}
	}
	if p.Server.Buffered() < limit/2 || p.Server.Kept() > limit+limit/4 {
		t.Errorf("%d bytes kept, %d of them allocated", p.Server.Buffered(), p.Server.Kept())
	}
	wantAlive(t, p, "after messages that never end")
	p.Advance(time.Hour)
	p.Server.Take()
	p.Advance(time.Hour)
	if p.Server.Kept() > 0 {
		t.Errorf("%d bytes kept an hour later", p.Server.Kept())
	}
	wantDeadline(t, p, p.Server, 0, "an hour later")
}

// A storm of key updates costs an answer at a time, and leaves nothing.
func TestKeyUpdateStorm(t *testing.T) {
	p := connected(t, dtls13)
	quiet(p)
	for range 3000 {
		for _, datagram := range update(t, p, p.Client, true) {
			p.ToServer(datagram)
		}
		p.Server.Timeout(p.Now.Add(ackTime))
		p.FlushServer()
		p.Client.Timeout(p.Now.Add(ackTime))
		p.FlushClient()
	}
	if p.Server.KeyUpdates < 5000 || p.Server.OldWrites() > 1 {
		t.Errorf("%d updates, keys of %d epochs kept", p.Server.KeyUpdates, p.Server.OldWrites())
	}
	wantAlive(t, p, "after thousands of updates")
}

// Whatever single datagram comes to an established association of DTLS 1.3,
// nothing changes.
func TestR20EstablishedPairOf13SurvivesAnyDatagram(t *testing.T) {
	for _, lengths := range [][2]int{{-1, -1}, {0, 1}, {8, 20}} {
		p := connected(t, dtls13, withCIDs(lengths[0], lengths[1]))
		quiet(p)
		updated(t, p, p.Client)
		random := dtlstest.NewRand(20)
		data, authentic := said(t, p, "data"), p.Client.SealAs(wire.ContentAlert, alert(wire.AlertFatal, wire.AlertCloseNotify))
		ack := wire.ACK{Records: wire.AppendRecordNumbers(nil, wire.RecordNumber{Epoch: 3})}.AppendTo(nil)
		bearing := p.Server.Bearing()
		try := func(datagram []byte) {
			p.ToServer(datagram)
			if p.Server.Bearing() != bearing || len(p.Server.Outbox)+len(p.Server.Received) > 0 || p.Server.Over {
				t.Fatalf("CIDs of %v: %x changes %+v to %+v, %v", lengths, datagram, bearing, p.Server.Bearing(), p.Server.Err)
			}
		}
		for first := range 256 {
			for n := range 61 {
				datagram := make([]byte, n+1)
				random.Read(datagram)
				datagram[0] = byte(first)
				try(datagram)
				if cid := p.Server.State().LocalCID; len(cid) > 0 && n > len(cid) {
					copy(datagram[1:], cid)
					try(datagram)
				}
			}
		}
		for _, datagram := range [][]byte{data, authentic} {
			for bit := range 8 * len(datagram) {
				forged := slices.Clone(datagram)
				forged[bit/8] ^= 1 << (bit % 8)
				try(forged)
			}
			for n := range datagram {
				try(datagram[:n])
			}
		}
		for _, typ := range []wire.ContentType{20, 21, 22, 23, 24, 25, 26, 27} {
			try(plaintext(typ, ack))
			try(plaintext(typ, alert(wire.AlertFatal, wire.AlertHandshakeFailure)))
		}
		p.ToServer(data)
		wantLast(t, p.Server, "data")
		wantAlive(t, p, "after thousands of forgeries")
	}
}
