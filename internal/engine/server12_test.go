package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// greeted returns a server that heard a hello with changes.
func greeted(t *testing.T, change func(hello *wire.ClientHello, ext *wire.ClientExtensions), options ...dtlstest.Option) *dtlstest.Pair {
	t.Helper()
	p := dtlstest.NewPair(t, 1, options...)
	p.ToServer(changedHello(t, p.Client.Take()[0], change))
	if p.Server == nil {
		t.Fatal("no server")
	}
	return p
}

func TestServerRefusesAHelloThatItCannotAnswer(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(hello *wire.ClientHello, ext *wire.ClientExtensions)
		want   wire.AlertDescription
		says   string
	}{
		{"DTLS 1.0", func(h *wire.ClientHello, _ *wire.ClientExtensions) { h.Version = wire.VersionDTLS10 },
			wire.AlertProtocolVersion, "no common version: client offers DTLS 1.0; server accepts DTLS 1.2"},
		{"DTLS 1.3 only", func(_ *wire.ClientHello, e *wire.ClientExtensions) {
			e.SupportedVersions = wire.AppendUint16s(nil, wire.VersionDTLS13)
		}, wire.AlertProtocolVersion, "no common version: client offers DTLS 1.3; server accepts DTLS 1.2"},
		{"versions nobody knows", func(_ *wire.ClientHello, e *wire.ClientExtensions) {
			e.SupportedVersions = wire.AppendUint16s(nil, wire.VersionDTLS13, wire.VersionDTLS10)
		}, wire.AlertProtocolVersion, "no common version: client offers DTLS 1.3, DTLS 1.0; server accepts DTLS 1.2"},
		{"renegotiation", func(_ *wire.ClientHello, e *wire.ClientExtensions) {
			e.HasRenegotiationInfo, e.RenegotiationInfo = true, []byte("before")
		}, wire.AlertHandshakeFailure, "renegotiation_info is not empty in an initial handshake"},
		{"other suites", func(h *wire.ClientHello, _ *wire.ClientExtensions) {
			h.CipherSuites = wire.AppendUint16s[uint16](nil, 0x1301)
		}, wire.AlertHandshakeFailure, "no common cipher suite: client offers TLS_AES_128_GCM_SHA256; server accepts PSK-AES128-GCM-SHA256"},
		{"R29: RSA key exchange", func(h *wire.ClientHello, _ *wire.ClientExtensions) {
			h.CipherSuites = wire.AppendUint16s[uint16](nil, 0x002f, 0x003c, 0x009c, 0xc09c)
		}, wire.AlertHandshakeFailure, "no common cipher suite"},
		{"only compression", func(h *wire.ClientHello, _ *wire.ClientExtensions) { h.CompressionMethods = []byte{1} },
			wire.AlertIllegalParameter, "null compression"},
		{"a record size that is too small", func(_ *wire.ClientHello, e *wire.ClientExtensions) { e.RecordSizeLimit = 63 },
			wire.AlertIllegalParameter, "record_size_limit"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := greeted(t, test.change, only(plainPSK))
			wantRefused(t, p.Server, test.want, test.name)
			if !strings.Contains(fmt.Sprint(p.Server.Err), test.says) {
				t.Errorf("the server says %q, want %q", p.Server.Err, test.says)
			}
		})
	}
}

func TestServerTakesAHelloOfANewerClient(t *testing.T) {
	for _, change := range []func(hello *wire.ClientHello, ext *wire.ClientExtensions){
		func(_ *wire.ClientHello, e *wire.ClientExtensions) {
			e.SupportedVersions = wire.AppendUint16s(nil, wire.VersionDTLS13, wire.VersionDTLS12)
		},
		func(h *wire.ClientHello, _ *wire.ClientExtensions) { h.Version = wire.VersionDTLS13 },
	} {
		p := greeted(t, change)
		if hello := serverHelloOf(t, p.Server.Outbox); hello.Version != wire.VersionDTLS12 {
			t.Errorf("answered with %v", hello.Version)
		}
	}
}

