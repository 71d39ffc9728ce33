package engine_test

import (
	"bytes"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// traced has both sides tell of their messages.
var traced = both(func(cfg *engine.Config) { cfg.Trace = true })

// sentBody returns the body of the first message of that type that e sent.
func sentBody(t *testing.T, e *dtlstest.Endpoint, typ wire.HandshakeType) []byte {
	t.Helper()
	for _, m := range e.Messages {
		if m.Sent && m.Type == typ {
			return m.Body
		}
	}
	t.Fatalf("%v sent no %v", e.Side(), typ)
	return nil
}

// serverExtensionsOf returns the extensions of the server's hello.
func serverExtensionsOf(t *testing.T, p *dtlstest.Pair) (wire.ServerHello, wire.ServerExtensions) {
	t.Helper()
	hello, err := wire.ParseServerHello(sentBody(t, p.Server, wire.TypeServerHello))
	if err != nil {
		t.Fatal(err)
	}
	ext, err := wire.ParseServerExtensions13(wire.InServerHello13, hello.Extensions)
	if err != nil {
		t.Fatal(err)
	}
	return hello, ext
}

// RFC 8446, Section 4.4.2.4.
func TestClientsWithoutCertificateOf13(t *testing.T) {
	bare := client(func(cfg *engine.Config) { cfg.Credentials = nil })
	ask := func(auth engine.ClientAuth) dtlstest.Option {
		return server(func(cfg *engine.Config) { cfg.ClientAuth = auth })
	}
	p := connected(t, dtls13, withCertificates, traced, bare, ask(engine.RequestClientCert))
	m, err := wire.ParseCertificate13(sentBody(t, p.Client, wire.TypeCertificate))
	if err != nil || len(m.Entries) > 0 || len(p.Server.State().PeerChain) > 0 {
		t.Errorf("%d certificates: %v", len(m.Entries), err)
	}
	for _, sent := range p.Client.Messages {
		if sent.Sent && sent.Type == wire.TypeCertificateVerify {
			t.Error("an empty certificate is proven")
		}
	}

	p = dtlstest.NewPair(t, 1, dtls13, withCertificates, bare, ask(engine.RequireClientCert))
	p.Settle()
	wantOverWith(t, p.Server, wire.AlertCertificateRequired)
	wantEndedByAlert(t, p.Client, engine.AlertError{Alert: wire.AlertCertificateRequired, Authenticated: true}, "no certificate")
}

// RFC 8446, Section 4.1.3, the server's half: who could speak 1.3 says so.
func TestServerOf13SaysSoInTheRandomOf12(t *testing.T) {
	for _, tt := range []struct {
		client, server []wire.Version
		want           bool
	}{{only12Spoken, bothSpoken, true}, {bothSpoken, only12Spoken, false}, {only12Spoken, only12Spoken, false}, {bothSpoken, bothSpoken, false}} {
		p := connected(t, dtls13, traced, client(func(cfg *engine.Config) { cfg.Versions = tt.client }), server(func(cfg *engine.Config) { cfg.Versions = tt.server }))
		hello, err := wire.ParseServerHello(sentBody(t, p.Server, wire.TypeServerHello))
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.HasSuffix(hello.Random[:], []byte("DOWNGRD\x01")); got != tt.want {
			t.Errorf("client of %v, server of %v: sentinel %t, want %t", tt.client, tt.server, got, tt.want)
		}
	}
}

// RFC 8446, Section 4.2.11: an external key is of SHA-256.
func TestExternalKeysAreOfSHA256(t *testing.T) {
	for _, s := range suite.All13() {
		p := dtlstest.NewPair(t, 1, append(external13, only13(s))...)
		p.Settle()
		if sha256 := s.Hash.Size() == 32; sha256 != p.Server.Established {
			t.Errorf("%s: established %t: %v", s.Name, p.Server.Established, p.Server.Err)
		} else if !sha256 {
			wantOverWith(t, p.Server, wire.AlertHandshakeFailure)
		}
		p = connected(t, dtls13, only13(s))
		if got := string(p.Server.State().Identity); (got == "client") != (s.Hash.Size() == 32) {
			t.Errorf("%s: certificates as well, and identity %q", s.Name, got)
		}
	}
}

// RFC 8446, Section 4.2.8.
func TestNoKeyShareWithAPreSharedKeyAlone(t *testing.T) {
	for _, plain := range []bool{false, true} {
		p := connected(t, append(external13, traced, both(func(cfg *engine.Config) { cfg.Policy.PlainPSK = plain }), server(func(cfg *engine.Config) {
			if plain { // no group in common
				cfg.Policy.Groups = []wire.Group{wire.GroupX25519MLKEM768}
			}
		}))...)
		_, ext := serverExtensionsOf(t, p)
		if !ext.HasSelectedIdentity || (ext.KeyShare.Group == 0) != plain || (p.Server.State().Group == 0) != plain || p.Client.State().Group != p.Server.State().Group {
			t.Errorf("plain %t: share of %v, group %v", plain, ext.KeyShare.Group, p.Server.State().Group)
		}
	}
}

// RFC 6066, Section 3, and RFC 8446, Section 4.6.1: a session is for one name,
// which is not answered again.
func TestServerNameOfAResumedSessionOf13(t *testing.T) {
	named := func(name string, session *engine.SessionState) []dtlstest.Option {
		return []dtlstest.Option{dtls13, withCertificates, traced, client(func(cfg *engine.Config) { cfg.SessionCache = true }),
			server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 1); cfg.AcknowledgeName = true }),
			target(engine.Target{ServerName: name, Session: session})}
	}
	acknowledged := func(p *dtlstest.Pair) bool {
		m, err := wire.ParseEncryptedExtensions(sentBody(t, p.Server, wire.TypeEncryptedExtensions))
		if err != nil {
			t.Fatal(err)
		}
		ext, err := wire.ParseServerExtensions13(wire.InEncryptedExtensions, m.Extensions)
		if err != nil {
			t.Fatal(err)
		}
		return ext.ServerName
	}
	first := connected(t, named("a.example", nil)...)
	if !acknowledged(first) || first.Server.State().ServerName != "a.example" {
		t.Error("the name is not answered")
	}
	session := first.Client.Stored[0]
	again := connected(t, named("a.example", session)...)
	if !again.Server.State().Resumed || acknowledged(again) || again.Server.State().ServerName != "a.example" {
		t.Errorf("resumed: %+v", again.Server.State())
	}
	other := *session
	other.ServerName = "b.example" // the client believes so, and the ticket says otherwise
	elsewhere := connected(t, named("b.example", &other)...)
	if elsewhere.Server.State().Resumed || elsewhere.Client.State().Resumed {
		t.Error("a session of another name is resumed")
	}
}

