package engine_test

import (
	"errors"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// An afterthought is a pair that holds a session with the certificates of both
// sides, about to resume it.
func afterthought(t *testing.T, options ...dtlstest.Option) *dtlstest.Pair {
	t.Helper()
	key := sealer(t, 1)
	all := []dtlstest.Option{
		only(ecdsa),
		client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets, cfg.ClientAuth = key, engine.RequireClientCert }),
	}
	first := connected(t, all...)
	return dtlstest.NewPair(t, 2, append(append(all, target(engine.Target{Session: first.Client.Stored[0]})), options...)...)
}

func TestOwnersAreToldThatACertificateWasTrustedBefore(t *testing.T) {
	p := afterthought(t, clientOwner(hold), serverOwner(hold))
	for range 10 {
		for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
			if e == nil {
				continue
			}
			for _, question := range e.Questions {
				if question.Kind == engine.EventVerify && !question.Resuming {
					t.Errorf("%v asks about the chain of a session as if it were new", e.Side())
				}
			}
			e.AnswerHeld(p.Now)
		}
		p.Settle()
	}
	if !p.Client.State().Resumed || p.Client.Asked[engine.EventVerify] != 1 || p.Server.Asked[engine.EventVerify] != 1 {
		t.Fatalf("resumed: %+v; verified %d and %d times", p.Client.State(), p.Client.Asked[engine.EventVerify], p.Server.Asked[engine.EventVerify])
	}
}

func hold(e *dtlstest.Endpoint) { e.Hold = true }

func TestServerThatNoLongerTrustsTheSessionWantsAFullHandshake(t *testing.T) {
	p := afterthought(t, serverOwner(hold))
	p.Settle()
	p.Server.Distrust = errors.New("revoked meanwhile")
	p.Server.AnswerHeld(p.Now)
	p.Server.Distrust, p.Server.Hold = nil, false
	p.Server.AnswerHeld(p.Now)
	p.Connect()
	if p.Client.State().Resumed || p.Server.State().Resumed {
		t.Error("the session is resumed")
	}
}

func TestClientThatNoLongerTrustsTheSessionGivesUp(t *testing.T) {
	p := afterthought(t, clientOwner(func(e *dtlstest.Endpoint) { e.Distrust = errors.New("revoked meanwhile") }))
	p.Settle()
	if p.Client.Established || !p.Client.Over {
		t.Fatalf("client ended: %v, with %v", p.Client.Over, p.Client.Err)
	}
	if sent, ok := lastAlert(t, p.Server); ok {
		t.Errorf("server sent %v", sent)
	}
	want := engine.AlertError{Alert: wire.AlertBadCertificate}
	p.Advance(p.ServerConfig.RetransmitInitial)
	wantEndedByAlert(t, p.Server, want, "the client's refusal")
}