func TestMalformedHelloIsRefused(t *testing.T) {
	for _, body := range [][]byte{{1}, bytes.Repeat([]byte{255}, 100)} {
		p := dtlstest.NewPair(t, 1)
		p.ToServer(message(wire.TypeClientHello, 0, body))
		wantRefused(t, p.Server, wire.AlertDecodeError, "a hello that does not parse")
	}
}

func TestMessageThatIsTooLargeIsRefused(t *testing.T) {
	limits := server(func(cfg *engine.Config) { cfg.MaxMessage = 1000 })
	p := dtlstest.NewPair(t, 1, limits)
	p.ToServer(message(wire.TypeClientHello, 0, make([]byte, 1001)))
	wantRefused(t, p.Server, wire.AlertIllegalParameter, "a hello that is too large")

	p = dtlstest.NewPair(t, 1, limits, only(ecdsa))
	p.FlushClient()
	p.Server.Take()
	begin := wire.Fragment{Type: wire.TypeClientKeyExchange, Length: 1001, Seq: 1, Body: []byte("the first bytes")}
	p.ToServer(plaintext(wire.ContentHandshake, begin.AppendTo(nil)))
	wantRefused(t, p.Server, wire.AlertIllegalParameter, "a message that declares to be too large")
}

func TestServerAnswersOnlyWhatTheClientOffers(t *testing.T) {
	bare := func(h *wire.ClientHello, e *wire.ClientExtensions) {
		h.CipherSuites = wire.AppendUint16s(nil, plainPSK.ID)
		*e = wire.ClientExtensions{}
	}
	everything := server(func(cfg *engine.Config) {
		cfg.Policy.NextProtos = []string{"coap"}
		cfg.Policy.SRTPProfiles = []uint16{7}
		cfg.RecordSizeLimit = 1000
		cfg.Tickets = sealer(t, 1)
		cfg.SessionCache = true
	})
	hello := serverHelloOf(t, greeted(t, bare, everything).Server.Outbox)
	if len(hello.Extensions) > 0 {
		t.Errorf("extensions %x for a client that sent none", hello.Extensions)
	}

	hello = serverHelloOf(t, greeted(t, func(h *wire.ClientHello, e *wire.ClientExtensions) {
		*e = wire.ClientExtensions{
			ServerName: "server.example", ExtendedMasterSecret: true, EncryptThenMAC: true, HasSessionTicket: true,
			HasRenegotiationInfo: true, RecordSizeLimit: 500, MaxFragmentLength: 2, ALPN: [][]byte{[]byte("coap")},
			SRTP:            &wire.UseSRTP{Profiles: wire.AppendUint16s[uint16](nil, 1, 7), MKI: []byte("key 1")},
			SupportedGroups: wire.AppendUint16s(nil, wire.GroupP256), PointFormats: []byte{0},
			HasConnectionID: true, StatusRequest: true,
		}
	}, everything, only(ecdhePSK)).Server.Outbox)
	ext, err := wire.ParseServerExtensions(hello.Extensions)
	if err != nil {
		t.Fatal(err)
	}
	if !ext.ExtendedMasterSecret || !ext.SessionTicket || !ext.HasRenegotiationInfo || string(ext.ALPN) != "coap" ||
		ext.SRTP == nil || ext.SRTP.Profiles.At(0) != 7 || len(ext.SRTP.MKI) > 0 || !bytes.Equal(ext.PointFormats, []byte{0}) {
		t.Errorf("extensions %+v", ext)
	}
	if ext.RecordSizeLimit != 1000 || ext.MaxFragmentLength != 0 {
		t.Errorf("record_size_limit %d, max_fragment_length %d: only the newer one is answered", ext.RecordSizeLimit, ext.MaxFragmentLength)
	}
	if ext.EncryptThenMAC || ext.HasConnectionID || ext.StatusRequest || ext.ServerName {
		t.Errorf("extensions %+v: not for this suite, or not supported", ext)
	}
}

func TestServerNameIsAcknowledgedOnlyIfAskedFor(t *testing.T) {
	named := func(_ *wire.ClientHello, e *wire.ClientExtensions) { e.ServerName = "server.example" }
	for _, acknowledge := range []bool{false, true} {
		p := greeted(t, named, server(func(cfg *engine.Config) { cfg.AcknowledgeName = acknowledge }))
		ext, err := wire.ParseServerExtensions(serverHelloOf(t, p.Server.Outbox).Extensions)
		if err != nil || ext.ServerName != acknowledge {
			t.Errorf("server_name is acknowledged: %v, %v; want %v", ext.ServerName, err, acknowledge)
		}
	}
}

