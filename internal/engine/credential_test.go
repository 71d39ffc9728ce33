package engine_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

var keyKinds = []string{dtlstest.ECDSAP256, dtlstest.ECDSAP384, dtlstest.Ed25519, dtlstest.RSA}

// presenting has the client hold certificates of those kinds.
func presenting(kinds ...string) dtlstest.Option {
	return client(func(cfg *engine.Config) {
		cfg.Credentials = nil
		for _, kind := range kinds {
			cfg.Credentials = append(cfg.Credentials, dtlstest.NewCredential(kind))
		}
	})
}

func asking(auth engine.ClientAuth) dtlstest.Option {
	return server(func(cfg *engine.Config) { cfg.ClientAuth = auth })
}

func TestCertificatesOfEveryKindOnBothSides(t *testing.T) {
	for _, serverKind := range keyKinds {
		for _, clientKind := range keyKinds {
			s := ecdsa
			if serverKind == dtlstest.RSA {
				s = rsa
			}
			p := connected(t, only(s), asking(engine.RequireClientCert), presenting(clientKind), server(func(cfg *engine.Config) {
				cfg.Credentials = []engine.Credential{dtlstest.NewCredential(serverKind)}
			}))
			wantChain(t, p.Client, serverKind)
			wantChain(t, p.Server, clientKind)
			wantEcho(t, p)
		}
	}
}

// wantChain requires that the peer of e showed a certificate of that kind, or
// none.
func wantChain(t *testing.T, e *dtlstest.Endpoint, kind string) {
	t.Helper()
	chain := e.State().PeerChain
	if kind == "" {
		if len(chain) > 0 {
			t.Errorf("%v has a certificate of its peer", e.Side())
		}
		return
	}
	if len(chain) != 1 || !bytes.HasPrefix(chain[0], []byte(kind+".")) {
		t.Errorf("%v has %.20q of its peer, want %s", e.Side(), chain, kind)
	}
}

func TestEveryGroupAgreesOnAKey(t *testing.T) {
	for _, group := range suite.DefaultGroups() {
		for _, s := range []*suite.Suite{ecdhePSK, rsa} {
			p := connected(t, only(s), client(func(cfg *engine.Config) { cfg.Policy.Groups = []wire.Group{group} }))
			if p.Client.State().Group != group || p.Server.State().Group != group {
				t.Errorf("%v with %v: client %v, server %v", s, group, p.Client.State().Group, p.Server.State().Group)
			}
			wantSameKeys(t, p)
		}
	}
}

func TestClientCertificateIsAskedForAsConfigured(t *testing.T) {
	for _, test := range []struct {
		auth  engine.ClientAuth
		has   []string
		shown string
		ok    bool
	}{
		{engine.NoClientCert, keyKinds, "", true},
		{engine.RequestClientCert, keyKinds, dtlstest.ECDSAP256, true},
		{engine.RequestClientCert, nil, "", true},
		{engine.RequireClientCert, keyKinds[2:], dtlstest.Ed25519, true},
		{engine.RequireClientCert, nil, "", false},
	} {
		p := dtlstest.NewPair(t, 1, only(ecdsa), asking(test.auth), presenting(test.has...))
		p.Settle()
		if !test.ok {
			wantOver(t, p.Server, p.Server.Err, "a client without the certificate that is required")
			if want := (wire.Alert{Level: wire.AlertFatal, Description: wire.AlertHandshakeFailure}); len(p.Client.Alerts) != 1 || p.Client.Alerts[0] != want {
				t.Errorf("the client hears %v, want %v", p.Client.Alerts, want)
			}
			continue
		}
		p.Connect()
		wantChain(t, p.Server, test.shown)
		if asked := p.Server.Asked[engine.EventVerify]; (asked == 1) != (test.shown != "") {
			t.Errorf("%v: the server verifies %d certificates", test, asked)
		}
	}
}

func TestPSKSuitesAskForNoCertificate(t *testing.T) {
	p := connected(t, only(ecdhePSK), asking(engine.RequireClientCert), presenting(keyKinds...))
	wantChain(t, p.Server, "")
}

