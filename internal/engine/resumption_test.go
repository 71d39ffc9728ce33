package engine_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A way is one in which sessions are resumed.
type way struct {
	name  string
	first func(t testing.TB) []dtlstest.Option // for the handshake that leaves a session
	again func(p *dtlstest.Pair) []dtlstest.Option
}

var ways = []way{
	{
		name: "by ticket",
		first: func(t testing.TB) []dtlstest.Option {
			return []dtlstest.Option{
				client(func(cfg *engine.Config) { cfg.SessionCache = true }),
				server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 1) }),
			}
		},
		again: func(*dtlstest.Pair) []dtlstest.Option { return nil },
	},
	{
		name: "by session ID",
		first: func(testing.TB) []dtlstest.Option {
			return []dtlstest.Option{both(func(cfg *engine.Config) { cfg.SessionCache = true })}
		},
		again: func(p *dtlstest.Pair) []dtlstest.Option {
			cache := p.Server.Sessions
			return []dtlstest.Option{serverOwner(func(e *dtlstest.Endpoint) { e.Sessions = cache })}
		},
	},
}

// prepare makes a session and returns the options with which it is resumed.
func (w way) prepare(t testing.TB, options ...dtlstest.Option) ([]dtlstest.Option, *engine.SessionState) {
	t.Helper()
	options = append(w.first(t), options...)
	p := connected(t, options...)
	if n := len(p.Client.Stored); n != 1 {
		t.Fatalf("the client stores %d sessions, want one", n)
	}
	session := p.Client.Stored[0]
	options = append(options, w.again(p)...)
	return append(options, offering(session)), session
}

// offering has the client offer a session for the server of its name.
func offering(session *engine.SessionState) dtlstest.Option {
	return target(engine.Target{ServerName: session.ServerName, Session: session})
}

// wantResumed requires that both sides agree on whether they resumed.
func wantResumed(t *testing.T, p *dtlstest.Pair, want bool, sentence string) {
	t.Helper()
	p.Connect()
	if p.Client.State().Resumed != want || p.Server.State().Resumed != want {
		t.Errorf("%s: resumed: client %v, server %v; want %v", sentence, p.Client.State().Resumed, p.Server.State().Resumed, want)
	}
	wantSameKeys(t, p)
	wantEcho(t, p)
}

// inEveryWay runs a test once for each way.
func inEveryWay(t *testing.T, test func(t *testing.T, w way)) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) { test(t, w) })
	}
}

func TestSessionIsResumedWithEverySuite(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		for _, s := range suite.All() {
			options, session := w.prepare(t, only(s), target(engine.Target{ServerName: "server.example"}))
			p := dtlstest.NewPair(t, 2, options...)
			p.FlushClient()
			if ext, err := wire.ParseServerExtensions(serverHelloOf(t, p.Server.Outbox).Extensions); err != nil || ext.ServerName {
				// RFC 6066, Section 3.
				t.Errorf("%v: server_name in a resumed handshake: %v, %v", s, ext.ServerName, err)
			}
			wantResumed(t, p, true, s.Name)
			state := p.Server.State()
			if state.Suite != s || !state.ExtendedMasterSecret || state.ServerName != "server.example" || state.Group != 0 {
				t.Errorf("%v: server agreed on %+v", s, state)
			}
			if s.KeyExchange.UsesPSK() && string(state.Identity) != "client" {
				t.Errorf("%v: identity %q", s, state.Identity)
			}
			if s.KeyExchange.UsesCertificate() && !bytes.Equal(p.Client.State().PeerChain[0], session.PeerChain[0]) {
				t.Errorf("%v: the client lost the certificates of the session", s)
			}
			if asked := p.Server.Asked[engine.EventCompute]; asked > 0 {
				t.Errorf("%v: a resumed handshake asks the server's owner for %d computations", s, asked)
			}
		}
	})
}

