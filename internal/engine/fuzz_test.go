package engine_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// recordedDatagrams returns all datagrams of the dialogues between other
// implementations that are recorded for the tests of package wire.
func recordedDatagrams(tb testing.TB) [][]byte {
	tb.Helper()
	files, err := filepath.Glob("../wire/testdata/*.txt")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no recorded dialogues: %v", err)
	}
	var datagrams [][]byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			_, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
			datagram, err := hex.DecodeString(digits)
			if err != nil {
				tb.Fatalf("%s: %v", file, err)
			}
			datagrams = append(datagrams, datagram)
		}
	}
	return datagrams
}

// quickSuites have no key exchange, so that a handshake takes next to no
// time, and protect records in each of the ways that there are.
var quickSuites = []*suite.Suite{
	suite.Lookup(wire.TLS_PSK_WITH_AES_128_GCM_SHA256),
	suite.Lookup(wire.TLS_PSK_WITH_CHACHA20_POLY1305_SHA256),
	suite.Lookup(wire.TLS_PSK_WITH_AES_128_CCM_8),
	suite.Lookup(wire.TLS_PSK_WITH_AES_128_CBC_SHA256),
}

// An established pair survives any one datagram that somebody else sends:
// nothing is delivered, sent or changed, and an echo still works.
//
// R20.
func FuzzAssociationSurvivesForgery(f *testing.F) {
	for i := range quickSuites {
		for base := range 8 {
			for _, server := range []bool{false, true} {
				f.Add(uint8(i), server, uint8(base), []byte(nil))
				f.Add(uint8(i)|withCIDBit, server, uint8(base), []byte(nil))
				f.Add(uint8(i)|withCIDBit, server, uint8(base), []byte{0, 0, 2})
				f.Add(uint8(i)|withCIDBit, server, uint8(base), []byte{0, 18, 1, 0, 4, 1})
				f.Add(uint8(i), server, uint8(base), []byte{0, 0, 3})
				f.Add(uint8(i), server, uint8(base), []byte{0, 10, 1, 0, 4, 1})
			}
		}
	}
	for _, datagram := range recordedDatagrams(f) {
		f.Add(uint8(0), true, uint8(0), datagram)
		f.Add(uint8(0), false, uint8(0), datagram)
	}
	f.Add(uint8(0), true, uint8(0), plaintext(wire.ContentAlert, alert(wire.AlertFatal, wire.AlertInternalError)))
	f.Fuzz(func(t *testing.T, kind uint8, toServer bool, base uint8, edits []byte) {
		options := []dtlstest.Option{only(quickSuites[int(kind)%len(quickSuites)])}
		if kind&withCIDBit != 0 {
			options = append(options, withCIDs(3, 8), both(func(cfg *engine.Config) { cfg.RRC = true }))
		}
		p, sent := recordedPair(t, options...)
		wantUnmoved(t, p, toServer, forgery(sent, base, edits))
	})
}

// wantUnmoved hands a forged datagram to one side of an established pair, which
// must not change.
func wantUnmoved(t *testing.T, p *dtlstest.Pair, toServer bool, forged []byte) {
	t.Helper()
	victim := p.Client
	if toServer {
		victim = p.Server
	}
	bearing, received, alerts := victim.Bearing(), len(victim.Received), len(victim.Alerts)
	victim.Receive(p.Now, forged)
	switch {
	case victim.Bearing() != bearing:
		t.Errorf("%v changed from %+v to %+v", victim.Side(), bearing, victim.Bearing())
	case len(victim.Outbox) > 0:
		t.Errorf("%v answered with %x", victim.Side(), victim.Outbox)
	case len(victim.Received) > received:
		t.Errorf("%v received %q", victim.Side(), victim.Received[received:])
	case len(victim.Alerts) > alerts || victim.Over:
		t.Errorf("%v heard %v and ended with %v", victim.Side(), victim.Alerts[alerts:], victim.Err)
	}
	wantEcho(t, p)
}

// withCIDBit is the bit of what a fuzzed pair is like that stands for connection
// IDs.
const withCIDBit = 16

// dtls13Bit is the one that stands for DTLS 1.3.
const dtls13Bit = 32

// recordedPair returns an established pair that has spoken, and all datagrams
// that went either way.
func recordedPair(tb testing.TB, options ...dtlstest.Option) (*dtlstest.Pair, [][]byte) {
	p := dtlstest.NewPair(tb, 1, options...)
	var sent [][]byte
	exchange := func() {
		for len(p.Client.Outbox) > 0 {
			sent = append(sent, p.Client.Outbox...)
			p.FlushClient()
			sent = append(sent, p.Server.Outbox...)
			p.FlushServer()
		}
	}
	exchange()
	if err := p.Client.Say("hello"); err != nil {
		tb.Fatal(err)
	}
	exchange()
	return p, sent
}

