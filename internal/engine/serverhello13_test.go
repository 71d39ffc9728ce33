package engine_test

import (
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A serverHello is one that a server made up.
type serverHello struct {
	hello wire.ServerHello
	ext   wire.ServerExtensions
}

// offeredHello returns a pair whose client has said hello, and a ServerHello that
// the client would take.
func offeredHello(t *testing.T, options ...dtlstest.Option) (*dtlstest.Pair, *serverHello) {
	t.Helper()
	p := dtlstest.NewPair(t, 1, append(options, dtls13)...)
	_, ext := takeHello(t, p)
	theirs, ok := ext.KeyShares.Find(wire.GroupP256)
	if !ok {
		t.Fatal("no share of P-256")
	}
	key, err := dtlstest.Keys{Rand: dtlstest.NewRand(9)}.GenerateKey(wire.GroupP256)
	if err != nil {
		t.Fatal(err)
	}
	share, _, err := key.Respond(theirs.KeyExchange)
	if err != nil {
		t.Fatal(err)
	}
	s := &serverHello{
		hello: wire.ServerHello{Version: wire.VersionDTLS12, Random: [32]byte{1}, CipherSuite: wire.TLS_AES_128_GCM_SHA256},
		ext: wire.ServerExtensions{
			SelectedVersion: wire.VersionDTLS13,
			KeyShare:        wire.KeyShare{Group: wire.GroupP256, KeyExchange: share},
		},
	}
	return p, s
}

func (s *serverHello) encode() []byte {
	s.hello.Extensions = s.ext.AppendTo(nil)
	return message(wire.TypeServerHello, 0, s.hello.AppendTo(nil))
}

func TestClientTakesAServerHelloOf13(t *testing.T) {
	p, s := offeredHello(t)
	p.Client.Receive(p.Now, s.encode())
	if p.Client.Over || p.Client.Awaits() != "await encrypted_extensions" {
		t.Errorf("now %q: %v", p.Client.Awaits(), p.Client.Err)
	}
}

func TestClientRefusesServerHellosOf13(t *testing.T) {
	tests := []struct {
		name   string
		change func(s *serverHello)
		alert  wire.AlertDescription
	}{
		{"a version that supported_versions cannot say", func(s *serverHello) { s.hello.Version, s.ext.SelectedVersion = wire.VersionDTLS10, wire.VersionDTLS12 }, wire.AlertIllegalParameter},
		{"a version that nobody knows", func(s *serverHello) { s.ext.SelectedVersion = 0xfef0 }, wire.AlertIllegalParameter},
		{"another legacy version", func(s *serverHello) { s.hello.Version = wire.VersionDTLS10 }, wire.AlertIllegalParameter},
		{"a session ID", func(s *serverHello) { s.hello.SessionID = []byte("session") }, wire.AlertIllegalParameter},
		{"compression", func(s *serverHello) { s.hello.CompressionMethod = 1 }, wire.AlertIllegalParameter},
		{"a suite of DTLS 1.2", func(s *serverHello) { s.hello.CipherSuite = wire.TLS_PSK_WITH_AES_128_GCM_SHA256 }, wire.AlertIllegalParameter},
		{"no key share", func(s *serverHello) { s.ext.KeyShare = wire.KeyShare{} }, wire.AlertMissingExtension},
		{"a key share of another group", func(s *serverHello) { s.ext.KeyShare.Group = wire.GroupX25519 }, wire.AlertIllegalParameter},
		{"a key share that is none", func(s *serverHello) { s.ext.KeyShare.KeyExchange = make([]byte, 65) }, wire.AlertIllegalParameter},
		{"a key share without a point", func(s *serverHello) { s.ext.KeyShare.KeyExchange = []byte{4} }, wire.AlertIllegalParameter},
		{"a pre-shared key that was not offered", func(s *serverHello) { s.ext.HasSelectedIdentity, s.ext.SelectedIdentity = true, 1 }, wire.AlertIllegalParameter},
		{"a pre-shared key alone, which was not offered", func(s *serverHello) { s.ext.HasSelectedIdentity, s.ext.KeyShare = true, wire.KeyShare{} }, wire.AlertIllegalParameter},
		{"a pre-shared key of another hash", func(s *serverHello) {
			s.ext.HasSelectedIdentity, s.hello.CipherSuite = true, wire.TLS_AES_256_GCM_SHA384
		}, wire.AlertIllegalParameter},
		{"an extension that belongs elsewhere", func(s *serverHello) { s.ext.ALPN = []byte("h3") }, wire.AlertIllegalParameter},
		{"a cookie", func(s *serverHello) { s.ext.Cookie = []byte("cookie") }, wire.AlertIllegalParameter},
		{"a connection ID, which was not offered", func(s *serverHello) { s.ext.HasConnectionID = true }, wire.AlertUnsupportedExtension},
		{"a HelloRetryRequest without a version", func(s *serverHello) {
			s.hello.Random, s.ext = wire.HelloRetryRequestRandom(), wire.ServerExtensions{}
		}, wire.AlertIllegalParameter},
		{"a HelloRetryRequest that asks for nothing", func(s *serverHello) {
			s.hello.Random, s.ext = wire.HelloRetryRequestRandom(), wire.ServerExtensions{SelectedVersion: wire.VersionDTLS13}
		}, wire.AlertIllegalParameter},
		{"a HelloRetryRequest for the share that is there", func(s *serverHello) {
			s.hello.Random, s.ext = wire.HelloRetryRequestRandom(), wire.ServerExtensions{SelectedVersion: wire.VersionDTLS13, SelectedGroup: wire.GroupP256}
		}, wire.AlertIllegalParameter},
		{"a HelloRetryRequest for a group that was not offered", func(s *serverHello) {
			s.hello.Random, s.ext = wire.HelloRetryRequestRandom(), wire.ServerExtensions{SelectedVersion: wire.VersionDTLS13, SelectedGroup: wire.GroupX25519MLKEM768}
		}, wire.AlertIllegalParameter},
		{"DTLS 1.2 from a server that could speak 1.3", func(s *serverHello) {
			s.hello.CipherSuite, s.ext = wire.TLS_PSK_WITH_AES_128_GCM_SHA256, wire.ServerExtensions{}
			copy(s.hello.Random[24:], wire.DowngradeDTLS12)
		}, wire.AlertIllegalParameter},
		{"DTLS 1.0", func(s *serverHello) { s.hello.Version, s.ext.SelectedVersion = wire.VersionDTLS10, 0 }, wire.AlertProtocolVersion},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, s := offeredHello(t)
			tt.change(s)
			p.Client.Receive(p.Now, s.encode())
			if alert, ok := lastAlert(t, p.Client); !ok || !p.Client.Over || alert.Description != tt.alert {
				t.Errorf("ended %t with %v (%v), want %v", p.Client.Over, alert, p.Client.Err, tt.alert)
			}
		})
	}
}