func TestResumedHandshakesAgreeOnNewKeys(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		options, session := w.prepare(t)
		session.Created -= 60
		exports := map[string]bool{}
		for seed := range uint64(3) {
			p := dtlstest.NewPair(t, 2+seed, options...)
			wantResumed(t, p, true, "the same session again")
			key, err := p.Client.ExportKeyingMaterial("EXPERIMENTAL test", nil, false, 32)
			if err != nil || exports[string(key)] {
				t.Fatalf("keys of an earlier handshake: %x, %v", key, err)
			}
			exports[string(key)] = true
			if renewed := len(p.Client.Stored) > 0; renewed != (len(session.Ticket) > 0) {
				t.Errorf("stored again: %v", renewed)
			}
			for _, renewed := range p.Client.Stored {
				if renewed.Created != session.Created {
					t.Error("a renewed ticket makes the session younger")
				}
			}
		}
	})
}

func TestRenewedTicketResumesTheSession(t *testing.T) {
	options, first := ways[0].prepare(t)
	var tickets engine.Sealer
	p := connected(t, append(options, server(func(cfg *engine.Config) {
		tickets = cfg.Tickets
		cfg.Tickets = shifted(tickets, first.Created-60)
	}))...)
	if len(p.Client.Stored) != 1 {
		t.Fatalf("%d tickets, want a new one", len(p.Client.Stored))
	}
	renewed := p.Client.Stored[0]
	plaintext, ok := tickets.Open(p.Now, renewed.Ticket)
	session, err := engine.ParseSessionState(plaintext)
	if !ok || err != nil || session.Created != first.Created-60 {
		t.Errorf("the new ticket holds %+v: %v, %v", session, ok, err)
	}
	p = dtlstest.NewPair(t, 3, append(options, offering(renewed))...)
	wantResumed(t, p, true, "with the ticket of a resumed handshake")
}

func TestServerThatForgotTheSessionStartsAnew(t *testing.T) {
	options, _ := ways[0].prepare(t)
	p := dtlstest.NewPair(t, 2, append(options, server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 2) }))...)
	wantResumed(t, p, false, "a ticket sealed with another key")

	options, _ = ways[0].prepare(t)
	p = dtlstest.NewPair(t, 2, append(options, server(func(cfg *engine.Config) { cfg.Tickets = nil }))...)
	wantResumed(t, p, false, "a server without tickets")

	options, _ = ways[1].prepare(t)
	p = dtlstest.NewPair(t, 2, append(options, serverOwner(func(*dtlstest.Endpoint) {}))...)
	wantResumed(t, p, false, "a session that left the cache")
	if len(p.Client.Stored) != 1 || len(p.Server.Stored) != 1 {
		t.Error("the new session is not stored")
	}
}

func TestSessionIsResumedOnlyWithTheKeyThatItBeganWith(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		for _, s := range []*suite.Suite{plainPSK, ecdhePSK} {
			options, _ := w.prepare(t, only(s))
			keys := func(psks map[string]string) dtlstest.Option {
				return func(setup *dtlstest.Setup) {
					client, server := setup.PrepareClient, setup.PrepareServer
					setup.PrepareClient = func(e *dtlstest.Endpoint) { client(e); e.PSKs = map[string]string{"client": "another key"} }
					setup.PrepareServer = func(e *dtlstest.Endpoint) { server(e); e.PSKs = psks }
				}
			}
			p := dtlstest.NewPair(t, 2, append(options, keys(map[string]string{"client": "another key"}))...)
			wantResumed(t, p, false, s.Name+": both sides have another key by now")

			p = dtlstest.NewPair(t, 2, append(options, keys(map[string]string{}))...)
			p.Settle()
			if p.Server.Established || p.Client.Established {
				t.Errorf("%v: an identity that was removed gets in through its session", s)
			}
		}
	})
}

