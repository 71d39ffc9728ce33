package engine_test

import (
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// quickSuites13 protect records in each of the ways that there are but one: with
// a short tag, few forgeries are enough to have new keys asked for.
var quickSuites13 = []*suite.Suite13{
	suite.Lookup13(wire.TLS_AES_128_GCM_SHA256),
	suite.Lookup13(wire.TLS_CHACHA20_POLY1305_SHA256),
	suite.Lookup13(wire.TLS_AES_128_CCM_SHA256),
}

// recordedPair13 returns an established pair of DTLS 1.3 that has spoken and
// changed its keys, and all datagrams that went either way.
func recordedPair13(t testing.TB, options ...dtlstest.Option) (*dtlstest.Pair, [][]byte) {
	plain := both(func(cfg *engine.Config) { cfg.Policy.PlainPSK = true })
	p := dtlstest.NewPair(t, 1, append(append(external13, plain), options...)...)
	var sent [][]byte
	settle := func() {
		for range 4 {
			sent = append(sent, p.Client.Outbox...)
			p.FlushClient()
			sent = append(sent, p.Server.Outbox...)
			p.FlushServer()
			p.Advance(ackTime)
		}
	}
	p.FlushClient()
	settle()
	for range 2 {
		for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
			if err := e.KeyUpdate(p.Now, false); err != nil {
				t.Fatal(err)
			}
			e.Drain(p.Now)
			if err := e.Say("hello"); err != nil {
				t.Fatal(err)
			}
			settle()
		}
	}
	return p, sent
}

// FuzzAssociation13SurvivesForgery is FuzzAssociationSurvivesForgery for
// DTLS 1.3.
//
// R20.
func FuzzAssociation13SurvivesForgery(f *testing.F) {
	for i := range quickSuites13 {
		for base := range uint8(12) {
			for _, toServer := range []bool{false, true} {
				f.Add(uint8(i), toServer, base, []byte(nil))
				f.Add(uint8(i)|withCIDBit, toServer, base, []byte{0, 2, 1})
				f.Add(uint8(i), toServer, base, []byte{0, 0, 4, 0, 9, 1})
			}
		}
	}
	f.Add(uint8(0), true, uint8(0), plaintext(wire.ContentAlert, alert(wire.AlertFatal, wire.AlertInternalError)))
	f.Add(uint8(0), true, uint8(0), forgedACK(3))
	for first := range 256 {
		f.Add(uint8(first)&withCIDBit, first&1 == 0, uint8(0), append([]byte{byte(first)}, make([]byte, first%60)...))
	}
	f.Fuzz(func(t *testing.T, kind uint8, toServer bool, base uint8, edits []byte) {
		options := []dtlstest.Option{only13(quickSuites13[int(kind&^withCIDBit)%len(quickSuites13)])}
		if kind&withCIDBit != 0 {
			options = append(options, withCIDs(3, 8), both(func(cfg *engine.Config) { cfg.RRC = true }))
		}
		p, sent := recordedPair13(t, options...)
		wantUnmoved(t, p, toServer, forgery(sent, base, edits))
	})
}

// Whatever an authenticated peer puts into an ACK, or into a message after the
// handshake: an association ends with an alert or goes on, and its flights end.
func FuzzAssociation13Content(f *testing.F) {
	number := func(epoch, seq uint64) []byte {
		return wire.ACK{Records: wire.AppendRecordNumbers(nil, wire.RecordNumber{Epoch: epoch, Seq: seq})}.AppendTo(nil)
	}
	for seq := range uint64(6) {
		f.Add(uint8(wire.ContentACK), number(3, seq))
		f.Add(uint8(wire.ContentACK), number(2, seq))
	}
	f.Add(uint8(wire.ContentACK), number(1<<63, 1<<63))
	for _, typ := range []wire.HandshakeType{wire.TypeKeyUpdate, wire.TypeNewSessionTicket, wire.TypeRequestConnectionID, wire.TypeNewConnectionID, wire.TypeFinished} {
		for seq := range uint16(5) {
			f.Add(uint8(wire.ContentHandshake), late(typ, seq, []byte{1}))
			f.Add(uint8(wire.ContentHandshake), late(typ, seq, []byte{0, 5, 4, 1, 2, 3, 4, 1}))
		}
	}
	f.Add(uint8(wire.ContentReturnRoutabilityCheck), make([]byte, 9))
	f.Fuzz(func(t *testing.T, typ uint8, content []byte) {
		if len(content) > 1200 {
			return
		}
		p, _ := recordedPair13(t, withCIDs(3, 8), both(func(cfg *engine.Config) { cfg.ReassemblyLimit = stageLimit }))
		if err := p.Server.RequestCIDs(p.Now, 1); err != nil {
			t.Fatal(err)
		}
		update(t, p, p.Server, true) // lost, as the request is
		p.ToServer(p.Client.SealAs(wire.ContentType(typ), content))
		if kept := p.Server.Kept(); kept > stageLimit+stageLimit/4 {
			t.Fatalf("%d bytes kept", kept)
		}
		for range 20 {
			p.Now = p.Now.Add(engine.DefaultRetransmitMax)
			p.Server.Timeout(p.Now)
		}
		if !p.Server.Over && !p.Server.NextTransmission().IsZero() {
			t.Errorf("a flight that does not end: %v", p.Server.NextTransmission())
		}
		if deadline := p.Server.Deadline(); p.Server.Over && !deadline.IsZero() {
			t.Errorf("it is over, and waits until %v", deadline)
		}
	})
}
