package engine_test

import (
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// lastFlight returns the records of the client's second flight, a datagram
// each, the last of which is Finished.
func lastFlight(t *testing.T, p *dtlstest.Pair) (rest [][]byte, finished []byte) {
	t.Helper()
	p.FlushClient()
	p.FlushServer()
	flight := pieces(t, p.Client.Take()...)
	n := len(flight) - 1
	if r := records(t, flight[n])[0]; r.Epoch != 1 {
		t.Fatal("the flight does not end with a protected record")
	}
	return flight[:n], flight[n]
}

func TestRecordOfTheNextEpochWaitsForItsKeys(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	rest, finished := lastFlight(t, p)
	p.ToServer(finished)
	if p.Server.Over || p.Server.Awaits() != "await client_key_exchange" {
		t.Fatalf("an early Finished leads to %q, %v", p.Server.Awaits(), p.Server.Err)
	}
	for _, datagram := range rest {
		p.ToServer(datagram)
	}
	p.Connect()
	if p.Client.Repeated+p.Server.Repeated > 0 {
		t.Error("a flight was repeated")
	}
	wantEcho(t, p)
}

func TestRecordOfTheNextEpochWaitsForAnOpenQuestion(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(plainPSK), serverOwner(func(e *dtlstest.Endpoint) { e.Hold = true }))
	rest, finished := lastFlight(t, p)
	for _, datagram := range append(rest, finished) {
		p.ToServer(datagram)
	}
	if p.Server.Established || len(p.Server.Questions) != 1 {
		t.Fatalf("established %v with %d questions open", p.Server.Established, len(p.Server.Questions))
	}
	p.Server.AnswerHeld(p.Now)
	p.Connect()
	wantEcho(t, p)
}

func TestR03FutureEpochCountsInTheCap(t *testing.T) {
	const limit = 6 << 10
	p := dtlstest.NewPair(t, 1, server(func(cfg *engine.Config) { cfg.ReassemblyLimit = limit }))
	p.FlushClient()
	for seq := range uint64(2000) {
		payload := make([]byte, seq%300)
		for _, epoch := range []uint16{1, 2} {
			p.ToServer(encode(wire.Record{Type: wire.ContentHandshake, Version: wire.VersionDTLS12, Epoch: epoch, Seq: seq, Payload: payload}))
		}
		f := wire.Fragment{Type: wire.TypeCertificate, Length: 5000, Seq: 3, Offset: uint32(seq), Body: make([]byte, 300)}
		p.ToServer(plaintext(wire.ContentHandshake, f.AppendTo(nil)))
		if kept := p.Server.Buffered(); kept > limit {
			t.Fatalf("%d bytes kept, the cap is %d", kept, limit)
		}
	}
	if p.Server.Buffered() < limit/2 {
		t.Errorf("only %d bytes kept: the cap was not put to the test", p.Server.Buffered())
	}
	for _, reason := range []wire.Drop{wire.DropFutureEpoch, wire.DropReassemblyLimit} {
		if p.Server.Drops[reason] == 0 {
			t.Errorf("no drop counted for %v", reason)
		}
	}
	if p.Server.Drops[wire.DropFutureEpoch] < 2000 {
		t.Errorf("only %d drops for future epochs: some of epoch 2 were kept", p.Server.Drops[wire.DropFutureEpoch])
	}
}

func TestR03EarlyRecordsFindNoRoomInAFullReassembly(t *testing.T) {
	const limit = 2 << 10
	p := dtlstest.NewPair(t, 1, server(func(cfg *engine.Config) { cfg.ReassemblyLimit = limit }))
	p.FlushClient()
	for seq := range uint16(8) {
		p.ToServer(message(wire.TypeCertificate, 2+seq, make([]byte, 200)))
	}
	for seq := range uint64(50) {
		p.ToServer(encode(wire.Record{Type: wire.ContentHandshake, Version: wire.VersionDTLS12, Epoch: 1, Seq: seq, Payload: make([]byte, 40)}))
	}
	wantBuffered(t, p.Server, limit/2, limit, "both together")
}

func TestR03FloodOfTheNextEpochDoesNotStopAHandshake(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(plainPSK))
	rest, finished := lastFlight(t, p)
	record := wire.Record{Type: wire.ContentHandshake, Version: wire.VersionDTLS12, Epoch: 2, Payload: make([]byte, 40)}
	p.ToServer(encode(record))
	wantBuffered(t, p.Server, 0, 0, "the epoch after the next")
	record.Epoch = 1
	for range 500 {
		p.ToServer(encode(record))
		record.Seq++
	}
	wantBuffered(t, p.Server, 2<<10, 4<<10, "no more than a flight of the next epoch")
	p.ToServer(rest[0])
	wantBuffered(t, p.Server, 0, 0, "the epoch has come")
	for _, datagram := range append(rest[1:], finished) {
		p.ToServer(datagram)
	}
	p.Connect()
	if len(p.Server.Warnings) != 1 {
		t.Errorf("%d warnings, want one, about the first record that did not open", len(p.Server.Warnings))
	}
	wantEcho(t, p)
}

// wantBuffered requires that e keeps between least and most bytes.
func wantBuffered(t *testing.T, e *dtlstest.Endpoint, least, most int, sentence string) {
	t.Helper()
	if kept := e.Buffered(); kept < least || kept > most {
		t.Errorf("%s: %v keeps %d bytes, want %d to %d", sentence, e.Side(), kept, least, most)
	}
}

func TestEarlyRecordsThatDoNotOpenAreForgotten(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	rest, finished := lastFlight(t, p)
	forged := records(t, finished)[0]
	forged.Payload = make([]byte, len(forged.Payload))
	p.ToServer(encode(forged))
	for _, datagram := range append(rest, finished) {
		p.ToServer(datagram)
	}
	wantDrop(t, p.Server, wire.DropAuthentication, 1, "a forged early record with the number of the true one")
	p.Connect()
	wantEcho(t, p)
}