func TestOldSessionIsNotResumed(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		for _, test := range []struct {
			name string
			age  time.Duration
			want bool
		}{
			{"young", time.Hour - time.Second, true},
			{"as old as it may get", time.Hour, false},
			{"from the future", -time.Second, false},
		} {
			options, session := w.prepare(t, server(func(cfg *engine.Config) { cfg.SessionLife = time.Hour }))
			created := session.Created - int64(test.age/time.Second)
			options = append(options, func(setup *dtlstest.Setup) {
				// The client thinks that the session is new.
				if setup.Server.Tickets != nil {
					setup.Server.Tickets = shifted(setup.Server.Tickets, created)
				}
				prepare := setup.PrepareServer
				setup.PrepareServer = func(e *dtlstest.Endpoint) {
					prepare(e)
					for _, cached := range e.Sessions {
						cached.Created = created
					}
				}
			})
			p := dtlstest.NewPair(t, 2, options...)
			wantResumed(t, p, test.want, test.name)
		}
	})
}

// shifted opens tickets and changes when their session began.
func shifted(s engine.Sealer, created int64) engine.Sealer {
	return changed{s, func(session *engine.SessionState) { session.Created = created }}
}

// changed opens tickets and changes their session.
type changed struct {
	engine.Sealer
	change func(*engine.SessionState)
}

func (s changed) Open(now time.Time, sealed []byte) ([]byte, bool) {
	plaintext, ok := s.Sealer.Open(now, sealed)
	if !ok {
		return nil, false
	}
	session, err := engine.ParseSessionState(plaintext)
	if err != nil {
		return nil, false
	}
	s.change(session)
	return session.Marshal(), true
}

func TestClientDoesNotOfferWhatItCannotResume(t *testing.T) {
	good := func(t *testing.T) *engine.SessionState {
		_, session := ways[1].prepare(t, target(engine.Target{ServerName: "server.example"}))
		return session
	}
	for _, test := range []struct {
		name   string
		change func(s *engine.SessionState)
		want   bool
	}{
		{"a good session", func(*engine.SessionState) {}, true},
		{"a session of half a day ago", func(s *engine.SessionState) { s.Created -= 12 * 3600 }, false},
		{"a session of an unknown suite", func(s *engine.SessionState) { s.Suite = 0x1301 }, false},
		{"a session without extended master secret", func(s *engine.SessionState) { s.ExtendedMasterSecret = false }, false},
		{"a session with another server", func(s *engine.SessionState) { s.ServerName = "other.example" }, false},
		{"R17: a session without a secret", func(s *engine.SessionState) { s.Master = [48]byte{} }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			session := good(t)
			test.change(session)
			p := dtlstest.NewPair(t, 2, target(engine.Target{ServerName: "server.example", Session: session}))
			hello := helloOf(t, p)
			if offered := len(hello.SessionID) > 0; offered != test.want {
				t.Errorf("offered: %v, want %v", offered, test.want)
			}
		})
	}
}