func TestRenegotiationInfoIsAnsweredToItsSignal(t *testing.T) {
	p := greeted(t, func(*wire.ClientHello, *wire.ClientExtensions) {})
	ext, err := wire.ParseServerExtensions(serverHelloOf(t, p.Server.Outbox).Extensions)
	if err != nil || !ext.HasRenegotiationInfo || len(ext.RenegotiationInfo) > 0 {
		t.Errorf("renegotiation_info %v %x, %v", ext.HasRenegotiationInfo, ext.RenegotiationInfo, err)
	}
}

func TestALPNAndSRTPAndNamesAreAgreedUpon(t *testing.T) {
	p := connected(t, target(engine.Target{ServerName: "server.example"}), client(func(cfg *engine.Config) {
		cfg.Policy.NextProtos = []string{"syslog", "coap"}
		cfg.Policy.SRTPProfiles = []uint16{1, 7}
	}), server(func(cfg *engine.Config) {
		cfg.Policy.NextProtos = []string{"http", "coap", "syslog"}
		cfg.Policy.SRTPProfiles = []uint16{7, 1}
	}))
	for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
		if s := e.State(); s.ALPN != "coap" || s.SRTPProfile != 7 || s.ServerName != "server.example" || s.Version != wire.VersionDTLS12 {
			t.Errorf("%v agreed on %+v", e.Side(), s)
		}
	}
}

func TestNoCommonProtocolEndsTheHandshake(t *testing.T) {
	p := dtlstest.NewPair(t, 1, client(func(cfg *engine.Config) { cfg.Policy.NextProtos = []string{"syslog"} }),
		server(func(cfg *engine.Config) { cfg.Policy.NextProtos = []string{"coap"} }))
	p.FlushClient()
	wantRefused(t, p.Server, wire.AlertNoApplicationProtocol, "a client that speaks something else")
}

func TestRecordsKeepToTheLimitOfThePeer(t *testing.T) {
	for _, s := range []*suite.Suite{plainPSK, ecdsa, cbc} {
		p := connected(t, only(s), client(func(cfg *engine.Config) { cfg.RecordSizeLimit = 64 }),
			server(func(cfg *engine.Config) { cfg.RecordSizeLimit = 100 }))
		wantLimit(t, p.Server, 64)
		wantLimit(t, p.Client, 100)
		wantEcho(t, p)
	}
	p := connected(t, client(func(cfg *engine.Config) { cfg.RecordSizeLimit = 64 }))
	wantLimit(t, p.Client, wire.MaxPlaintext)
	p = connected(t, server(func(cfg *engine.Config) { cfg.RecordSizeLimit = 64 }))
	wantLimit(t, p.Client, wire.MaxPlaintext) // it did not ask what the server takes
	wantLimit(t, p.Server, wire.MaxPlaintext)
}

func wantLimit(t *testing.T, e *dtlstest.Endpoint, want int) {
	t.Helper()
	if got := e.MaxPlaintext(); got != want {
		t.Errorf("%v may send %d bytes in a record, want %d", e.Side(), got, want)
	}
	if _, err := e.Send(nil, make([]byte, want+1)); !errors.Is(err, engine.ErrMessageTooLarge) {
		t.Errorf("%v sends %d bytes: %v", e.Side(), want+1, err)
	}
	if _, err := e.Send(nil, make([]byte, want)); err != nil {
		t.Errorf("%v does not send %d bytes: %v", e.Side(), want, err)
	}
}

