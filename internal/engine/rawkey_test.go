package engine_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

const (
	certified = wire.CertificateTypeX509
	raw       = wire.CertificateTypeRawPublicKey
)

// inBothVersions runs a test once for each version, without pre-shared keys.
func inBothVersions(t *testing.T, test func(t *testing.T, version dtlstest.Option)) {
	for name, speak := range map[string]dtlstest.Option{"DTLS 1.2": only(ecdsa), "DTLS 1.3": dtls13} {
		t.Run(name, func(t *testing.T) {
			test(t, func(setup *dtlstest.Setup) {
				speak(setup)
				withCertificates(setup)
			})
		})
	}
}

func has(list ...engine.Credential) func(cfg *engine.Config) {
	return func(cfg *engine.Config) { cfg.Credentials = list }
}

// clientTakes has the client take servers' certificates of those types.
func clientTakes(types ...uint8) dtlstest.Option {
	return client(func(cfg *engine.Config) { cfg.Policy.ServerCertificateTypes = types })
}

// serverTakes has the server ask for certificates of those types.
func serverTakes(auth engine.ClientAuth, types ...uint8) dtlstest.Option {
	return server(func(cfg *engine.Config) {
		cfg.ClientAuth, cfg.Policy.ClientCertificateTypes = auth, types
	})
}

// wantPeer requires that e knows its peer by that credential.
func wantPeer(t *testing.T, e *dtlstest.Endpoint, want engine.Credential) {
	t.Helper()
	state := e.State()
	if state.PeerKeyType != want.KeyType || !slices.EqualFunc(state.PeerChain, want.Chain, slices.Equal) {
		t.Errorf("%v knows %.20q of type %d, want %.20q of type %d", e.Side(), state.PeerChain, state.PeerKeyType, want.Chain, want.KeyType)
	}
}

// wantGaveUp requires that e ended the handshake for a reason with that alert,
// which may be on its way already.
func wantGaveUp(t *testing.T, e *dtlstest.Endpoint, want wire.AlertDescription, sentence string) {
	t.Helper()
	if !e.Over || e.Established || engine.AlertFor(e.Err) != want {
		t.Errorf("%s: %v ended: %v, with %v; want %v", sentence, e.Side(), e.Over, e.Err, want)
	}
}

func TestRawPublicKeysInEveryDirection(t *testing.T) {
	certificate, key := dtlstest.NewCredential(dtlstest.ECDSAP256), dtlstest.NewRawKey(dtlstest.ECDSAP256)
	ed := dtlstest.NewRawKey(dtlstest.Ed25519)
	type list = []engine.Credential
	type types = []uint8
	tests := []struct {
		name                     string
		server, client           list
		serverTakes, clientTakes types
		wantServer, wantClient   engine.Credential
	}{
		{"server", list{key}, nil, nil, types{raw}, key, engine.Credential{}},
		{"client", list{certificate}, list{ed}, types{raw}, nil, certificate, ed},
		{"mutual", list{key}, list{ed}, types{raw}, types{raw}, key, ed},
		{"mixed", list{key}, list{certificate}, types{certified}, types{raw}, key, certificate},
		{"server's first credential", list{certificate, key}, nil, nil, types{raw, certified}, certificate, engine.Credential{}},
		{"server's second credential", list{certificate, key}, nil, nil, types{raw}, key, engine.Credential{}},
		{"nobody mentions types", list{key, certificate}, list{ed, certificate}, nil, nil, certificate, certificate},
		{"server's preference", list{key}, list{certificate, ed}, types{raw, certified}, types{raw}, key, ed},
		{"server that does not mention types", list{key}, list{ed, certificate}, nil, types{raw}, key, certificate},
	}
	inBothVersions(t, func(t *testing.T, version dtlstest.Option) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				auth := engine.RequireClientCert
				if test.client == nil {
					auth = engine.NoClientCert
				}
				p := connected(t, version, server(has(test.server...)), client(has(test.client...)),
					serverTakes(auth, test.serverTakes...), clientTakes(test.clientTakes...))
				wantPeer(t, p.Client, test.wantServer)
				wantPeer(t, p.Server, test.wantClient)
				wantEcho(t, p)
			})
		}
	})
}