// helloOf returns the client's hello, which stays in the outbox.
func helloOf(t testing.TB, p *dtlstest.Pair) wire.ClientHello {
	t.Helper()
	all := fragments(t, p.Client.Outbox...)
	if len(all) != 1 || all[0].Type != wire.TypeClientHello {
		t.Fatalf("the client sends %d messages, want a hello", len(all))
	}
	hello, err := wire.ParseClientHello(all[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	return hello
}

func TestR16ResumptionNeedsExtendedMasterSecretOnBothSides(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		options, session := w.prepare(t)
		p := dtlstest.NewPair(t, 2, options...)
		p.Client.Outbox[0] = withoutExtension(t, p.Client.Outbox[0], wire.ExtensionExtendedMasterSecret)
		p.FlushClient()
		hello := serverHelloOf(t, p.Server.Outbox)
		if bytes.Equal(hello.SessionID, session.ID) && len(session.ID) > 0 || p.Server.Awaits() == "await finished" {
			t.Error("the server resumes with a client that does not offer extended_master_secret")
		}
	})
	t.Run("a session that lacks it", func(t *testing.T) {
		options, session := ways[1].prepare(t)
		p := dtlstest.NewPair(t, 2, append(options, serverOwner(func(e *dtlstest.Endpoint) {
			weak := *session
			weak.ExtendedMasterSecret = false
			e.Sessions[string(session.ID)] = &weak
		}))...)
		wantResumed(t, p, false, "a session of the cache without extended master secret")
	})
	t.Run("a session made without it", func(t *testing.T) {
		inEveryWay(t, func(t *testing.T, w way) {
			p := classicPair(t, w.first(t)...)
			p.Connect()
			if p.Client.State().ExtendedMasterSecret || p.Server.State().ExtendedMasterSecret {
				t.Fatal("extended_master_secret was agreed upon although the client did not offer it")
			}
			if len(p.Client.Stored)+len(p.Server.Stored) > 0 {
				t.Error("a session without extended master secret is stored")
			}
			wantSameKeys(t, p)
			wantEcho(t, p)
		})
	})
}

func TestExtendedMasterSecretCanBeRequired(t *testing.T) {
	required := func(cfg *engine.Config) { cfg.Policy.ExtendedMasterSecretRequired = true }
	connected(t, both(required))

	p := classicPair(t, server(required))
	p.FlushClient()
	wantRefused(t, p.Server, wire.AlertHandshakeFailure, "a client that does not offer extended_master_secret")

	p = dtlstest.NewPair(t, 1, client(required))
	p.ToServer(withoutExtension(t, p.Client.Take()[0], wire.ExtensionExtendedMasterSecret))
	p.FlushServer()
	wantRefused(t, p.Client, wire.AlertHandshakeFailure, "a server that does not answer extended_master_secret")
}

// withoutExtension returns the client's hello without one of its extensions.
// Both sides then have different transcripts, and the handshake cannot
// complete.
func withoutExtension(t testing.TB, datagram []byte, id wire.Extension) []byte {
	t.Helper()
	return changedHello(t, datagram, func(_ *wire.ClientHello, ext *wire.ClientExtensions) {
		switch id {
		case wire.ExtensionExtendedMasterSecret:
			ext.ExtendedMasterSecret = false
		case wire.ExtensionEncryptThenMAC:
			ext.EncryptThenMAC = false
		default:
			t.Fatalf("cannot remove %v", id)
		}
	})
}

// changedHello returns a ClientHello datagram with other content.
func changedHello(t testing.TB, datagram []byte, change func(hello *wire.ClientHello, ext *wire.ClientExtensions)) []byte {
	t.Helper()
	f := fragments(t, datagram)[0]
	hello, err := wire.ParseClientHello(f.Body)
	if err != nil {
		t.Fatal(err)
	}
	ext, err := wire.ParseClientExtensions(hello.Extensions)
	if err != nil {
		t.Fatal(err)
	}
	change(&hello, &ext)
	hello.Extensions = ext.AppendTo(nil)
	return message(wire.TypeClientHello, f.Seq, hello.AppendTo(nil))
}

func serverHelloOf(t testing.TB, datagrams [][]byte) wire.ServerHello {
	t.Helper()
	for _, f := range fragments(t, datagrams...) {
		if f.Type != wire.TypeServerHello || !f.Whole() {
			continue
		}
		hello, err := wire.ParseServerHello(f.Body)
		if err != nil {
			t.Fatal(err)
		}
		return hello
	}
	t.Fatal("no ServerHello")
	return wire.ServerHello{}
}

func TestR17SessionWithoutASecretIsNotResumed(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		options, session := w.prepare(t)
		empty := *session
		empty.Master = [48]byte{}
		p := dtlstest.NewPair(t, 2, append(options,
			server(func(cfg *engine.Config) { cfg.Tickets = opening{cfg.Tickets, &empty} }),
			serverOwner(func(e *dtlstest.Endpoint) { e.Sessions[string(session.ID)] = &empty }))...)
		wantResumed(t, p, false, "a session whose master secret is zero")
	})
}

