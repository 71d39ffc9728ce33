package engine_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// plainServerHello is what a server with a PSK answers.
func plainServerHello() (wire.ServerHello, wire.ServerExtensions) {
	hello := wire.ServerHello{
		Version:     wire.VersionDTLS12,
		Random:      [32]byte{1},
		CipherSuite: plainPSK.ID,
	}
	return hello, wire.ServerExtensions{ExtendedMasterSecret: true, HasRenegotiationInfo: true}
}

func TestClientRefusesAServerHelloThatDoesNotAnswerItsOwn(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(hello *wire.ServerHello, ext *wire.ServerExtensions)
		want   wire.AlertDescription
	}{
		{"DTLS 1.0", func(h *wire.ServerHello, _ *wire.ServerExtensions) { h.Version = wire.VersionDTLS10 }, wire.AlertProtocolVersion},
		{"DTLS 1.3", func(h *wire.ServerHello, _ *wire.ServerExtensions) { h.Version = wire.VersionDTLS13 }, wire.AlertProtocolVersion},
		{"TLS 1.2", func(h *wire.ServerHello, _ *wire.ServerExtensions) { h.Version = 0x0303 }, wire.AlertProtocolVersion},
		{"a suite that was not offered", func(h *wire.ServerHello, _ *wire.ServerExtensions) { h.CipherSuite = ecdsa.ID }, wire.AlertIllegalParameter},
		{"a suite that nobody knows", func(h *wire.ServerHello, _ *wire.ServerExtensions) { h.CipherSuite = 0x1301 }, wire.AlertIllegalParameter},
		{"the signal instead of a suite", func(h *wire.ServerHello, _ *wire.ServerExtensions) {
			h.CipherSuite = wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV
		}, wire.AlertIllegalParameter},
		{"compression", func(h *wire.ServerHello, _ *wire.ServerExtensions) { h.CompressionMethod = 1 }, wire.AlertIllegalParameter},
		{"an extension that was not offered", func(_ *wire.ServerHello, e *wire.ServerExtensions) { e.HasConnectionID = true }, wire.AlertUnsupportedExtension},
		{"a ticket for a client without a cache", func(_ *wire.ServerHello, e *wire.ServerExtensions) { e.SessionTicket = true }, wire.AlertUnsupportedExtension},
		{"renegotiation", func(_ *wire.ServerHello, e *wire.ServerExtensions) { e.RenegotiationInfo = []byte("before") }, wire.AlertHandshakeFailure},
		{"a protocol that was not offered", func(_ *wire.ServerHello, e *wire.ServerExtensions) { e.ALPN = []byte("gopher") }, wire.AlertIllegalParameter},
		{"an SRTP profile that was not offered", func(_ *wire.ServerHello, e *wire.ServerExtensions) {
			e.SRTP = &wire.UseSRTP{Profiles: wire.AppendUint16s[uint16](nil, 8)}
		}, wire.AlertIllegalParameter},
		{"a record size that is too small", func(_ *wire.ServerHello, e *wire.ServerExtensions) { e.RecordSizeLimit = 63 }, wire.AlertIllegalParameter},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := dtlstest.NewPair(t, 1, only(plainPSK), client(func(cfg *engine.Config) {
				cfg.Policy.NextProtos = []string{"coap"}
				cfg.Policy.SRTPProfiles = []uint16{7}
				cfg.RecordSizeLimit = 1000
			}))
			p.Client.Take()
			hello, ext := plainServerHello()
			test.change(&hello, &ext)
			hello.Extensions = ext.AppendTo(nil)
			p.Client.Receive(p.Now, message(wire.TypeServerHello, 0, hello.AppendTo(nil)))
			wantRefused(t, p.Client, test.want, test.name)
		})
	}
}

func TestClientTakesAServerHelloWithoutExtensions(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(plainPSK))
	p.Client.Take()
	hello, _ := plainServerHello()
	p.Client.Receive(p.Now, message(wire.TypeServerHello, 0, hello.AppendTo(nil)))
	if p.Client.Over || p.Client.Awaits() != "await server_key_exchange or server_hello_done" {
		t.Errorf("the client: %q, %v", p.Client.Awaits(), p.Client.Err)
	}
}

// changedFlight delivers the server's flight to the client, one message
// changed.
func changedFlight(t *testing.T, p *dtlstest.Pair, typ wire.HandshakeType, change func(body []byte) []byte) {
	t.Helper()
	p.FlushClient()
	for _, f := range fragments(t, p.Server.Take()...) {
		body := f.Body
		if f.Type == typ {
			body = change(body)
		}
		p.Client.Receive(p.Now, message(f.Type, f.Seq, body))
		if p.Client.Over {
			return
		}
	}
}