func TestRecordsAboveOurOwnLimitAreDropped(t *testing.T) {
	limit := func(n int) func(cfg *engine.Config) { return func(cfg *engine.Config) { cfg.RecordSizeLimit = n } }
	for _, s := range []*suite.Suite{plainPSK, ecdsa, cbc} {
		p := connected(t, only(s), client(limit(64)), server(limit(100)))
		wantOwnLimit(t, p, p.Client, p.Server, 64)
		wantOwnLimit(t, p, p.Server, p.Client, 100)
		wantEcho(t, p)
	}
	// It holds for what goes on elsewhere, too.
	v, _ := newVault(t)
	p := connected(t, client(limit(64)), server(limit(100)))
	sealed, err := p.Server.Handover(p.Now, v)
	if err != nil {
		t.Fatal(err)
	}
	adopt(t, p, v, sealed)
	wantOwnLimit(t, p, p.Server, p.Client, 100)
	// A client that did not ask has not heard of the limit.
	p = connected(t, server(limit(64)))
	longest := string(make([]byte, wire.MaxPlaintext))
	p.ToServer(said(t, p, longest))
	wantLast(t, p.Server, longest)
}

// wantOwnLimit wants e to take records of so many bytes, and to drop longer
// ones.
func wantOwnLimit(t *testing.T, p *dtlstest.Pair, e, peer *dtlstest.Endpoint, limit int) {
	t.Helper()
	before := e.Drops[wire.DropRecordOverflow]
	e.Receive(p.Now, peer.SealAs(wire.ContentApplicationData, make([]byte, limit+1)))
	wantDrop(t, e, wire.DropRecordOverflow, before+1, "a record of one byte too many")
	e.Receive(p.Now, peer.SealAs(wire.ContentApplicationData, make([]byte, limit)))
	wantDrop(t, e, wire.DropRecordOverflow, before+1, "a record of just the limit")
	wantLast(t, e, string(make([]byte, limit)))
}

func TestHandshakeRecordsKeepToTheLimitAndFillTheirDatagrams(t *testing.T) {
	flight := serverFlight(t, 0, only(ecdsa), longChain(1), client(func(cfg *engine.Config) { cfg.RecordSizeLimit = 64 }),
		server(func(cfg *engine.Config) {
			cfg.Credentials = []engine.Credential{dtlstest.NewCredential(dtlstest.ECDSAP256)}
		}))[0]
	for i, datagram := range flight {
		for _, r := range records(t, datagram) {
			if len(r.Payload) > 64 {
				t.Errorf("a record of %d bytes", len(r.Payload))
			}
		}
		if n := len(datagram); i < len(flight)-1 && n < engine.DefaultMTU-64-wire.RecordHeaderLen {
			t.Errorf("datagram %d of %d has %d bytes", i+1, len(flight), n)
		}
	}
	joined(t, flight)
}

func TestMaxFragmentLengthLimitsWhatTheServerSendsAndTakes(t *testing.T) {
	for value, want := range map[uint8]int{1: 512, 2: 1024, 3: 2048, 4: 4096} {
		p := greeted(t, func(_ *wire.ClientHello, e *wire.ClientExtensions) { e.MaxFragmentLength = value }, only(ecdsa))
		ext, err := wire.ParseServerExtensions(serverHelloOf(t, p.Server.Outbox).Extensions)
		if err != nil || ext.MaxFragmentLength != value {
			t.Errorf("max_fragment_length %d is answered with %d, %v", value, ext.MaxFragmentLength, err)
		}
		if got := p.Server.MaxPlaintext(); got != want {
			t.Errorf("max_fragment_length %d: %d bytes in a record, want %d", value, got, want)
		}
		if got := p.Server.OwnRecordSize(); got != want {
			t.Errorf("max_fragment_length %d: takes records of %d bytes, want %d", value, got, want)
		}
		for _, datagram := range p.Server.Outbox {
			for _, r := range records(t, datagram) {
				if len(r.Payload) > want {
					t.Errorf("max_fragment_length %d: a handshake record of %d bytes", value, len(r.Payload))
				}
			}
		}
	}
}