// forgery changes a datagram that was sent: each three bytes of edits are a
// position and what to change there. Base 0 has the edits be the datagram.
func forgery(sent [][]byte, base uint8, edits []byte) []byte {
	if base == 0 {
		return edits
	}
	forged := slices.Clone(sent[int(base)%len(sent)])
	for edit := range slices.Chunk(edits, 3) {
		if len(edit) < 3 {
			return forged[:int(edit[0])%len(forged)]
		}
		forged[(int(edit[0])<<8|int(edit[1]))%len(forged)] ^= edit[2]
	}
	return forged
}

// Whatever arrives at any point of a handshake, at either side, in whatever
// order: nobody panics, what is kept and sent is bounded, and if both sides
// are established in the end they are so with each other.
//
// R2, R4, R14.
func FuzzAssociationHandshake(f *testing.F) {
	for i := range 4 {
		f.Add(uint8(i), []byte{0, 1, 0, 1, 0, 1})
		f.Add(uint8(i), []byte{opTime, 20, 0, 0, opTime, 40, 1, 1, opTime, 80, 0, 1})
		f.Add(uint8(i), []byte{0, opRepeat, 1, 1, opRepeat | opSide, 0, 0, 1})
		f.Add(uint8(i), []byte{opChange, 0, 40, 1, 0, 1, opChange | opSide, 0, 30, 2, 1, opTime, 200, opTime, 200})
	}
	random := dtlstest.NewRand(1)
	for i := range 64 {
		script := make([]byte, 200)
		random.Read(script)
		f.Add(uint8(i), script)
		f.Add(uint8(i)|dtls13Bit, script)
	}
	for _, kind := range []uint8{dtls13Bit, dtls13Bit | withCIDBit, dtls13Bit | 4} {
		f.Add(kind, []byte{0, 1, 0, 1, opTime, 20, 0, 1})
		f.Add(kind, []byte{opTime, 20, 0, 0, opTime, 40, 1, 1, opTime, 80, 0, 1})
		f.Add(kind, []byte{0, opChange | opSide, 0, 200, 1, opTime, 20, 1, 0, 1})
	}
	for _, datagram := range recordedDatagrams(f) {
		inject := append([]byte{opInject, byte(len(datagram) >> 8), byte(len(datagram))}, datagram...)
		f.Add(uint8(0), append(slices.Clone(inject), 0, 1, 0, 1))
		f.Add(uint8(1), append([]byte{0, 1}, inject...))
		inject[0] |= opSide
		f.Add(uint8(2), append([]byte{0}, inject...))
		f.Add(uint8(3), append([]byte{0, 1, 0}, inject...))
	}
	f.Fuzz(func(t *testing.T, kind uint8, script []byte) {
		s := newStage(t, kind)
		for len(script) > 0 {
			script = s.perform(script)
			s.check()
		}
		s.checkOutcome()
	})
}

// The operations of a script. The lowest bit says who is concerned: the
// datagrams of the client, which is the side that they go to the server from,
// or those of the server.
const (
	opDeliver = iota << 1
	opLose
	opRepeat // deliver and keep
	opChange // deliver with a change: position in two bytes, change in one
	opInject // deliver what follows: length in two bytes, datagram
	opCraft  // deliver a fragment: type, message_seq, length, offset and size in one byte each
	opEarly  // deliver a record of epoch 1 that nobody can open: length in one byte
	opTime   // tenths of seconds pass: one byte
	opAnswer // the owner answers what it was asked
	numOps

	opSide = 1
)

// stageLimit is the limit of what the sides keep, in bytes.
const stageLimit = 4 << 10

// A stage is where a script is performed.
type stage struct {
	*testing.T
	*dtlstest.Pair
	queues [2][][]byte // datagrams under way, by sender
	is13   bool        // both sides speak DTLS 1.3
}

func newStage(t *testing.T, kind uint8) *stage {
	suites := []*suite.Suite{plainPSK, ecdhePSK, ecdsa, cbc}
	s := &stage{T: t, is13: kind&dtls13Bit != 0}
	s.Pair = dtlstest.NewPair(t, uint64(kind), only(suites[kind%4]),
		both(func(cfg *engine.Config) {
			cfg.ReassemblyLimit = stageLimit
			cfg.Policy.Groups = []wire.Group{wire.GroupX25519}
		}),
		server(func(cfg *engine.Config) {
			cfg.Credentials = cfg.Credentials[:1]
			if kind&4 != 0 {
				cfg.ClientAuth = engine.RequireClientCert
			}
		}),
		clientOwner(func(e *dtlstest.Endpoint) { e.Hold = kind&8 != 0 }),
		serverOwner(func(e *dtlstest.Endpoint) { e.Hold = kind&8 != 0 }),
		func(setup *dtlstest.Setup) {
			if kind&withCIDBit != 0 {
				withCIDs(3, 8)(setup)
			}
			if s.is13 {
				dtls13(setup)
			}
		})
	s.collect()
	return s
}