func TestClientWithoutCertificatesNeedsItsKeyTaken(t *testing.T) {
	p, s := offeredHello(t, client(func(cfg *engine.Config) { cfg.Certificate = false }))
	p.Client.Receive(p.Now, s.encode())
	if alert, ok := lastAlert(t, p.Client); !ok || alert.Description != wire.AlertHandshakeFailure {
		t.Errorf("ended %t with %v", p.Client.Over, alert)
	}
}

func TestSecondServerHelloKeepsToTheHelloRetryRequest(t *testing.T) {
	for _, change := range []func(s *serverHello){
		func(s *serverHello) { s.hello.CipherSuite = wire.TLS_CHACHA20_POLY1305_SHA256 },
		func(s *serverHello) { s.hello.Version, s.ext = wire.VersionDTLS12, wire.ServerExtensions{} },
	} {
		p, s := offeredHello(t, withCertificates)
		hello := engine.Hello{}
		request, _ := door{suite: suite.Lookup13(wire.TLS_AES_128_GCM_SHA256), cookie: "cookie"}.ask(hello)
		p.Client.Receive(p.Now, request)
		p.Client.Take()
		change(s)
		s.hello.Extensions = s.ext.AppendTo(nil)
		p.Client.Receive(p.Now, message(wire.TypeServerHello, 1, s.hello.AppendTo(nil)))
		if alert, ok := lastAlert(t, p.Client); !ok || alert.Description != wire.AlertIllegalParameter {
			t.Errorf("ended %t with %v", p.Client.Over, alert)
		}
	}
}
