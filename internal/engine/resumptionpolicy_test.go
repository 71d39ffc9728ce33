package engine_test

import (
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
)

// A session may come from a time, or from a server with the same ticket keys,
// that asked less of its clients.
func TestServerThatGaveUpPSKsWantsAFullHandshake(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		options, _ := w.prepare(t, only(plainPSK))
		p := dtlstest.NewPair(t, 2, append(options,
			both(func(cfg *engine.Config) { cfg.Policy.Suites = []*suite.Suite{plainPSK, ecdsa} }),
			client(func(cfg *engine.Config) {
				cfg.Credentials = []engine.Credential{dtlstest.NewCredential(dtlstest.ECDSAP256)}
			}),
			server(func(cfg *engine.Config) { cfg.Policy.PSK, cfg.ClientAuth = false, engine.RequireClientCert }))...)
		wantResumed(t, p, false, "a session of a pre-shared key where only certificates are taken")
		if len(p.Server.State().PeerChain) == 0 || len(p.Server.State().Identity) > 0 {
			t.Errorf("the client got in as %+v", p.Server.State())
		}
	})
}

func TestSessionWithoutEncryptThenMACIsNotResumedWhereItIsRequired(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		options, session := w.prepare(t, only(cbc))
		if !session.EncryptThenMAC {
			t.Fatal("the session to be weakened has no encrypt_then_mac")
		}
		weak := func(s *engine.SessionState) { s.EncryptThenMAC = false }
		p := dtlstest.NewPair(t, 2, append(options, func(setup *dtlstest.Setup) {
			if setup.Server.Tickets != nil {
				setup.Server.Tickets = changed{setup.Server.Tickets, weak}
			}
			prepare := setup.PrepareServer
			setup.PrepareServer = func(e *dtlstest.Endpoint) {
				prepare(e)
				for _, cached := range e.Sessions {
					weak(cached)
				}
			}
		})...)
		wantResumed(t, p, false, "a session in which the MAC is encrypted")
		if !p.Server.State().EncryptThenMAC {
			t.Error("encrypt_then_mac is required and was not agreed upon")
		}
	})
}

func TestClientDoesNotOfferASessionWithoutEncryptThenMACWhereItIsRequired(t *testing.T) {
	_, session := ways[1].prepare(t, only(cbc))
	session.EncryptThenMAC = false
	for _, required := range []bool{true, false} {
		p := dtlstest.NewPair(t, 2, only(cbc), offering(session), client(func(cfg *engine.Config) { cfg.Policy.EncryptThenMACRequired = required }))
		if offered := len(helloOf(t, p).SessionID) > 0; offered == required {
			t.Errorf("required: %v; offered: %v", required, offered)
		}
	}
}