// perform does what the script begins with, and returns the rest of it.
func (s *stage) perform(script []byte) []byte {
	op, from := int(script[0]&^opSide)%numOps, engine.Side(script[0]&opSide)
	take := func(n int) []byte {
		n = min(n, len(script))
		var taken []byte
		taken, script = script[:n], script[n:]
		return taken
	}
	take(1)
	queue := s.queues[from]
	switch {
	case op == opInject:
		length := number(take(2)) % 2048
		s.deliver(from, take(length))
	case op == opCraft:
		s.deliver(from, craft(take(5)))
	case op == opEarly:
		payload := make([]byte, number(take(1)))
		if s.is13 && len(payload) > 0 {
			payload[0] = 0x2c | byte(len(payload)&3)
			s.deliver(from, payload)
			break
		}
		s.deliver(from, encode(wire.Record{Type: wire.ContentHandshake, Version: wire.VersionDTLS12, Epoch: 1, Payload: payload}))
	case op == opTime:
		s.Advance(time.Duration(number(take(1))) * 100 * time.Millisecond)
	case op == opAnswer:
		s.Client.AnswerHeld(s.Now)
		if s.Server != nil {
			s.Server.AnswerHeld(s.Now)
		}
	case len(queue) == 0:
	case op == opChange:
		changed := slices.Clone(queue[0])
		position := number(take(2)) % len(changed)
		changed[position] ^= byte(number(take(1)))
		s.queues[from] = queue[1:]
		s.deliver(from, changed)
	default:
		if op != opRepeat {
			s.queues[from] = queue[1:]
		}
		if op != opLose {
			s.deliver(from, queue[0])
		}
	}
	s.collect()
	return script
}

// craft makes a datagram with a fragment out of five bytes. Lengths and offsets
// count in units of 16 bytes.
func craft(b []byte) []byte {
	b = append(slices.Clone(b), 0, 0, 0, 0, 0)
	return plaintext(wire.ContentHandshake, wire.Fragment{
		Type:   wire.HandshakeType(b[0] % 25),
		Seq:    uint16(b[1] % 12),
		Length: uint32(b[2]) << 4,
		Offset: uint32(b[3]) << 4,
		Body:   make([]byte, b[4]),
	}.AppendTo(nil))
}

func number(b []byte) int {
	n := 0
	for _, v := range b {
		n = n<<8 | int(v)
	}
	return n
}

func (s *stage) deliver(from engine.Side, datagram []byte) {
	if from == engine.Client {
		s.ToServer(datagram)
	} else {
		s.Client.Receive(s.Now, datagram)
	}
}

// ends returns the two ends, of which the server may be missing.
func (s *stage) ends() []*dtlstest.Endpoint {
	if s.Server == nil {
		return []*dtlstest.Endpoint{s.Client}
	}
	return []*dtlstest.Endpoint{s.Client, s.Server}
}

func (s *stage) collect() {
	for _, e := range s.ends() {
		s.queues[e.Side()] = append(s.queues[e.Side()], e.Take()...)
	}
}

func (s *stage) check() {
	for _, e := range s.ends() {
		if kept := e.Kept(); kept > stageLimit+stageLimit/4 {
			s.Fatalf("%v keeps %d bytes of at most %d", e.Side(), kept, stageLimit)
		}
		if !s.is13 && (e.SentCount > maxDatagrams || e.SentBytes > maxBytes) {
			s.Fatalf("%v sent %d datagrams, %d bytes", e.Side(), e.SentCount, e.SentBytes)
		}
		if len(e.Received) > 0 {
			s.Fatalf("%v received %q, and nobody said it", e.Side(), e.Received)
		}
		if deadline := e.Deadline(); e.Over && !deadline.IsZero() {
			s.Fatalf("%v is over, and waits until %v", e.Side(), deadline)
		}
	}
}

func (s *stage) checkOutcome() {
	if !s.Client.Established || s.Client.Over {
		return
	}
	if s.is13 && s.Server != nil && !s.Server.Established {
		return // the client's part is done before the server's
	}
	if s.Server == nil || !s.Server.Established {
		s.Fatal("the client is established with nobody")
	}
	if s.Server.Over {
		return
	}
	wantSameKeys(s.T, s.Pair)
	wantEcho(s.T, s.Pair)
}