// opening opens every ticket as the same session. Its zero sealer stands for
// none.
type opening struct {
	engine.Sealer
	session *engine.SessionState
}

func (o opening) Seal(now time.Time, plaintext []byte) ([]byte, error) {
	if o.Sealer == nil {
		return plaintext, nil
	}
	return o.Sealer.Seal(now, plaintext)
}

func (o opening) Open(time.Time, []byte) ([]byte, bool) { return o.session.Marshal(), true }

func TestServerResumesOnlyWhatGoesWithTheHello(t *testing.T) {
	for _, test := range []struct {
		name   string
		change dtlstest.Option
	}{
		{"the suite is no longer accepted", server(func(cfg *engine.Config) {
			cfg.Policy.Suites = []*suite.Suite{ecdsa}
		})},
		{"a certificate is required now", server(func(cfg *engine.Config) { cfg.ClientAuth = engine.RequireClientCert })},
	} {
		inEveryWay(t, func(t *testing.T, w way) {
			options, session := w.prepare(t, both(func(cfg *engine.Config) {
				cfg.Policy.Suites = []*suite.Suite{suite.Lookup(wire.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384), ecdsa}
			}))
			if session.Suite != wire.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 {
				t.Fatalf("session of suite %v", session.Suite)
			}
			p := dtlstest.NewPair(t, 2, append(options, test.change)...)
			wantResumed(t, p, false, test.name)
		})
	}
}

func TestServerResumesOnlyWhatTheHelloOffers(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(hello *wire.ClientHello, ext *wire.ClientExtensions)
		want   bool
	}{
		{"the hello as it is", func(*wire.ClientHello, *wire.ClientExtensions) {}, true},
		{"another server name", func(_ *wire.ClientHello, e *wire.ClientExtensions) { e.ServerName = "other.example" }, false},
		{"no server name", func(_ *wire.ClientHello, e *wire.ClientExtensions) { e.ServerName = "" }, false},
		{"other suites", func(h *wire.ClientHello, _ *wire.ClientExtensions) {
			h.CipherSuites = wire.AppendUint16s(nil, plainPSK.ID)
		}, false},
		{"no encrypt_then_mac", func(_ *wire.ClientHello, e *wire.ClientExtensions) { e.EncryptThenMAC = false }, false},
		{"no extended_master_secret", func(_ *wire.ClientHello, e *wire.ClientExtensions) { e.ExtendedMasterSecret = false }, false},
	} {
		inEveryWay(t, func(t *testing.T, w way) {
			options, _ := w.prepare(t, target(engine.Target{ServerName: "server.example"}),
				both(func(cfg *engine.Config) { cfg.Policy.Suites = []*suite.Suite{cbc, plainPSK} }))
			p := dtlstest.NewPair(t, 2, append(options, server(func(cfg *engine.Config) { cfg.Policy.EncryptThenMACRequired = false }))...)
			p.ToServer(changedHello(t, p.Client.Take()[0], test.change))
			if resumed := p.Server.Awaits() == "await finished"; resumed != test.want {
				t.Errorf("%s: resumed: %v, want %v", test.name, resumed, test.want)
			}
		})
	}
}