func TestClientAnswersWithTheCertificateThatTheServerTakes(t *testing.T) {
	p := connected(t, only(ecdsa), asking(engine.RequireClientCert), presenting(keyKinds...), server(func(cfg *engine.Config) {
		cfg.Policy.Schemes = []wire.SignatureScheme{wire.PKCS1WithSHA256, wire.Ed25519}
		cfg.Credentials = []engine.Credential{dtlstest.NewCredential(dtlstest.Ed25519)}
	}))
	wantChain(t, p.Server, dtlstest.Ed25519)

	p = connected(t, only(ecdsa), asking(engine.RequestClientCert), presenting(dtlstest.ECDSAP256), server(func(cfg *engine.Config) {
		cfg.Policy.Schemes = []wire.SignatureScheme{wire.PSSWithSHA256, wire.Ed25519}
		cfg.Credentials = []engine.Credential{dtlstest.NewCredential(dtlstest.Ed25519)}
	}))
	wantChain(t, p.Server, "")
}

func TestClientMaySelectItsCertificate(t *testing.T) {
	authorities := [][]byte{[]byte("an authority"), []byte("another")}
	options := []dtlstest.Option{only(ecdsa), asking(engine.RequestClientCert),
		server(func(cfg *engine.Config) { cfg.ClientCAs = authorities }),
		client(func(cfg *engine.Config) { cfg.SelectCredentials = true })}
	ask := func() (*dtlstest.Pair, engine.Event) {
		p := dtlstest.NewPair(t, 1, append(options, clientOwner(func(e *dtlstest.Endpoint) { e.Hold = true }))...)
		p.FlushClient()
		p.FlushServer()
		for p.Client.Questions[0].Kind != engine.EventSelectCredentials {
			p.Client.AnswerHeld(p.Now)
		}
		p.Client.Hold = false
		return p, p.Client.Questions[0]
	}
	answer := func(answer engine.Credentials) *dtlstest.Pair {
		p, question := ask()
		if got := question.Request; len(got.Authorities) != 2 || !bytes.Equal(got.Authorities[1], authorities[1]) || len(got.SignatureSchemes) == 0 {
			t.Errorf("the client asks with %+v", got)
		}
		p.Client.Resolve(p.Now, question.Token, answer)
		p.Client.Drain(p.Now)
		return p
	}
	p := answer(engine.Credentials{List: []engine.Credential{dtlstest.NewCredential(dtlstest.Ed25519)}})
	p.Connect()
	wantChain(t, p.Server, dtlstest.Ed25519)

	p = answer(engine.Credentials{})
	p.Connect()
	wantChain(t, p.Server, "")

	reason := errors.New("the smart card is gone")
	p = answer(engine.Credentials{Err: reason})
	wantOver(t, p.Client, reason, "the owner fails")
	wantRefused(t, p.Client, wire.AlertHandshakeFailure, "the owner fails")
}

func TestServerVerifiesTheClientsCertificate(t *testing.T) {
	distrust := errors.New("expired")
	p := dtlstest.NewPair(t, 1, only(ecdsa), asking(engine.RequestClientCert), presenting(dtlstest.RSA),
		serverOwner(func(e *dtlstest.Endpoint) { e.Distrust = distrust }))
	p.FlushClient()
	p.FlushServer()
	p.FlushClient()
	wantOver(t, p.Server, distrust, "a certificate that is shown must be good, even where none is required")
	wantRefused(t, p.Server, wire.AlertBadCertificate, "the client is told")
}

// proving delivers the client's flight with its certificate to the server, one
// message changed or left out.
func proving(t *testing.T, options []dtlstest.Option, change func(f wire.Fragment) (body []byte, send bool)) *dtlstest.Pair {
	t.Helper()
	p := dtlstest.NewPair(t, 1, append(options, only(ecdsa), asking(engine.RequestClientCert), oneByOne)...)
	p.FlushClient()
	p.FlushServer()
	seq := uint16(1)
	for _, datagram := range pieces(t, p.Client.Take()...) {
		if r := records(t, datagram)[0]; r.Epoch > 0 || r.Type != wire.ContentHandshake {
			p.ToServer(datagram)
			continue
		}
		f := fragments(t, datagram)[0]
		if body, send := change(f); send {
			p.ToServer(message(f.Type, seq, body))
			seq++
		}
	}
	return p
}

