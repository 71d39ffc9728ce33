package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// hesitating has both owners keep questions until the test answers them.
func hesitating(setup *dtlstest.Setup) {
	hold := func(e *dtlstest.Endpoint) { e.Hold = true }
	setup.PrepareClient, setup.PrepareServer = hold, hold
}

func TestHandshakeCompletesHoweverLateItsQuestionsAreAnswered(t *testing.T) {
	for _, s := range []*suite.Suite{plainPSK, ecdhePSK, ecdsa, rsa} {
		p := dtlstest.NewPair(t, 1, only(s), hesitating, both(func(cfg *engine.Config) { cfg.RetransmitLimit = 1000 }),
			server(func(cfg *engine.Config) { cfg.ClientAuth = engine.RequestClientCert }))
		for step := 0; !p.Client.Established || !p.Server.Established; step++ {
			if step > 200 {
				t.Fatalf("%v: no end: client %q, server %q", s, p.Client.Awaits(), p.Server.Awaits())
			}
			p.FlushClient()
			p.FlushServer()
			p.Advance(3 * time.Second)
			for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
				if e == nil {
					continue
				}
				if len(e.Questions) > 1 {
					t.Fatalf("%v: %v has %d questions at a time", s, e.Side(), len(e.Questions))
				}
				if step%7 == 6 {
					e.AnswerHeld(p.Now)
				}
			}
		}
		p.Settle()
		wantEcho(t, p)
	}
}

func TestSideThatIsLateDoesNotRepeatItsFlight(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(plainPSK), serverOwner(func(e *dtlstest.Endpoint) { e.Hold = true }))
	p.FlushClient()
	p.FlushServer()
	p.FlushClient()
	for range 30 {
		p.Now = p.Now.Add(time.Second)
		p.Server.Timeout(p.Now)
	}
	if p.Server.Repeated > 0 || p.Server.Over {
		t.Errorf("the server repeats %d times while its own owner is slow: %v", p.Server.Repeated, p.Server.Err)
	}
	p.Server.AnswerHeld(p.Now)
	p.Connect()
}

func TestAnswerCountsOnce(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(plainPSK), serverOwner(func(e *dtlstest.Endpoint) { e.Hold = true }))
	p.FlushClient()
	p.Server.Resolve(p.Now, 0, engine.PSK{})
	p.Server.Drain(p.Now)
	p.FlushServer()
	p.FlushClient()
	question := p.Server.Questions[0]
	if question.Kind != engine.EventLookupPSK || string(question.Data) != "client" || question.Token == 0 {
		t.Fatalf("the server asks %+v", question)
	}
	for _, token := range []engine.Token{0, question.Token - 1, question.Token + 1} {
		p.Server.Resolve(p.Now, token, engine.PSK{Key: []byte("wrong")})
		p.Server.Drain(p.Now)
	}
	if p.Server.Awaits() != "await client_key_exchange" {
		t.Fatalf("an answer to another question leads to %q", p.Server.Awaits())
	}
	p.Server.AnswerHeld(p.Now)
	p.Server.Resolve(p.Now, question.Token, engine.PSK{Key: []byte("wrong")})
	p.Server.Drain(p.Now)
	p.Connect()
	p.Server.Resolve(p.Now, question.Token, engine.PSK{Key: []byte("wrong")})
	p.Server.Drain(p.Now)
	wantAlive(t, p, "after the same answer again")
}

func TestAnswerAfterTheEndIsIgnored(t *testing.T) {
	for name, end := range map[string]func(p *dtlstest.Pair){
		"closed":    func(p *dtlstest.Pair) { p.Server.Close(p.Now) },
		"timed out": func(p *dtlstest.Pair) { p.Advance(time.Minute) },
	} {
		p := dtlstest.NewPair(t, 1, only(ecdsa), serverOwner(func(e *dtlstest.Endpoint) { e.Hold = true }),
			server(func(cfg *engine.Config) { cfg.HandshakeTimeout = time.Minute }))
		p.FlushClient()
		end(p)
		if !p.Server.Over {
			t.Fatalf("%s: goes on", name)
		}
		p.Server.Take()
		p.Server.AnswerHeld(p.Now)
		wantSilent(t, p.Server, name)
		if p.Server.Established {
			t.Errorf("%s: established", name)
		}
	}
}

func TestAnswerOfAnotherKindEndsTheHandshake(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(ecdsa), serverOwner(func(e *dtlstest.Endpoint) { e.Hold = true }))
	p.FlushClient()
	p.Server.Resolve(p.Now, p.Server.Questions[0].Token, engine.PSK{})
	p.Server.Drain(p.Now)
	wantRefused(t, p.Server, wire.AlertInternalError, "a key where a computation was asked for")
}

// noKeys is a source of keys that fails.
type noKeys struct{}

func (noKeys) GenerateKey(wire.Group) (suite.PrivateKey, error) { return nil, errBroken }

func TestComputationThatFailsEndsTheHandshake(t *testing.T) {
	broken := func(cfg *engine.Config) { cfg.Keys = noKeys{} }
	p := dtlstest.NewPair(t, 1, only(ecdhePSK), server(broken))
	p.FlushClient()
	wantOver(t, p.Server, errBroken, "a server without keys")
	wantRefused(t, p.Server, wire.AlertInternalError, "the client is told")

	p = dtlstest.NewPair(t, 1, only(ecdhePSK), client(broken))
	p.FlushClient()
	p.FlushServer()
	wantOver(t, p.Client, errBroken, "a client without keys")
	wantRefused(t, p.Client, wire.AlertInternalError, "the server is told")

	var local *engine.LocalError
	if errors.As(p.Client.Err, &local) {
		t.Errorf("%v is taken for a fault of the peer", local)
	}
}

func TestOwnersAreAskedNoMoreThanNeeded(t *testing.T) {
	for _, test := range []struct {
		suite          *suite.Suite
		client, server map[engine.EventKind]int
	}{
		{plainPSK, map[engine.EventKind]int{engine.EventLookupPSK: 1}, map[engine.EventKind]int{engine.EventLookupPSK: 1}},
		{ecdhePSK, map[engine.EventKind]int{engine.EventLookupPSK: 1, engine.EventCompute: 1},
			map[engine.EventKind]int{engine.EventLookupPSK: 1, engine.EventCompute: 2}},
		{ecdsa, map[engine.EventKind]int{engine.EventVerify: 1, engine.EventCompute: 2}, map[engine.EventKind]int{engine.EventCompute: 2}},
	} {
		p := connected(t, only(test.suite))
		wantAsked(t, p.Client, test.client, test.suite)
		wantAsked(t, p.Server, test.server, test.suite)
	}
}

func wantAsked(t *testing.T, e *dtlstest.Endpoint, want map[engine.EventKind]int, s *suite.Suite) {
	t.Helper()
	for _, kind := range []engine.EventKind{
		engine.EventLookupPSK, engine.EventLookupSession, engine.EventSelectCredentials, engine.EventVerify, engine.EventCompute,
	} {
		if e.Asked[kind] != want[kind] {
			t.Errorf("%v: %v asks %d questions of kind %d, want %d", s, e.Side(), e.Asked[kind], kind, want[kind])
		}
	}
}