func TestServerRefusesClientsWithOtherTypes(t *testing.T) {
	certificate, key := dtlstest.NewCredential(dtlstest.ECDSAP256), dtlstest.NewRawKey(dtlstest.ECDSAP256)
	tests := []struct {
		name    string
		options []dtlstest.Option
		want    wire.AlertDescription
	}{
		{"no key", []dtlstest.Option{server(has(certificate)), clientTakes(raw)}, wire.AlertHandshakeFailure},
		{"no certificate", []dtlstest.Option{server(has(key))}, wire.AlertHandshakeFailure},
		{
			"certificates only", []dtlstest.Option{server(has(certificate)), clientTakes(raw), server(func(cfg *engine.Config) {
				cfg.Policy.ServerCertificateTypes = []uint8{certified}
			})}, wire.AlertUnsupportedCertificate,
		},
		{
			"client without key", []dtlstest.Option{client(has(certificate)), serverTakes(engine.RequestClientCert, raw)},
			wire.AlertUnsupportedCertificate,
		},
		{
			"client without certificate", []dtlstest.Option{client(has(key)), serverTakes(engine.RequestClientCert, certified)},
			wire.AlertUnsupportedCertificate,
		},
	}
	inBothVersions(t, func(t *testing.T, version dtlstest.Option) {
		for _, test := range tests {
			p := dtlstest.NewPair(t, 1, append([]dtlstest.Option{version}, test.options...)...)
			p.FlushClient()
			wantRefused(t, p.Server, test.want, test.name)
		}
	})
}

func TestPreSharedKeysDoNotCareForTypes(t *testing.T) {
	for _, version := range []dtlstest.Option{only(plainPSK), dtls13} {
		p := connected(t, version, clientTakes(raw))
		if string(p.Server.State().Identity) != "client" {
			t.Errorf("server knows %q", p.Server.State().Identity)
		}
		wantEcho(t, p)
	}
}

func TestClientThatOffersAKeyMayHaveNone(t *testing.T) {
	none := client(func(cfg *engine.Config) {
		cfg.Credentials, cfg.Policy.ClientCertificateTypes = nil, []uint8{raw}
	})
	inBothVersions(t, func(t *testing.T, version dtlstest.Option) {
		p := connected(t, version, none, serverTakes(engine.RequestClientCert, raw))
		wantPeer(t, p.Server, engine.Credential{})
		wantEcho(t, p)
		p = dtlstest.NewPair(t, 1, version, none, serverTakes(engine.RequireClientCert, raw))
		p.Settle()
		if p.Server.Established || !p.Server.Over {
			t.Errorf("server ended: %v, with %v", p.Server.Over, p.Server.Err)
		}
	})
}

func TestKeyThatIsNotBelieved(t *testing.T) {
	inBothVersions(t, func(t *testing.T, version dtlstest.Option) {
		p := dtlstest.NewPair(t, 1, version, clientTakes(raw), server(has(dtlstest.NewRawKey(dtlstest.ECDSAP256))),
			clientOwner(func(e *dtlstest.Endpoint) { e.Distrust = errors.New("an unknown key") }))
		p.Settle()
		wantGaveUp(t, p.Client, wire.AlertBadCertificate, "a key that is not believed")
	})
}

func TestPeerHasToProveItsKey(t *testing.T) {
	stolen := dtlstest.NewRawKey(dtlstest.ECDSAP256)
	stolen.Chain = dtlstest.NewRawKey(dtlstest.ECDSAP384).Chain
	inBothVersions(t, func(t *testing.T, version dtlstest.Option) {
		p := dtlstest.NewPair(t, 1, version, clientTakes(raw), server(has(stolen)))
		p.Settle()
		wantGaveUp(t, p.Client, wire.AlertDecryptError, "the key of somebody else")
	})
}

// RFC 8446, Section 4.4.2.
func TestOneRawPublicKeyIsAllThatA13MessageHolds(t *testing.T) {
	two := dtlstest.NewRawKey(dtlstest.ECDSAP256)
	two.Chain = append(two.Chain, two.Chain[0])
	p := dtlstest.NewPair(t, 1, dtls13, withCertificates, clientTakes(raw), server(has(two)))
	p.Settle()
	wantGaveUp(t, p.Client, wire.AlertIllegalParameter, "two raw public keys")
}

