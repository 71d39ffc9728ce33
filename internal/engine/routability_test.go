package engine_test

import (
	"errors"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// checking has each side take part in return routability checks.
var checking = both(func(cfg *engine.Config) { cfg.RRC = true })

var (
	pathChallenge = wire.ReturnRoutabilityCheck{Type: wire.RRCPathChallenge, Cookie: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}}
	pathResponse  = wire.ReturnRoutabilityCheck{Type: wire.RRCPathResponse, Cookie: pathChallenge.Cookie}
	pathDrop      = wire.ReturnRoutabilityCheck{Type: wire.RRCPathDrop, Cookie: pathChallenge.Cookie}
)

// wantChecks requires that e heard of these and no others.
func wantChecks(t *testing.T, e *dtlstest.Endpoint, want ...wire.ReturnRoutabilityCheck) {
	t.Helper()
	if len(e.Checks) != len(want) {
		t.Fatalf("%v heard of %v, want %v", e.Side(), e.Checks, want)
	}
	for i := range want {
		if e.Checks[i] != want[i] {
			t.Errorf("%v heard of %v, want %v", e.Side(), e.Checks, want)
		}
	}
}

func TestRoutabilityCheckNeedsBothSidesAndConnectionIDs(t *testing.T) {
	for _, test := range []struct {
		clientLen, serverLen int
		client, server, want bool
	}{
		{8, 8, true, true, true},
		{0, 8, true, true, true},
		{8, 0, true, true, true},
		{8, 8, true, false, false},
		{8, 8, false, true, false},
		{-1, 8, true, true, false},
		{8, -1, true, true, false},
	} {
		p := connected(t, withCIDs(test.clientLen, test.serverLen),
			client(func(cfg *engine.Config) { cfg.RRC = test.client }),
			server(func(cfg *engine.Config) { cfg.RRC = test.server }))
		for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
			if got := e.State().RRC; got != test.want {
				t.Errorf("%+v: %v says %v", test, e.Side(), got)
			}
		}
		if test.want {
			continue
		}
		if _, err := p.Server.AppendRoutabilityCheck(nil, pathChallenge); !errors.Is(err, engine.ErrNoRoutabilityCheck) {
			t.Errorf("%+v: a challenge leads to %v", test, err)
		}
		p.ToServer(p.Client.SealAs(wire.ContentReturnRoutabilityCheck, pathChallenge.AppendTo(nil)))
		wantDrop(t, p.Server, wire.DropUnexpectedContent, 1, "a check that nobody agreed on")
		wantChecks(t, p.Server)
		wantSilent(t, p.Server, "a check that nobody agreed on")
		wantAlive(t, p, "after a check that nobody agreed on")
	}
}

func TestChallengeIsAnsweredAtOnce(t *testing.T) {
	for _, n := range [][2]int{{8, 8}, {0, 8}, {8, 0}} {
		p := connected(t, withCIDs(n[0], n[1]), checking)
		datagram, err := p.Server.AppendRoutabilityCheck([]byte("before "), pathChallenge)
		if err != nil || string(datagram[:7]) != "before " {
			t.Fatalf("%q, %v", datagram, err)
		}
		datagram = datagram[7:]
		wantForms(t, p.Server.State().RemoteCID, datagram)
		p.Client.Receive(p.Now, datagram)
		wantChecks(t, p.Client, pathChallenge)
		if len(p.Client.Outbox) != 1 {
			t.Fatalf("%d answers to a challenge", len(p.Client.Outbox))
		}
		wantForms(t, p.Server.State().LocalCID, p.Client.Outbox...)
		p.Client.Receive(p.Now, datagram)
		wantDrop(t, p.Client, wire.DropReplay, 1, "a challenge that comes twice")
		if len(p.Client.Outbox) != 1 {
			t.Error("a replayed challenge is answered")
		}
		p.FlushClient()
		wantChecks(t, p.Server, pathResponse)
		wantSilent(t, p.Server, "a response")
		wantAlive(t, p, "after a check")
	}
}

