package engine_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

const lingerTime = 240 * time.Second

// lostLastFlight returns a pair whose server is established while the last
// flight did not arrive; finished is the client's flight that it answers.
func lostLastFlight(t *testing.T, options ...dtlstest.Option) (p *dtlstest.Pair, finished []byte) {
	t.Helper()
	p = dtlstest.NewPair(t, 1, append(options, only(plainPSK))...)
	p.FlushClient()
	p.FlushServer()
	finished = p.Client.Take()[0]
	p.ToServer(finished)
	if !p.Server.Established || len(p.Server.Take()) == 0 {
		t.Fatal("the server sent no last flight")
	}
	return p, finished
}

func TestLostLastFlightIsSentAgainWhenTheClientAsks(t *testing.T) {
	p, _ := lostLastFlight(t)
	wantDeadline(t, p, p.Server, lingerTime, "a last flight is kept for a while, and not repeated by a timer")
	p.Advance(time.Second)
	wantSilent(t, p.Server, "a last flight has no timer")
	p.Settle()
	p.Connect()
	if p.Server.Repeated != 1 || p.Client.Repeated != 1 {
		t.Errorf("repeated: client %d, server %d; want one each", p.Client.Repeated, p.Server.Repeated)
	}
	wantEcho(t, p)
}

func TestLostLastFlightOfAResumptionIsSentAgainByTheClient(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		options, _ := w.prepare(t)
		p := dtlstest.NewPair(t, 2, options...)
		p.FlushClient()
		p.FlushServer()
		p.Client.Take()
		if !p.Client.Established || p.Server.Established {
			t.Fatalf("established: client %v, server %v", p.Client.Established, p.Server.Established)
		}
		wantDeadline(t, p, p.Client, lingerTime, "the client keeps the last flight")
		p.Advance(time.Second)
		wantSilent(t, p.Client, "a last flight has no timer")
		p.FlushServer()
		p.Connect()
		wantDeadline(t, p, p.Server, 0, "the server, whose flight was not the last, keeps nothing")
		wantEcho(t, p)
	})
}

func TestLastFlightIsForgottenAfterFourMinutes(t *testing.T) {
	p, _ := lostLastFlight(t)
	p.Now = p.Now.Add(lingerTime - time.Nanosecond)
	p.Server.Timeout(p.Now)
	wantDeadline(t, p, p.Server, time.Nanosecond, "not yet")
	p.Now = p.Now.Add(time.Nanosecond)
	p.Server.Timeout(p.Now)
	wantDeadline(t, p, p.Server, 0, "nothing left to repeat")
	p.Client.Timeout(p.Now)
	p.FlushClient()
	wantSilent(t, p.Server, "a client that asks too late")
}

func TestLastFlightIsForgottenAtTheFirstApplicationData(t *testing.T) {
	for _, data := range []string{"any", ""} {
		p := connected(t, only(plainPSK))
		wantDeadline(t, p, p.Server, lingerTime, "the server sent the last flight")
		wantDeadline(t, p, p.Client, 0, "the client did not")
		if err := p.Server.Say("the server's own data proves nothing"); err != nil {
			t.Fatal(err)
		}
		wantDeadline(t, p, p.Server, lingerTime, "data of its own")
		p.ToServer(said(t, p, data))
		wantDeadline(t, p, p.Server, 0, "data of the client")
		p.Server.Take()
		p.ToServer(p.Client.SealAs(wire.ContentHandshake, finishedFragment(2)))
		wantSilent(t, p.Server, "a Finished that comes after data")
		wantAlive(t, p, "after a late Finished")
	}
}

func finishedFragment(seq uint16) []byte {
	return wire.Fragment{Type: wire.TypeFinished, Length: 12, Seq: seq, Body: make([]byte, 12)}.AppendTo(nil)
}

func TestNobodyElseCanAskForTheLastFlight(t *testing.T) {
	p, finished := lostLastFlight(t)
	p.ToServer(finished)
	wantDrop(t, p.Server, wire.DropReplay, 1, "a copy of the client's Finished")
	last := pieces(t, finished)[2]
	p.ToServer(renumbered(t, last, 1, 5))
	wantDrop(t, p.Server, wire.DropAuthentication, 1, "a copy under another number")
	p.ToServer(plaintext(wire.ContentHandshake, finishedFragment(2)))
	wantDrop(t, p.Server, wire.DropOldEpoch, 3, "a Finished in plaintext, and what else was in the client's flight")
	wantSilent(t, p.Server, "none of them is an authentic new record")
}

func TestOneRecordAsksForTheLastFlightOnce(t *testing.T) {
	p, _ := lostLastFlight(t)
	p.ToServer(p.Client.SealAs(wire.ContentHandshake, bytes.Repeat(finishedFragment(2), 100)))
	if len(p.Server.Outbox) != 1 {
		t.Errorf("%d datagrams for one record", len(p.Server.Outbox))
	}
	p.Server.Take()
	second := wire.Fragment{Type: wire.TypeFinished, Length: 12, Seq: 2, Offset: 6, Body: make([]byte, 6)}
	p.ToServer(p.Client.SealAs(wire.ContentHandshake, second.AppendTo(nil)))
	wantSilent(t, p.Server, "the second fragment of a Finished")
	p.ToServer(p.Client.SealAs(wire.ContentHandshake, finishedFragment(1)))
	wantSilent(t, p.Server, "a Finished of another message_seq")
	wantDrop(t, p.Server, wire.DropDuplicateMessage, 3, "handshake messages after the handshake")
}

func TestSideThatDidNotSendTheLastFlightDoesNotAnswer(t *testing.T) {
	p := connected(t, only(plainPSK))
	p.Client.Receive(p.Now, p.Server.SealAs(wire.ContentHandshake, finishedFragment(2)))
	wantSilent(t, p.Client, "the server's Finished comes again")
	wantAlive(t, p, "after it")
}

func TestRepeatedLastFlightFallsBackToSmallerDatagrams(t *testing.T) {
	p, _ := lostLastFlight(t, client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets = longTickets{} }))
	for _, want := range []int{1200, 548, 548, 256} {
		p.Now = p.Client.Deadline()
		p.Client.Timeout(p.Now)
		p.FlushClient()
		if n := longest(p.Server.Take()); n > want || n < want-30 {
			t.Errorf("datagrams of up to %d bytes, want %d", n, want)
		}
	}
}