func TestR27CBCNeedsEncryptThenMAC(t *testing.T) {
	for _, s := range suite.Default() {
		if s.CBC() {
			t.Errorf("%v is on by default", s)
		}
	}
	p := connected(t, only(cbc))
	for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
		if !e.State().EncryptThenMAC {
			t.Errorf("%v: no encrypt_then_mac", e.Side())
		}
	}
	wantEcho(t, p)

	p = dtlstest.NewPair(t, 1, only(cbc))
	p.ToServer(withoutExtension(t, p.Client.Take()[0], wire.ExtensionEncryptThenMAC))
	wantRefused(t, p.Server, wire.AlertHandshakeFailure, "a client without encrypt_then_mac")

	p = dtlstest.NewPair(t, 1, only(cbc), server(func(cfg *engine.Config) { cfg.Policy.EncryptThenMACRequired = false }))
	p.ToServer(withoutExtension(t, p.Client.Take()[0], wire.ExtensionEncryptThenMAC))
	p.FlushServer()
	wantRefused(t, p.Client, wire.AlertHandshakeFailure, "a server without encrypt_then_mac")

	p = connected(t, only(plainPSK))
	if p.Server.State().EncryptThenMAC {
		t.Error("encrypt_then_mac with an AEAD")
	}
}

func TestR29NoSuiteHasRSAKeyExchange(t *testing.T) {
	for _, s := range suite.All() {
		if k := s.KeyExchange; !k.UsesPSK() && !k.UsesECDHE() || strings.HasPrefix(s.Name, "TLS_RSA_") || strings.Contains(s.Name, "RSA_PSK") {
			t.Errorf("%v", s)
		}
	}
}

func TestR18IdentitiesAreByteStrings(t *testing.T) {
	for _, identity := range []string{"", "\x00", "client\x00", "client\x00admin", "\xff\xfe\x80", "{}'\"\n", strings.Repeat("x", 256)} {
		owner := func(e *dtlstest.Endpoint) {
			e.Identity = identity
			e.PSKs = map[string]string{identity: "the key to exactly this", "client": "the key to another"}
		}
		for _, s := range []*suite.Suite{plainPSK, ecdhePSK} {
			p := connected(t, only(s), clientOwner(owner), serverOwner(owner))
			if got := p.Server.State().Identity; string(got) != identity {
				t.Errorf("%v: identity %q became %q", s, identity, got)
			}
		}
	}
}

func TestR18LongIdentityIsRefusedAndNeverCut(t *testing.T) {
	long := strings.Repeat("x", 257)
	p := dtlstest.NewPair(t, 1, only(plainPSK), clientOwner(func(e *dtlstest.Endpoint) {
		e.Identity = long
		e.PSKs = map[string]string{long: "a key"}
	}), serverOwner(func(e *dtlstest.Endpoint) { e.PSKs = map[string]string{long[:256]: "a key", long: "a key"} }))
	p.FlushClient()
	p.FlushServer()
	p.FlushClient()
	wantOver(t, p.Server, engine.ErrIdentityTooLong, "an identity of 257 bytes")
	wantRefused(t, p.Server, wire.AlertHandshakeFailure, "an identity of 257 bytes")
	wantDrop(t, p.Server, wire.DropIdentityTooLong, 1, "an identity of 257 bytes")
	if p.Server.Asked[engine.EventLookupPSK] > 0 {
		t.Error("the owner is asked for its key")
	}
}

// counted counts what is read of a source of randomness.
type counted struct {
	io.Reader
	calls, bytes int
}

func (c *counted) Read(b []byte) (int, error) {
	c.calls++
	c.bytes += len(b)
	return c.Reader.Read(b)
}

// effort is what a handshake costs a server, and what the client sees of it.
type effort struct {
	Asked                string
	Randoms, RandomBytes int
	Datagrams, Bytes     int
	Warnings, Repeated   int
	Alert                wire.Alert
	Over                 bool
	Err                  string
	Drops                [wire.NumDrops]int
	After                time.Duration
}