// The owner has to know of a challenge before it sends the answer.
func TestChallengeIsTheEventBeforeItsAnswer(t *testing.T) {
	p := connected(t, withCIDs(0, 8), checking)
	datagram, err := p.Server.AppendRoutabilityCheck(nil, pathChallenge)
	if err != nil {
		t.Fatal(err)
	}
	p.Client.Association.Receive(p.Now, datagram)
	var kinds []engine.EventKind
	for e := p.Client.Next(); e.Kind != engine.EventNone; e = p.Client.Next() {
		kinds = append(kinds, e.Kind)
	}
	if len(kinds) != 2 || kinds[0] != engine.EventRoutabilityCheck || kinds[1] != engine.EventSend {
		t.Errorf("events %v", kinds)
	}
}

func TestResponsesAndDropsAreForTheOwner(t *testing.T) {
	p := connected(t, withCIDs(8, 8), checking)
	for _, m := range []wire.ReturnRoutabilityCheck{pathResponse, pathDrop} {
		datagram, err := p.Client.AppendRoutabilityCheck(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		p.ToServer(datagram)
	}
	wantChecks(t, p.Server, pathResponse, pathDrop)
	wantSilent(t, p.Server, "neither is a question")
	if !p.Server.Newest() {
		t.Error("a check is not a new record")
	}
}

func TestChecksThatAreNone(t *testing.T) {
	p := connected(t, withCIDs(8, 8), checking)
	for _, unknown := range [][]byte{{3}, append([]byte{200}, make([]byte, 100)...)} {
		p.ToServer(p.Client.SealAs(wire.ContentReturnRoutabilityCheck, unknown))
	}
	wantDrop(t, p.Server, wire.DropUnexpectedMessage, 2, "checks of kinds to come")
	wantChecks(t, p.Server)
	wantAlive(t, p, "after checks of kinds to come")
	for _, malformed := range [][]byte{nil, {0}, make([]byte, 8), make([]byte, 10)} {
		p := connected(t, withCIDs(8, 8), checking)
		p.ToServer(p.Client.SealAs(wire.ContentReturnRoutabilityCheck, malformed))
		wantChecks(t, p.Server)
		if engine.AlertFor(p.Server.Err) != wire.AlertDecodeError || !p.Server.Over {
			t.Errorf("%x: ended with %v", malformed, p.Server.Err)
		}
	}
}

func TestChecksHaveTheirPlaceAfterTheHandshake(t *testing.T) {
	p := dtlstest.NewPair(t, 1, withCIDs(8, 8), checking)
	if _, err := p.Client.AppendRoutabilityCheck(nil, pathChallenge); !errors.Is(err, engine.ErrNotEstablished) {
		t.Errorf("before the handshake: %v", err)
	}
	p.FlushClient()
	p.FlushServer()
	p.FlushClient()
	lastFlight := p.Server.Take()
	early, err := p.Server.AppendRoutabilityCheck(nil, pathChallenge)
	if err != nil {
		t.Fatal(err)
	}
	p.Client.Receive(p.Now, early)
	wantDrop(t, p.Client, wire.DropUnexpectedContent, 1, "a challenge before Finished")
	wantSilent(t, p.Client, "a challenge before Finished")
	for _, datagram := range lastFlight {
		p.Client.Receive(p.Now, datagram)
	}
	p.Connect()
	wantEcho(t, p)

	p.Server.SkipTo(wire.MaxRecordSeq + 1)
	if _, err := p.Server.AppendRoutabilityCheck(nil, pathChallenge); !errors.Is(err, engine.ErrSequenceExhausted) {
		t.Errorf("without numbers: %v", err)
	}
	datagram, err := p.Client.AppendRoutabilityCheck(nil, pathChallenge)
	if err != nil {
		t.Fatal(err)
	}
	p.ToServer(datagram)
	wantChecks(t, p.Server, pathChallenge)
	wantSilent(t, p.Server, "there is no number for an answer")
	p.Client.Close(p.Now)
	if _, err := p.Client.AppendRoutabilityCheck(nil, pathChallenge); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

func TestCheckProvesThatTheLastFlightArrived(t *testing.T) {
	p := connected(t, withCIDs(8, 8), checking)
	wantDeadline(t, p, p.Server, lingerTime, "a last flight is kept for a while")
	datagram, err := p.Client.AppendRoutabilityCheck(nil, pathChallenge)
	if err != nil {
		t.Fatal(err)
	}
	p.ToServer(datagram)
	wantDeadline(t, p, p.Server, 0, "only an established client sends a check")
}