func TestClientRefusesAKeyExchangeThatIsNotTheServers(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(m *wire.ServerKeyExchange)
		want   wire.AlertDescription
	}{
		{"another key than was signed", func(m *wire.ServerKeyExchange) { m.PublicKey = append([]byte{4}, make([]byte, 64)...) }, wire.AlertDecryptError},
		{"another signature", func(m *wire.ServerKeyExchange) { m.Signature[10] ^= 1 }, wire.AlertDecryptError},
		{"no signature", func(m *wire.ServerKeyExchange) { m.Signature = nil }, wire.AlertDecryptError},
		{"a group that was not offered", func(m *wire.ServerKeyExchange) { m.Group = 25 }, wire.AlertIllegalParameter},
		{"a scheme that was not offered", func(m *wire.ServerKeyExchange) { m.Scheme = wire.ECDSAWithSHA1 }, wire.AlertIllegalParameter},
		{"a scheme of other keys", func(m *wire.ServerKeyExchange) { m.Scheme = wire.PSSWithSHA256 }, wire.AlertDecryptError},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := dtlstest.NewPair(t, 1, only(ecdsa), oneByOne)
			form := ecdsa.KeyExchange.Form()
			changedFlight(t, p, wire.TypeServerKeyExchange, func(body []byte) []byte {
				m, err := wire.ParseServerKeyExchange(form, body)
				if err != nil {
					t.Fatal(err)
				}
				test.change(&m)
				return m.AppendTo(form, nil)
			})
			wantRefused(t, p.Client, test.want, test.name)
		})
	}
}

func TestInvalidKeyShareIsRefusedByBothSides(t *testing.T) {
	invalid := map[wire.Group][]byte{
		wire.GroupX25519: make([]byte, 32), // leads to an all-zero secret: RFC 7748, Section 6.1
		wire.GroupP256:   append([]byte{4}, make([]byte, 64)...),
		wire.GroupP384:   []byte{0},
	}
	for group, point := range invalid {
		groups := both(func(cfg *engine.Config) { cfg.Policy.Groups = []wire.Group{group} })
		form := ecdhePSK.KeyExchange.Form()

		p := dtlstest.NewPair(t, 1, only(ecdhePSK), groups, oneByOne)
		changedFlight(t, p, wire.TypeServerKeyExchange, func([]byte) []byte {
			return wire.ServerKeyExchange{Group: group, PublicKey: point}.AppendTo(form, nil)
		})
		wantRefused(t, p.Client, wire.AlertIllegalParameter, "an invalid point of "+group.String())

		p = dtlstest.NewPair(t, 1, only(ecdhePSK), groups)
		p.FlushClient()
		p.Server.Take()
		share := wire.ClientKeyExchange{Identity: []byte("client"), PublicKey: point}
		p.ToServer(message(wire.TypeClientKeyExchange, 1, share.AppendTo(form, nil)))
		wantRefused(t, p.Server, wire.AlertIllegalParameter, "an invalid point of "+group.String())
	}
}

func TestClientVerifiesTheServersCertificate(t *testing.T) {
	distrust := errors.New("nobody knows this authority")
	for _, test := range []struct {
		answer engine.Verified
		want   wire.AlertDescription
	}{
		{engine.Verified{Err: distrust}, wire.AlertBadCertificate},
		{engine.Verified{Err: distrust, Alert: wire.AlertUnknownCA}, wire.AlertUnknownCA},
		{engine.Verified{}, wire.AlertUnsupportedCertificate},
	} {
		p := dtlstest.NewPair(t, 1, only(ecdsa), clientOwner(func(e *dtlstest.Endpoint) { e.Hold = true }))
		p.FlushClient()
		p.FlushServer()
		question := p.Client.Questions[0]
		if question.Kind != engine.EventVerify || len(question.Chain) != 1 {
			t.Fatalf("the client asks %+v", question)
		}
		p.Client.Resolve(p.Now, question.Token, test.answer)
		p.Client.Drain(p.Now)
		wantRefused(t, p.Client, test.want, "a certificate that is not trusted")
		if test.answer.Err != nil {
			wantOver(t, p.Client, distrust, "the reason")
		}
	}
}

func TestCertificateOfAnotherKindThanTheSuiteIsRefused(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(ecdsa), oneByOne)
	changedFlight(t, p, wire.TypeCertificate, func([]byte) []byte {
		return wire.Certificate{Chain: dtlstest.NewCredential(dtlstest.RSA).Chain}.AppendTo(nil)
	})
	wantRefused(t, p.Client, wire.AlertIllegalParameter, "an RSA certificate with an ECDSA suite")

	p = dtlstest.NewPair(t, 1, only(ecdsa), oneByOne)
	changedFlight(t, p, wire.TypeCertificate, func([]byte) []byte { return wire.Certificate{}.AppendTo(nil) })
	wantRefused(t, p.Client, wire.AlertDecodeError, "no certificate at all")
}

