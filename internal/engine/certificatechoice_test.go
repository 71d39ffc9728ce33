package engine_test

import (
	"errors"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// limited returns a credential that may sign with those schemes only.
func limited(kind string, schemes ...wire.SignatureScheme) engine.Credential {
	c := dtlstest.NewCredential(kind)
	c.Schemes = schemes
	return c
}

func TestServerSignsWithASchemeOfTheCertificate(t *testing.T) {
	p := connected(t, only(rsa),
		server(func(cfg *engine.Config) {
			cfg.Credentials = []engine.Credential{
				limited(dtlstest.RSA, wire.PSSWithSHA256),
				limited(dtlstest.RSA, wire.PSSWithSHA512, wire.PKCS1WithSHA384),
			}
		}),
		client(func(cfg *engine.Config) {
			cfg.Policy.Schemes = []wire.SignatureScheme{wire.PKCS1WithSHA384, wire.PKCS1WithSHA512}
		}))
	wantEcho(t, p)
}

func TestServerWithoutASchemeToSignWithRefuses(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(rsa),
		server(func(cfg *engine.Config) {
			cfg.Credentials = []engine.Credential{limited(dtlstest.RSA, wire.PSSWithSHA256)}
		}),
		client(func(cfg *engine.Config) {
			cfg.Policy.Schemes = []wire.SignatureScheme{wire.PSSWithSHA384}
		}))
	p.FlushClient()
	wantRefused(t, p.Server, wire.AlertHandshakeFailure, "no scheme that both sides accept")
}

func TestClientAnswersARequestWithACertificateThatFits(t *testing.T) {
	ecdsaOnly := []wire.SignatureScheme{wire.ECDSAWithP256AndSHA256}
	for _, test := range []struct {
		name        string
		credentials []engine.Credential
		schemes     []wire.SignatureScheme // of the server; nil for all
		want        int                    // -1 for none
	}{
		{"the first", []engine.Credential{limited(dtlstest.RSA), limited(dtlstest.ECDSAP256)}, nil, 0},
		{"the second, by its key", []engine.Credential{limited(dtlstest.RSA), limited(dtlstest.ECDSAP256)}, ecdsaOnly, 1},
		{"the second, by its schemes", []engine.Credential{limited(dtlstest.ECDSAP256, wire.ECDSAWithP384AndSHA384), limited(dtlstest.ECDSAP256)}, ecdsaOnly, 1},
		{"none", []engine.Credential{limited(dtlstest.RSA)}, ecdsaOnly, -1},
		{"nothing to choose from", nil, nil, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := connected(t, only(ecdsa),
				client(func(cfg *engine.Config) { cfg.Credentials = test.credentials }),
				server(func(cfg *engine.Config) {
					cfg.ClientAuth = engine.RequestClientCert
					if test.schemes != nil {
						cfg.Policy.Schemes = test.schemes
					}
				}))
			got := p.Server.State().PeerChain
			switch {
			case test.want < 0 && len(got) > 0:
				t.Errorf("server got %.20q, want no certificate", got)
			case test.want >= 0 && (len(got) != 1 || string(got[0]) != string(test.credentials[test.want].Chain[0])):
				t.Errorf("server got %.20q, want the certificate with index %d", got, test.want)
			}
		})
	}
}

func TestClientsOwnerIsToldWhichCertificatesFit(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(ecdsa), clientOwner(hold),
		client(func(cfg *engine.Config) { cfg.SelectCredentials = true }),
		server(func(cfg *engine.Config) {
			cfg.ClientAuth = engine.RequireClientCert
			cfg.Policy.Schemes = []wire.SignatureScheme{wire.ECDSAWithP256AndSHA256}
		}))
	for p.Client.Asked[engine.EventSelectCredentials] == 0 {
		p.Settle()
		if len(p.Client.Questions) == 0 {
			t.Fatalf("the owner is not asked: %v", p.Client.Err)
		}
		if p.Client.Questions[0].Kind != engine.EventSelectCredentials {
			p.Client.AnswerHeld(p.Now)
		}
	}
	question := p.Client.Questions[0]
	if err := question.Request.Supports(limited(dtlstest.ECDSAP256)); err != nil {
		t.Errorf("a certificate that fits: %v", err)
	}
	if question.Request.Supports(limited(dtlstest.RSA)) == nil {
		t.Error("a certificate whose key has no scheme in the request fits")
	}
	if question.Request.Supports(limited(dtlstest.ECDSAP256, wire.ECDSAWithP384AndSHA384)) == nil {
		t.Error("a certificate that may not sign with what is in the request fits")
	}
	p.Client.Take()
	p.Client.Resolve(p.Now, question.Token, engine.Credentials{Err: errors.New("none fits")})
	p.Client.Drain(p.Now)
	wantRefused(t, p.Client, wire.AlertHandshakeFailure, "an owner without a certificate that fits")
}