func TestR28UnknownIdentityLooksLikeAWrongKey(t *testing.T) {
	run := func(s *suite.Suite, owner func(e *dtlstest.Endpoint)) effort {
		var source *counted
		p := dtlstest.NewPair(t, 1, only(s), serverOwner(owner), server(func(cfg *engine.Config) {
			source = &counted{Reader: cfg.Rand}
			cfg.Rand = source
		}))
		for !p.Client.Over || !p.Server.Over {
			p.FlushClient()
			p.FlushServer()
			p.Advance(500 * time.Millisecond)
		}
		e := p.Server
		last, _ := lastAlert(t, e)
		return effort{
			Asked: fmt.Sprint(e.Asked), Randoms: source.calls, RandomBytes: source.bytes,
			Datagrams: e.SentCount, Bytes: e.SentBytes, Warnings: len(e.Warnings), Repeated: e.Repeated,
			Alert: last, Over: e.Over, Err: e.Err.Error(), Drops: e.Drops, After: p.Now.Sub(dtlstest.Epoch),
		}
	}
	for _, s := range suite.All() {
		if !s.KeyExchange.UsesPSK() {
			continue
		}
		unknown := run(s, func(e *dtlstest.Endpoint) { e.PSKs = nil })
		for _, key := range []string{"another key", "b", strings.Repeat("long ", 50)} {
			if wrong := run(s, func(e *dtlstest.Endpoint) { e.PSKs = map[string]string{"client": key} }); wrong != unknown {
				t.Errorf("%v: unknown identity: %+v\nwrong key: %+v", s, unknown, wrong)
			}
		}
		if unknown.Warnings != 1 || unknown.Datagrams == 0 {
			t.Errorf("%v: %+v", s, unknown)
		}
	}
}

func TestR19FailedPeersLeaveNoMark(t *testing.T) {
	cfg := dtlstest.Config(1)
	shared := cfg.Complete()
	ws := engine.NewWorkspace()
	for i := range 5 {
		p := mismatched(t, only(plainPSK))
		hello, _ := dtlstest.WholeHello(p.Client.Take()[0])
		failed := engine.NewServer(shared, ws, p.Now, hello)
		for failed.Next().Kind != engine.EventNone {
		}
		failed.Receive(p.Now, message(wire.TypeCertificateStatus, 1, nil))
		for failed.Next().Kind != engine.EventNone {
		}
		if !failed.Closed() {
			t.Fatal("it should have failed")
		}

		good := dtlstest.NewPair(t, uint64(i), only(plainPSK))
		hello, _ = dtlstest.WholeHello(good.Client.Take()[0])
		good.Server = &dtlstest.Endpoint{Association: engine.NewServer(shared, ws, good.Now, hello), PSKs: good.Client.PSKs, Asked: map[engine.EventKind]int{}}
		good.Server.Drain(good.Now)
		good.Connect()
		wantEcho(t, good)
	}
}

func TestSelectedCredentialsAreUsed(t *testing.T) {
	options := []dtlstest.Option{target(engine.Target{ServerName: "server.example"}),
		client(func(cfg *engine.Config) {
			cfg.Policy.Suites = []*suite.Suite{ecdsa, rsa}
			cfg.Policy.NextProtos = []string{"coap"}
		}),
		server(func(cfg *engine.Config) {
			cfg.SelectCredentials = true
			cfg.Credentials = nil
		}),
		serverOwner(func(e *dtlstest.Endpoint) { e.Hold = true })}
	p := dtlstest.NewPair(t, 1, options...)
	p.FlushClient()
	question := p.Server.Questions[0]
	info := question.Hello
	if question.Kind != engine.EventSelectCredentials || info.ServerName != "server.example" || len(info.ALPN) != 1 ||
		len(info.CipherSuites) != 3 || len(info.Groups) != 3 || len(info.SignatureSchemes) == 0 ||
		len(info.SupportedVersions) != 1 || info.SupportedVersions[0] != wire.VersionDTLS12 {
		t.Errorf("the server asks %+v with %+v", question, info)
	}
	p.Server.Hold = false
	p.Server.Resolve(p.Now, question.Token, engine.Credentials{List: []engine.Credential{dtlstest.NewCredential(dtlstest.RSA)}})
	p.Server.Drain(p.Now)
	p.Connect()
	if p.Server.State().Suite != rsa {
		t.Errorf("suite %v for an RSA certificate", p.Server.State().Suite)
	}

	p = dtlstest.NewPair(t, 1, options...)
	p.FlushClient()
	reason := errors.New("no such name here")
	p.Server.Resolve(p.Now, p.Server.Questions[0].Token, engine.Credentials{Err: reason})
	p.Server.Drain(p.Now)
	wantOver(t, p.Server, reason, "the owner refuses")
	wantRefused(t, p.Server, wire.AlertHandshakeFailure, "the client is told")
}