func TestClientWithoutAKeyGivesUp(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(plainPSK), clientOwner(func(e *dtlstest.Endpoint) { e.Identity = "nobody" }))
	p.FlushClient()
	p.FlushServer()
	wantOver(t, p.Client, engine.ErrNoPSK, "no key for this server")
	wantRefused(t, p.Client, wire.AlertHandshakeFailure, "the server is told")
}

func TestClientSeesTheServersHint(t *testing.T) {
	for _, s := range []string{"", "which key to take"} {
		p := dtlstest.NewPair(t, 1, only(plainPSK), server(func(cfg *engine.Config) { cfg.PSKHint = []byte(s) }),
			clientOwner(func(e *dtlstest.Endpoint) { e.Hold = true }))
		p.FlushClient()
		p.FlushServer()
		question := p.Client.Questions[0]
		if question.Kind != engine.EventLookupPSK || string(question.Data) != s {
			t.Fatalf("the client asks %+v", question)
		}
		p.Client.AnswerHeld(p.Now)
		p.Connect()
		for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
			if string(e.State().Hint) != s {
				t.Errorf("%v: hint %q, want %q", e.Side(), e.State().Hint, s)
			}
		}
	}
}

// mismatched returns a pair whose sides have different keys for the client.
func mismatched(t *testing.T, options ...dtlstest.Option) *dtlstest.Pair {
	t.Helper()
	return dtlstest.NewPair(t, 1, append(options,
		clientOwner(func(e *dtlstest.Endpoint) { e.PSKs = map[string]string{"client": "not the server's"} }))...)
}

func TestWrongKeyIsReportedOnBothSides(t *testing.T) {
	for _, s := range []dtlstest.Option{only(plainPSK), only(ecdhePSK)} {
		p := mismatched(t, s)
		p.FlushClient()
		p.FlushServer()
		p.FlushClient()
		if len(p.Server.Warnings) != 1 || !errors.Is(p.Server.Warnings[0], engine.ErrWrongKey) {
			t.Errorf("the server warns of %v at the first Finished that it cannot read", p.Server.Warnings)
		}
		wantSilent(t, p.Server, "it does not answer")
		if p.Server.Over {
			t.Error("it does not wait")
		}
		p.Client.Timeout(p.Now.Add(time.Second))
		if len(p.Client.Warnings) > 0 {
			t.Errorf("the client warns of %v after one flight", p.Client.Warnings)
		}
		for !p.Client.Over || !p.Server.Over {
			p.Advance(time.Second)
			p.FlushClient()
			p.Server.Take()
		}
		for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
			if len(e.Warnings) != 1 || !errors.Is(e.Warnings[0], engine.ErrWrongKey) {
				t.Errorf("%v warns of %v, want once of a wrong key", e.Side(), e.Warnings)
			}
			wantOver(t, e, engine.ErrWrongKey, "in the end")
			wantOver(t, e, engine.ErrHandshakeTimeout, "in the end")
		}
	}
}

func TestUnreadableRecordIsNotTakenForAWrongKeyWithoutKeys(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(ecdsa))
	rest, finished := lastFlight(t, p)
	for _, datagram := range rest {
		p.ToServer(datagram)
	}
	forged := slices.Clone(finished)
	forged[len(forged)-1] ^= 1
	p.ToServer(forged)
	wantDrop(t, p.Server, wire.DropAuthentication, 1, "a forged Finished")
	if len(p.Server.Warnings) > 0 {
		t.Errorf("the server warns of %v", p.Server.Warnings)
	}
	p.ToServer(finished)
	p.Connect()
}

func TestClientSuspectsTheKeyAfterTwoUnansweredFlights(t *testing.T) {
	p := mismatched(t, only(plainPSK))
	p.FlushClient()
	p.FlushServer()
	for i, want := range []int{0, 1, 1} {
		p.Now = p.Client.Deadline()
		p.Client.Timeout(p.Now)
		if len(p.Client.Warnings) != want {
			t.Errorf("%d warnings at timeout %d, want %d", len(p.Client.Warnings), i+1, want)
		}
	}
}

func TestLostServerIsNotTakenForAWrongKey(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(plainPSK))
	for !p.Client.Over {
		p.Advance(time.Second)
	}
	wantOver(t, p.Client, engine.ErrHandshakeTimeout, "a server that never answered")
	if errors.Is(p.Client.Err, engine.ErrWrongKey) || len(p.Client.Warnings) > 0 {
		t.Errorf("blamed on the key: %v", p.Client.Err)
	}
	p = dtlstest.NewPair(t, 1, only(ecdsa))
	p.FlushClient()
	p.FlushServer()
	p.Client.Take()
	for !p.Client.Over {
		p.Advance(time.Second)
	}
	if len(p.Client.Warnings) > 0 {
		t.Errorf("a handshake without shared keys is blamed on them: %v", p.Client.Warnings)
	}
}
