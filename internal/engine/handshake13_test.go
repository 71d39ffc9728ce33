package engine_test

import (
	"slices"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// dtls13 has both sides speak DTLS 1.3, and 1.2 with those who do not.
var dtls13 = both(func(cfg *engine.Config) {
	cfg.Versions = []wire.Version{wire.VersionDTLS13, wire.VersionDTLS12}
	cfg.Policy.Suites13 = suite.All13()
})

// only13 has the server take one suite of DTLS 1.3.
func only13(s *suite.Suite13) dtlstest.Option {
	return server(func(cfg *engine.Config) { cfg.Policy.Suites13 = []*suite.Suite13{s} })
}

// withCertificates does without pre-shared keys.
var withCertificates = both(func(cfg *engine.Config) { cfg.Policy.PSK = false })

func TestEverySuiteOf13Connects(t *testing.T) {
	for _, s := range suite.All13() {
		t.Run(s.Name, func(t *testing.T) {
			p := connected(t, dtls13, only13(s), withCertificates)
			state := p.Server.State()
			if state.Version != wire.VersionDTLS13 || state.Suite13 != s || p.Client.State().Suite13 != s {
				t.Errorf("negotiated %v with %v", state.Version, state.Suite13)
			}
			wantEcho(t, p)
		})
	}
}

func TestEveryGroupOf13Connects(t *testing.T) {
	for _, g := range suite.DefaultGroups13() {
		t.Run(g.String(), func(t *testing.T) {
			groups := both(func(cfg *engine.Config) { cfg.Policy.Groups = []wire.Group{g} })
			p := connected(t, dtls13, groups, withCertificates)
			if got := p.Server.State().Group; got != g {
				t.Errorf("agreed in %v", got)
			}
			wantEcho(t, p)
		})
	}
}

func TestExternalPSKOf13(t *testing.T) {
	for _, plain := range []bool{false, true} {
		p := connected(t, dtls13, both(func(cfg *engine.Config) {
			cfg.Policy.PlainPSK = plain
			cfg.Certificate = false
			cfg.Credentials = nil
		}))
		state := p.Server.State()
		if string(state.Identity) != "client" || state.Version != wire.VersionDTLS13 {
			t.Errorf("%v as %q", state.Version, state.Identity)
		}
		wantEcho(t, p)
	}
}

func TestHelloRetryRequestForAKeyShare(t *testing.T) {
	p := connected(t, dtls13, withCertificates,
		client(func(cfg *engine.Config) { cfg.ShareGroups = []wire.Group{wire.GroupP256} }),
		server(func(cfg *engine.Config) { cfg.Policy.Groups = []wire.Group{wire.GroupX25519} }))
	if !p.Server.State().Retried || !p.Client.State().Retried || p.Client.State().Group != wire.GroupX25519 {
		t.Error("no hello_retry_request")
	}
	wantEcho(t, p)
}

func TestMutualAuthenticationOf13(t *testing.T) {
	p := connected(t, dtls13, withCertificates, server(func(cfg *engine.Config) { cfg.ClientAuth = engine.RequireClientCert }))
	if len(p.Server.State().PeerChain) == 0 || len(p.Client.State().PeerChain) == 0 {
		t.Error("a side knows no certificate of the other")
	}
	wantEcho(t, p)
}

func TestTicketsOf13Resume(t *testing.T) {
	tickets := func(*testing.T) []dtlstest.Option {
		return []dtlstest.Option{dtls13, client(func(cfg *engine.Config) { cfg.SessionCache = true }),
			server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 1); cfg.TicketCount = 2 })}
	}
	for _, options := range [][]dtlstest.Option{{withCertificates}, nil} {
		p := connected(t, append(tickets(t), options...)...)
		if len(p.Client.Stored) != 2 {
			t.Fatalf("%d tickets", len(p.Client.Stored))
		}
		q := connected(t, append(append(tickets(t), options...), target(engine.Target{Session: p.Client.Stored[1]}))...)
		if !q.Client.State().Resumed || !q.Server.State().Resumed {
			t.Error("not resumed")
		}
		if string(q.Server.State().Identity) != string(p.Server.State().Identity) {
			t.Errorf("resumed as %q", q.Server.State().Identity)
		}
		wantEcho(t, q)
	}
}

func TestKeysUpdateBothWays(t *testing.T) {
	p := connected(t, dtls13)
	for range 5 {
		for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
			if err := e.KeyUpdate(p.Now, true); err != nil {
				t.Fatal(err)
			}
			e.Drain(p.Now)
			p.Settle()
			p.Advance(engine.DefaultRetransmitInitial / 4)
			p.Settle()
			p.Advance(engine.DefaultRetransmitInitial / 4)
			p.Settle()
			wantEcho(t, p)
		}
	}
}

func TestClientResumesNoSessionOfSomebodyElse(t *testing.T) {
	as := func(identity string) dtlstest.Option {
		return func(setup *dtlstest.Setup) {
			know := func(e *dtlstest.Endpoint) { e.PSKs["another"] = "another secret" }
			setup.PrepareServer = know
			setup.PrepareClient = func(e *dtlstest.Endpoint) { know(e); e.Identity = identity }
		}
	}
	for _, version := range []dtlstest.Option{dtls13, only(plainPSK)} {
		resumable := []dtlstest.Option{version, client(func(cfg *engine.Config) { cfg.SessionCache = true }),
			server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 1) })}
		p := connected(t, append(resumable, as("client"))...)
		session := target(engine.Target{Session: p.Client.Stored[0]})
		for identity, resumes := range map[string]bool{"client": true, "another": false} {
			q := connected(t, append(resumable, as(identity), session)...)
			if got := q.Server.State(); got.Resumed != resumes || string(got.Identity) != identity {
				t.Errorf("%s in %v: resumed %t, as %q", identity, got.Version, got.Resumed, got.Identity)
			}
		}
	}
}

// A ticket of before a restart is no identity, not even for an owner who has a key
// for everybody.
func TestStaleTicketIsPassedOver(t *testing.T) {
	resumable := append(slices.Clone(external13), client(func(cfg *engine.Config) { cfg.SessionCache = true }))
	key := func(n byte) dtlstest.Option {
		return server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, n) })
	}
	p := connected(t, append(resumable, key(1))...)
	ticket := p.Client.Stored[0]
	everybody := serverOwner(func(e *dtlstest.Endpoint) { e.PSKs[string(ticket.Ticket)] = e.PSKs["client"] })
	for _, owner := range []dtlstest.Option{everybody, serverOwner(func(*dtlstest.Endpoint) {})} {
		q := connected(t, append(resumable, key(2), owner, target(engine.Target{Session: ticket}))...)
		if state := q.Server.State(); state.Resumed || string(state.Identity) != "client" {
			t.Errorf("resumed %t, as %q", state.Resumed, state.Identity)
		}
	}
}

// What the server says when it has the client's Finished is one datagram.
func TestServerAcknowledgesAndGivesTicketsInOneDatagram(t *testing.T) {
	p := connected(t, dtls13, withCertificates,
		client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 1) }))
	if p.Server.SentCount != 2 || len(p.Client.Stored) == 0 {
		t.Errorf("the server has sent %d datagrams, and %d tickets; want its flight and one more", p.Server.SentCount, len(p.Client.Stored))
	}
}