// RFC 8446, Section 4.4.2.1: an OCSP response is for those who ask.
func TestStapleOf13IsForThoseWhoAsk(t *testing.T) {
	for _, asked := range []bool{false, true} {
		p := dtlstest.NewPair(t, 1, dtls13, withCertificates, traced, server(func(cfg *engine.Config) {
			cfg.Credentials = []engine.Credential{dtlstest.NewCredential(dtlstest.ECDSAP256)}
			cfg.Credentials[0].Staple = []byte("a response")
		}))
		hello, ext := takeHello(t, p)
		parsed, err := wire.ParseClientHello(hello.Body)
		if err != nil {
			t.Fatal(err)
		}
		ext.StatusRequest = asked
		parsed.Extensions = ext.AppendTo(nil)
		hello.Body = parsed.AppendTo(nil)
		p.Server = dtlstest.NewServer(p.ServerConfig, p.Now, hello)
		m, err := wire.ParseCertificate13(sentBody(t, p.Server, wire.TypeCertificate))
		if err != nil || len(m.Entries) == 0 {
			t.Fatalf("%d certificates: %v", len(m.Entries), err)
		}
		entry, err := wire.ParseCertificateExtensions(m.Entries[0].Extensions)
		if err != nil || (string(entry.OCSPResponse) == "a response") != asked {
			t.Errorf("asked %t: %q, %v", asked, entry.OCSPResponse, err)
		}
	}
}

// RFC 8446, Section 4.2.11: a binder is checked before anything is said under
// its key, also where a certificate would do.
func TestWrongBinderEndsTheHandshake(t *testing.T) {
	for _, psks := range []map[string]string{{"client": "wrong"}, {"client": "a shared secret"}} {
		p := dtlstest.NewPair(t, 1, dtls13, serverOwner(func(e *dtlstest.Endpoint) { e.PSKs = psks }))
		hello, _ := takeHello(t, p)
		if psks["client"] != "wrong" {
			hello.Body[len(hello.Body)-1] ^= 1 // of the binder
		}
		p.Server = dtlstest.NewServer(p.ServerConfig, p.Now, hello, p.PrepareServer)
		wantRefused(t, p.Server, wire.AlertDecryptError, "a binder of another key")
	}
}

// Whom a key or a ticket stands for is proven by its binder alone, which nobody
// looks at where the server goes on with a certificate.
func TestNobodyIsWhomAKeyThatWasNotChosenStandsFor(t *testing.T) {
	sha384 := suite.Lookup13(wire.TLS_AES_256_GCM_SHA384)
	sha256 := suite.Lookup13(wire.TLS_AES_128_GCM_SHA256)
	tickets := []dtlstest.Option{dtls13, client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 1); cfg.ClientAuth = engine.RequestClientCert })}
	of := func(first ...dtlstest.Option) *engine.SessionState {
		return connected(t, append(append(tickets, only13(sha256)), first...)...).Client.Stored[0]
	}
	anonymous := client(func(cfg *engine.Config) { cfg.Credentials = nil })
	for name, options := range map[string][]dtlstest.Option{
		"an external key":            nil,
		"a session of a key":         {target(engine.Target{Session: of()})},
		"a session of a certificate": {target(engine.Target{Session: of(withCertificates)})},
	} {
		both384 := server(func(cfg *engine.Config) { cfg.Policy.Suites13 = []*suite.Suite13{sha384, sha256} })
		p := dtlstest.NewPair(t, 2, append(append(append(tickets, anonymous), options...), both384)...)
		hello, ext := takeHello(t, p)
		if len(ext.PreSharedKey.Identities) == 0 {
			t.Fatalf("%s is not offered", name)
		}
		parsed, err := wire.ParseClientHello(hello.Body)
		if err != nil {
			t.Fatal(err)
		}
		parsed.CipherSuites = wire.AppendUint16s(nil, sha384.ID)
		hello.Body = parsed.AppendTo(nil)
		p.Server = dtlstest.NewServer(p.ServerConfig, p.Now, hello, p.PrepareServer)
		if who := p.Server.Presumed(); p.Server.Over || who.Resumed || len(who.Identity) > 0 || len(who.PeerChain) > 0 {
			t.Errorf("%s: over %t, %+v", name, p.Server.Over, who)
		}
	}
}