func TestR15CertificateWithoutProofNeverAuthenticates(t *testing.T) {
	t.Run("CertificateVerify left out", func(t *testing.T) {
		p := proving(t, nil, func(f wire.Fragment) ([]byte, bool) { return f.Body, f.Type != wire.TypeCertificateVerify })
		if p.Server.Established || p.Server.Awaits() == "await finished" {
			t.Error("the server goes on")
		}
	})
	t.Run("a client that goes straight to Finished", func(t *testing.T) {
		p := dtlstest.NewPair(t, 1, only(ecdsa), asking(engine.RequestClientCert), presenting(dtlstest.Ed25519),
			clientOwner(func(e *dtlstest.Endpoint) { e.Hold = true }))
		p.FlushClient()
		p.FlushServer()
		for p.Client.Awaits() != "await server_hello_done" || len(p.Client.Questions) == 0 {
			p.Client.AnswerHeld(p.Now)
		}
		p.Client.ForgetSigner()
		p.Client.AnswerHeld(p.Now)
		p.FlushClient()
		if !p.Server.Over || p.Server.Established {
			t.Fatalf("the server: established %v, %q", p.Server.Established, p.Server.Awaits())
		}
		wantRefused(t, p.Server, wire.AlertUnexpectedMessage, "Finished instead of CertificateVerify")
	})
	t.Run("a signature with another key", func(t *testing.T) {
		p := dtlstest.NewPair(t, 1, only(ecdsa), asking(engine.RequestClientCert), client(func(cfg *engine.Config) {
			cfg.Credentials = []engine.Credential{{
				Chain:  dtlstest.NewCredential(dtlstest.ECDSAP256).Chain,
				Signer: dtlstest.NewCredential(dtlstest.ECDSAP384).Signer,
			}}
		}))
		p.FlushClient()
		p.FlushServer()
		p.FlushClient()
		wantRefused(t, p.Server, wire.AlertDecryptError, "another key")
	})
	t.Run("a key that the verifier does not know", func(t *testing.T) {
		p := dtlstest.NewPair(t, 1, only(ecdsa), asking(engine.RequestClientCert), presenting(dtlstest.Ed25519))
		p.FlushClient()
		p.Server.Hold = true
		p.FlushServer()
		p.FlushClient()
		p.Server.Resolve(p.Now, p.Server.Questions[0].Token, engine.Verified{})
		p.Server.Drain(p.Now)
		wantRefused(t, p.Server, wire.AlertUnsupportedCertificate, "verified, but without a key")
	})
	for _, test := range []struct {
		name   string
		change func(m *wire.CertificateVerify)
		want   wire.AlertDescription
	}{
		{"a changed signature", func(m *wire.CertificateVerify) { m.Signature[8] ^= 1 }, wire.AlertDecryptError},
		{"no signature", func(m *wire.CertificateVerify) { m.Signature = nil }, wire.AlertDecryptError},
		{"a scheme of another key", func(m *wire.CertificateVerify) { m.Scheme = wire.Ed25519 }, wire.AlertDecryptError},
		{"a scheme that was not asked for", func(m *wire.CertificateVerify) { m.Scheme = wire.PKCS1WithSHA1 }, wire.AlertIllegalParameter},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := proving(t, []dtlstest.Option{presenting(dtlstest.ECDSAP256)}, func(f wire.Fragment) ([]byte, bool) {
				if f.Type != wire.TypeCertificateVerify {
					return f.Body, true
				}
				m, err := wire.ParseCertificateVerify(f.Body)
				if err != nil {
					t.Fatal(err)
				}
				test.change(&m)
				return m.AppendTo(nil), true
			})
			wantRefused(t, p.Server, test.want, test.name)
		})
	}
}

func TestClientWithoutACertificateProvesNothing(t *testing.T) {
	p := proving(t, []dtlstest.Option{presenting()}, func(f wire.Fragment) ([]byte, bool) { return f.Body, true })
	p.Connect()
	wantChain(t, p.Server, "")
	if p.Client.Asked[engine.EventCompute] != 2 {
		t.Errorf("the client computes %d times, want twice: the server's signature and the key", p.Client.Asked[engine.EventCompute])
	}
}