func TestTicketAndSessionIDAreNotBothGiven(t *testing.T) {
	generous := server(func(cfg *engine.Config) {
		cfg.Tickets = sealer(t, 1)
		cfg.SessionCache = true
	})
	for _, test := range []struct {
		name       string
		change     func(hello *wire.ClientHello, ext *wire.ClientExtensions)
		ticket, id bool
	}{
		{"a client that takes tickets", func(_ *wire.ClientHello, e *wire.ClientExtensions) { e.HasSessionTicket = true }, true, false},
		{"a client that does not", func(*wire.ClientHello, *wire.ClientExtensions) {}, false, true},
		{"R16: a client without extended master secret", func(_ *wire.ClientHello, e *wire.ClientExtensions) {
			e.HasSessionTicket, e.ExtendedMasterSecret = true, false
		}, false, false},
	} {
		hello := serverHelloOf(t, greeted(t, test.change, generous).Server.Outbox)
		ext, err := wire.ParseServerExtensions(hello.Extensions)
		if err != nil {
			t.Fatal(err)
		}
		if ext.SessionTicket != test.ticket || len(hello.SessionID) > 0 != test.id {
			t.Errorf("%s: ticket %v, session ID %x", test.name, ext.SessionTicket, hello.SessionID)
		}
	}
}

func TestSessionWithoutANameIsNotTakenForResumed(t *testing.T) {
	_, session := ways[1].prepare(t)
	session.ID = nil
	p := dtlstest.NewPair(t, 2, client(func(cfg *engine.Config) { cfg.SessionCache = true }), offering(session))
	wantResumed(t, p, false, "a session with neither ID nor ticket")
}

func TestSessionWithPSKIsResumedWhereOthersNeedACertificate(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		options, _ := w.prepare(t, only(plainPSK), server(func(cfg *engine.Config) { cfg.ClientAuth = engine.RequireClientCert }))
		wantResumed(t, dtlstest.NewPair(t, 2, options...), true, "a client that proved itself with a key")
	})
}

func TestSessionKeepsTheClientsCertificate(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		options, _ := w.prepare(t, only(ecdsa), server(func(cfg *engine.Config) { cfg.ClientAuth = engine.RequireClientCert }))
		p := dtlstest.NewPair(t, 2, options...)
		wantResumed(t, p, true, "a session with a certificate")
		if len(p.Server.State().PeerChain) != 1 {
			t.Error("the server lost the client's certificate")
		}
		if p.Server.Asked[engine.EventVerify] != 1 || p.Client.Asked[engine.EventVerify] != 1 {
			t.Error("the certificates of the session are not verified again")
		}
	})
}

func TestALPNIsNegotiatedAnewWhenResuming(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		protocols := func(names ...string) dtlstest.Option {
			return both(func(cfg *engine.Config) { cfg.Policy.NextProtos = names })
		}
		options, _ := w.prepare(t, protocols("coap"))
		p := dtlstest.NewPair(t, 2, append(options, protocols("syslog"))...)
		wantResumed(t, p, true, "with another protocol")
		if got := p.Client.State().ALPN; got != "syslog" {
			t.Errorf("application protocol %q", got)
		}
	})
}

func TestClientTakesNoOtherParametersThanThoseOfTheSession(t *testing.T) {
	options, session := ways[1].prepare(t)
	p := dtlstest.NewPair(t, 2, options...)
	p.Client.Take()
	hello := wire.ServerHello{
		Version:     wire.VersionDTLS12,
		Random:      [32]byte{1},
		SessionID:   session.ID,
		CipherSuite: wire.TLS_PSK_WITH_AES_256_GCM_SHA384,
		Extensions:  wire.ServerExtensions{ExtendedMasterSecret: true}.AppendTo(nil),
	}
	p.Client.Receive(p.Now, message(wire.TypeServerHello, 0, hello.AppendTo(nil)))
	wantRefused(t, p.Client, wire.AlertIllegalParameter, "another suite under the session's ID")

	p = dtlstest.NewPair(t, 2, options...)
	p.Client.Take()
	hello.CipherSuite = session.Suite
	hello.Extensions = nil
	p.Client.Receive(p.Now, message(wire.TypeServerHello, 0, hello.AppendTo(nil)))
	wantRefused(t, p.Client, wire.AlertIllegalParameter, "R16: no extended_master_secret under the session's ID")
}