func TestSessionsKeepRawPublicKeys(t *testing.T) {
	key, ed := dtlstest.NewRawKey(dtlstest.ECDSAP256), dtlstest.NewRawKey(dtlstest.Ed25519)
	inBothVersions(t, func(t *testing.T, version dtlstest.Option) {
		sealer := sealer(t, 1)
		options := []dtlstest.Option{
			version, server(has(key)), client(has(ed)), clientTakes(raw), serverTakes(engine.RequireClientCert, raw),
			client(func(cfg *engine.Config) { cfg.SessionCache = true }),
			server(func(cfg *engine.Config) { cfg.Tickets = sealer }),
		}
		session := connected(t, options...).Client.Stored[0]
		p := dtlstest.NewPair(t, 2, append(options, offering(session))...)
		wantResumed(t, p, true, "a session with raw public keys")
		for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
			if e.Asked[engine.EventVerify] != 1 {
				t.Errorf("%v asks %d times about the key of the session", e.Side(), e.Asked[engine.EventVerify])
			}
		}
		wantPeer(t, p.Client, key)
		wantPeer(t, p.Server, ed)

		distrust := serverOwner(func(e *dtlstest.Endpoint) { e.Distrust = errors.New("revoked meanwhile") })
		p = dtlstest.NewPair(t, 3, append(options, offering(session), distrust)...)
		p.Settle()
		wantGaveUp(t, p.Server, wire.AlertBadCertificate, "a key that is no longer believed")
	})
}

func TestSessionsOfATypeThatIsNoLongerTakenAreNotResumed(t *testing.T) {
	key, certificate := dtlstest.NewRawKey(dtlstest.ECDSAP256), dtlstest.NewCredential(dtlstest.ECDSAP256)
	inBothVersions(t, func(t *testing.T, version dtlstest.Option) {
		sealer := sealer(t, 1)
		options := []dtlstest.Option{
			version, both(has(certificate, key)), clientTakes(raw), serverTakes(engine.RequireClientCert, raw),
			client(func(cfg *engine.Config) { cfg.SessionCache = true }),
			server(func(cfg *engine.Config) { cfg.Tickets = sealer }),
		}
		options = append(options, offering(connected(t, options...).Client.Stored[0]))
		p := dtlstest.NewPair(t, 2, append(options, serverTakes(engine.RequireClientCert))...)
		wantResumed(t, p, false, "a server that takes certificates alone")
		wantPeer(t, p.Server, certificate)
		p = dtlstest.NewPair(t, 3, append(options, clientTakes())...)
		wantResumed(t, p, false, "a client that takes certificates alone")
		wantPeer(t, p.Client, certificate)
	})
}

func TestExportKeepsRawPublicKeys(t *testing.T) {
	ed := dtlstest.NewRawKey(dtlstest.Ed25519)
	p := connected(t, only(ecdsa), client(has(ed)), serverTakes(engine.RequireClientCert, raw))
	v, _ := newVault(t)
	sealed, err := p.Server.Handover(p.Now, v)
	if err != nil {
		t.Fatal(err)
	}
	adopt(t, p, v, sealed)
	wantPeer(t, p.Server, ed)
	wantEcho(t, p)
}

func TestOwnersAreToldWhichTypesAreWanted(t *testing.T) {
	certificate, key := dtlstest.NewCredential(dtlstest.ECDSAP256), dtlstest.NewRawKey(dtlstest.ECDSAP256)
	inBothVersions(t, func(t *testing.T, version dtlstest.Option) {
		p := dtlstest.NewPair(t, 1, version, clientOwner(hold), serverOwner(hold), clientTakes(certified, raw),
			both(func(cfg *engine.Config) { cfg.SelectCredentials = true }),
			client(func(cfg *engine.Config) { cfg.Policy.ClientCertificateTypes = []uint8{raw, certified} }),
			serverTakes(engine.RequireClientCert, raw))
		for range 20 {
			for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
				if e == nil {
					continue
				}
				questions := e.Questions
				e.Questions = nil
				for _, q := range questions {
					switch {
					case q.Kind != engine.EventSelectCredentials:
						e.Resolve(p.Now, q.Token, e.Answer(q))
					case q.Hello != nil:
						if !slices.Equal(q.Hello.CertificateTypes, []uint8{certified, raw}) {
							t.Errorf("the server's owner hears of types %v", q.Hello.CertificateTypes)
						}
						e.Resolve(p.Now, q.Token, engine.Credentials{List: []engine.Credential{key}})
					default:
						if q.Request.KeyType != raw || q.Request.Supports(certificate) == nil || q.Request.Supports(key) != nil {
							t.Errorf("the client's owner hears of type %d", q.Request.KeyType)
						}
						e.Resolve(p.Now, q.Token, engine.Credentials{List: []engine.Credential{certificate, key}})
					}
					e.Drain(p.Now)
				}
			}
			p.Settle()
		}
		p.Connect()
		wantPeer(t, p.Client, key)
		wantPeer(t, p.Server, key)
	})
}
