package gate

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// newGate13 returns a gate of a server that prefers DTLS 1.3, with the secrets of newGate.
func newGate13(t testing.TB, cfg Config) *Gate {
	t.Helper()
	return newGate(t, with13(cfg))
}

// with13 adds DTLS 1.3 to cfg, if it does not say what there is.
func with13(cfg Config) Config {
	if cfg.Versions == nil {
		cfg.Versions = []wire.Version{wire.VersionDTLS13, wire.VersionDTLS12}
	}
	if cfg.Policy == nil {
		cfg.Policy = &suite.Policy{Suites13: suite.All13(), Groups: suite.DefaultGroups13(), Schemes: suite.DefaultSchemes(), PSK: true, PlainPSK: true, Certificates: true}
	}
	return cfg
}

// A hello13 is a ClientHello with its extensions.
type hello13 struct {
	wire.ClientHello
	ext wire.ClientExtensions
}

// newHello13 returns a hello as a client of DTLS 1.3 and 1.2 sends it first, with a share of X25519.
func newHello13() hello13 {
	h := hello13{newHello(), wire.ClientExtensions{
		ServerName:          "example.org",
		SupportedVersions:   wire.AppendUint16s(nil, wire.VersionDTLS13, wire.VersionDTLS12),
		SupportedGroups:     wire.AppendUint16s(nil, wire.GroupX25519, wire.GroupP256),
		SignatureAlgorithms: wire.AppendUint16s(nil, wire.ECDSAWithP256AndSHA256),
		ALPN:                [][]byte{[]byte("coap")},
		HasKeyShare:         true,
	}}
	h.CipherSuites = wire.AppendUint16s(nil, wire.TLS_AES_128_GCM_SHA256, wire.TLS_AES_256_GCM_SHA384, wire.TLS_PSK_WITH_AES_128_GCM_SHA256)
	h.share(wire.GroupX25519)
	return h
}

// share replaces the shares by one of each of those groups.
func (h *hello13) share(of ...wire.Group) {
	h.ext.KeyShares = wire.KeyShareList{}
	for _, g := range of {
		length := map[wire.Group]int{wire.GroupX25519MLKEM768: 1216, wire.GroupX25519: 32, wire.GroupP256: 65, wire.GroupP384: 97}[g]
		h.ext.KeyShares = wire.AppendKeyShares(h.ext.KeyShares, wire.KeyShare{Group: g, KeyExchange: make([]byte, max(length, 1))})
	}
}

// prefer puts a group in front of those that the client supports.
func (h *hello13) prefer(g wire.Group) {
	h.ext.SupportedGroups = append(wire.AppendUint16s(nil, g), h.ext.SupportedGroups...)
}

// offerKeys adds n pre-shared keys, to be used in those modes.
func (h *hello13) offerKeys(n int, modes ...uint8) {
	h.ext.PSKKeyExchangeModes = modes
	for range n {
		h.ext.PreSharedKey.Identities = wire.AppendPSKIdentities(h.ext.PreSharedKey.Identities, wire.PSKIdentity{Identity: []byte("device")})
		h.ext.PreSharedKey.Binders = wire.AppendOpaque8s(h.ext.PreSharedKey.Binders, make([]byte, 32))
	}
}

// encode returns the hello with its extensions.
func (h hello13) encode() wire.ClientHello {
	h.Extensions = h.ext.AppendTo(nil)
	return h.ClientHello
}

func (h hello13) body() []byte { return h.encode().AppendTo(nil) }

func (h hello13) datagram(at position) []byte { return datagramOf(h.encode(), at) }

// again returns the hello that answers a HelloRetryRequest.
func (h hello13) again(request wire.HelloRetryRequest) hello13 {
	h.ext.Cookie = request.Cookie
	if request.Group != 0 {
		h.share(request.Group)
	}
	return h
}

// hash returns the hash of the hello that the transcript has.
func (h hello13) hash(s *suite.Suite13) []byte {
	body := h.body()
	message := append(wire.AppendMessageHeader13(nil, wire.TypeClientHello, len(body)), body...)
	if s.ID == wire.TLS_AES_256_GCM_SHA384 {
		sum := sha512.Sum384(message)
		return sum[:]
	}
	sum := sha256.Sum256(message)
	return sum[:]
}

// wantRetry checks that the gate answers the datagram with a HelloRetryRequest, whose sequence numbers are
// those, and returns it.
func wantRetry(t *testing.T, g *Gate, now time.Time, peer netip.AddrPort, datagram []byte, at position) wire.HelloRetryRequest {
	t.Helper()
	v, reply := g.Receive(now, peer, datagram, nil)
	if v.Action != Reply {
		t.Fatalf("%v, reason %v, %v; want a reply", v.Action, v.Drop, v.Err)
	}
	if len(reply) > len(datagram) {
		t.Errorf("reply of %d bytes to %d", len(reply), len(datagram))
	}
	return checkRetry(t, reply, at)
}

func checkRetry(t *testing.T, reply []byte, at position) wire.HelloRetryRequest {
	t.Helper()
	record, rest, err := wire.ParseRecord(reply)
	if err != nil || len(rest) != 0 || len(reply) > MaxReply {
		t.Fatalf("reply %x: %v", reply, err)
	}
	if record.Type != wire.ContentHandshake || record.Version != wire.VersionDTLS12 || record.Epoch != 0 || record.Seq != at.record {
		t.Errorf("record of the reply: %+v, want sequence number %d", record, at.record)
	}
	f, rest, err := wire.ParseFragment(record.Payload)
	if err != nil || len(rest) != 0 || !f.Whole() || f.Type != wire.TypeServerHello || f.Seq != at.message {
		t.Fatalf("message of the reply: %v %d, %v, want message_seq %d", f.Type, f.Seq, err, at.message)
	}
	m, err := wire.ParseServerHello(f.Body)
	if err != nil || !m.IsHelloRetryRequest() {
		t.Fatalf("message %+v: %v", m, err)
	}
	e, err := wire.ParseServerExtensions13(wire.InHelloRetryRequest, m.Extensions)
	request := wire.HelloRetryRequest{CipherSuite: m.CipherSuite, Group: e.SelectedGroup, Cookie: e.Cookie}
	if err != nil || !bytes.Equal(request.AppendTo(nil), f.Body) {
		t.Fatalf("message %x: %v\nwritten again %x", f.Body, err, request.AppendTo(nil))
	}
	return request
}

// wantRetried checks that the gate admits the datagram with that second hello, and says what the request and
// the first hello were.
func wantRetried(t *testing.T, g *Gate, now time.Time, peer netip.AddrPort, first hello13, request wire.HelloRetryRequest, at position) {
	t.Helper()
	second := first.again(request)
	v := wantAdmit(t, g, now, peer, second.datagram(at), second.encode(), at)
	checkRetried(t, v, first, request)
}

func checkRetried(t *testing.T, v Verdict, first hello13, request wire.HelloRetryRequest) {
	t.Helper()
	r := v.Retry
	if r == nil {
		t.Fatal("admitted as a first hello")
	}
	if r.Suite.ID != request.CipherSuite || r.Share != (request.Group != 0) || r.Share && r.Group != request.Group {
		t.Errorf("retry %+v, want %+v", r, request)
	}
	if again := r.request().AppendTo(nil); !bytes.Equal(again, request.AppendTo(nil)) {
		t.Errorf("request %x, want %x", again, request.AppendTo(nil))
	}
	if want := first.hash(r.Suite); !bytes.Equal(r.HelloHash, want) {
		t.Errorf("hash %x, want %x", r.HelloHash, want)
	}
}

// wantRefusal checks that the gate answers the datagram with that alert, whose record has that sequence
// number.
func wantRefusal(t *testing.T, g *Gate, now time.Time, peer netip.AddrPort, datagram []byte, at position, reason wire.Drop, alert wire.AlertDescription) error {
	t.Helper()
	v, reply := g.Receive(now, peer, datagram, []byte("kept"))
	if v.Action != Refuse || v.Drop != reason || v.Alert != alert || v.Err == nil || v.Retry != nil {
		t.Fatalf("%v, reason %v, %v, %v; want to be refused for %v with %v", v.Action, v.Drop, v.Alert, v.Err, reason, alert)
	}
	reply, ok := bytes.CutPrefix(reply, []byte("kept"))
	record, rest, err := wire.ParseRecord(reply)
	if !ok || err != nil || len(rest) != 0 || len(reply) > len(datagram) {
		t.Fatalf("reply %x to %d bytes: %v", reply, len(datagram), err)
	}
	want := wire.Record{Type: wire.ContentAlert, Version: wire.VersionDTLS12, Seq: at.record, Payload: []byte{byte(wire.AlertFatal), byte(alert)}}
	if fmt.Sprint(record) != fmt.Sprint(want) {
		t.Errorf("record %+v, want %+v", record, want)
	}
	return v.Err
}

// The gate that asks keeps nothing: another one with the same secrets, which never saw the first hello,
// knows all that was said.
func TestGateAdmitsAfterTheRetry(t *testing.T) {
	tests := []struct {
		name   string
		change func(h *hello13, p *suite.Policy)
		want   Retry
	}{
		{"the share is there", func(*hello13, *suite.Policy) {}, Retry{Group: wire.GroupX25519}},
		{"hybrid group without a share", func(h *hello13, _ *suite.Policy) { h.prefer(wire.GroupX25519MLKEM768) }, Retry{Group: wire.GroupX25519MLKEM768, Share: true}},
		{"hybrid group with a share", func(h *hello13, _ *suite.Policy) {
			h.prefer(wire.GroupX25519MLKEM768)
			h.share(wire.GroupX25519MLKEM768, wire.GroupX25519)
		}, Retry{Group: wire.GroupX25519MLKEM768}},
		{"the share of another group", func(_ *hello13, p *suite.Policy) { p.Groups = []wire.Group{wire.GroupP256} }, Retry{Group: wire.GroupP256, Share: true}},
		{"no share", func(h *hello13, _ *suite.Policy) {
			h.share()
			h.ext.Padding = 30
		}, Retry{Group: wire.GroupX25519, Share: true}},
		{"P-384", func(h *hello13, _ *suite.Policy) {
			h.ext.SupportedGroups = wire.AppendUint16s(nil, wire.GroupP384)
			h.share(wire.GroupP384)
		}, Retry{Group: wire.GroupP384}},
		{"pre-shared keys with an exchange", func(h *hello13, _ *suite.Policy) { h.offerKeys(2, wire.PSKModeDHEKE) }, Retry{Group: wire.GroupX25519}},
		{"pre-shared keys alone", func(h *hello13, _ *suite.Policy) {
			h.ext.SupportedGroups, h.ext.HasKeyShare, h.ext.SignatureAlgorithms = nil, false, nil
			h.offerKeys(1, wire.PSKModeKE)
		}, Retry{}},
		{"SHA-384", func(_ *hello13, p *suite.Policy) {
			p.Suites13 = []*suite.Suite13{suite.Lookup13(wire.TLS_AES_256_GCM_SHA384)}
		}, Retry{Suite: suite.Lookup13(wire.TLS_AES_256_GCM_SHA384), Group: wire.GroupX25519}},
		{"a cookie of DTLS 1.2", func(h *hello13, _ *suite.Policy) { h.Cookie = make([]byte, cookieLen) }, Retry{Group: wire.GroupX25519}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			secrets, cfg, first := newSecrets(t, CookieLifetime), with13(Config{}), newHello13()
			test.change(&first, cfg.Policy)
			request := wantRetry(t, New(secrets, cfg), start, alice, first.datagram(position{}), position{})
			second := first.again(request)
			v := wantAdmit(t, New(secrets, cfg), start.Add(time.Second), alice, second.datagram(position{1, 1}), second.encode(), position{1, 1})
			checkRetried(t, v, first, request)
			if test.want.Suite == nil {
				test.want.Suite = suite.Lookup13(wire.TLS_AES_128_GCM_SHA256)
			}
			if r := v.Retry; r.Suite != test.want.Suite || r.Group != test.want.Group || r.Share != test.want.Share {
				t.Errorf("retry %+v, want %+v", r, test.want)
			}
		})
	}
}

func TestRetryMirrorsTheSequenceNumbers(t *testing.T) {
	g := newGate13(t, Config{})
	for _, at := range []position{{0, 0}, {7, 1}, {wire.MaxRecordSeq, 1<<16 - 1}} {
		wantRetry(t, g, start, alice, newHello13().datagram(at), at)
	}
}

func TestGateChoosesTheVersion(t *testing.T) {
	const dtls10, dtls12, dtls13 = wire.VersionDTLS10, wire.VersionDTLS12, wire.VersionDTLS13
	type list = []wire.Version
	tests := []struct {
		name          string
		offered, ours list
		want          wire.Version
	}{
		{"both", list{dtls13, dtls12}, list{dtls13, dtls12}, dtls13},
		{"server prefers DTLS 1.2", list{dtls13, dtls12}, list{dtls12, dtls13}, dtls12},
		{"server has DTLS 1.2 alone", list{dtls13, dtls12}, list{dtls12}, dtls12},
		{"server has DTLS 1.3 alone", list{dtls13, dtls12}, list{dtls13}, dtls13},
		{"client has DTLS 1.2 alone", nil, list{dtls13, dtls12}, dtls12},
		{"client lists DTLS 1.2 alone", list{dtls12}, list{dtls13, dtls12}, dtls12},
		{"none in common", nil, list{dtls13}, 0},
		{"client lists DTLS 1.0", list{dtls10}, list{dtls13, dtls12}, 0},
		{"client lists DTLS 1.3 alone", list{dtls13}, list{dtls12}, 0},
		{"client of DTLS 1.2", nil, list{dtls12}, dtls12},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g, hello := newGate13(t, Config{Versions: test.ours}), newHello13()
			if hello.ext.SupportedVersions = nil; test.offered != nil {
				hello.ext.SupportedVersions = wire.AppendUint16s(nil, test.offered...)
			}
			datagram := hello.datagram(position{3, 0})
			switch test.want {
			case dtls13:
				wantRetried(t, g, start, alice, hello, wantRetry(t, g, start, alice, datagram, position{3, 0}), position{4, 1})
			case dtls12:
				hello.Cookie = wantCookie(t, g, start, alice, datagram, position{3, 0})
				if v := wantAdmit(t, g, start, alice, hello.datagram(position{4, 1}), hello.encode(), position{4, 1}); v.Retry != nil {
					t.Errorf("retry %+v", v.Retry)
				}
			default:
				wantRefusal(t, g, start, alice, datagram, position{3, 0}, wire.DropRefusedHello, wire.AlertProtocolVersion)
			}
		})
	}
}

func TestRefusalsSayWhy(t *testing.T) {
	tests := []struct {
		name   string
		change func(h *hello13)
		alert  wire.AlertDescription
		want   string
	}{
		{"version", func(h *hello13) { h.ext.SupportedVersions = wire.AppendUint16s(nil, wire.VersionDTLS10) }, wire.AlertProtocolVersion,
			"no common version: client offers DTLS 1.0; server accepts DTLS 1.3, DTLS 1.2"},
		{"suites", func(h *hello13) { h.CipherSuites = h.CipherSuites[4:] }, wire.AlertHandshakeFailure,
			"no common cipher suite: client offers PSK-AES128-GCM-SHA256; server accepts TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_CCM_SHA256, TLS_AES_128_CCM_8_SHA256"},
		{"groups", func(h *hello13) {
			h.ext.SupportedGroups = wire.AppendUint16s(nil, wire.GroupX448)
			h.share(wire.GroupX448)
		}, wire.AlertHandshakeFailure,
			"no common group: client offers X448; server accepts X25519MLKEM768, X25519, P-256, P-384"},
		{"stray share", func(h *hello13) { h.share(wire.GroupX448, wire.GroupP384) }, wire.AlertIllegalParameter,
			"client sends a key share of P-384, which is not among its supported groups"},
		{"no shares", func(h *hello13) { h.ext.HasKeyShare = false }, wire.AlertMissingExtension,
			"client sends only one of supported_groups and key_share"},
		{"compression", func(h *hello13) { h.CompressionMethods = []byte{0, 1} }, wire.AlertIllegalParameter,
			"client offers compression, which DTLS 1.3 does not have"},
	}
	g := newGate13(t, Config{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			hello := newHello13()
			test.change(&hello)
			err := wantRefusal(t, g, start, alice, hello.datagram(position{5, 0}), position{5, 0}, wire.DropRefusedHello, test.alert)
			var choice *suite.ChoiceError
			if err.Error() != test.want || !errors.As(err, &choice) || choice.Alert != test.alert {
				t.Errorf("error %v, want %s", err, test.want)
			}
			// With a cookie, whoever sends it is not told about anything else.
			hello.ext.Cookie = []byte("cookie")
			if test.name != "version" {
				wantRefusal(t, g, start, alice, hello.datagram(position{6, 1}), position{6, 1}, wire.DropBadCookie, wire.AlertIllegalParameter)
			}
		})
	}
}

func TestMalformedExtensionsAreDropped(t *testing.T) {
	g, hello := newGate13(t, Config{}), newHello13()
	hello.ClientHello = hello.encode()
	hello.Extensions = append(hello.Extensions, 0, byte(wire.ExtensionCookie), 0, 2, 0, 0)
	wantDrop(t, g, start, alice, datagramOf(hello.ClientHello, position{}), wire.DropMalformedHello)
	hello.Extensions = append(newHello13().encode().Extensions, 0)
	wantDrop(t, g, start, alice, datagramOf(hello.ClientHello, position{}), wire.DropMalformedHello)
}

func TestGate13WithoutCookiesAdmitsAtOnce(t *testing.T) {
	g, hello := newGate13(t, Config{Cookies: Never}), newHello13()
	if v := wantAdmit(t, g, start, alice, hello.datagram(position{}), hello.encode(), position{}); v.Retry != nil {
		t.Errorf("retry %+v", v.Retry)
	}
}

func TestGate13DropsEverythingElse(t *testing.T) {
	g := newGate13(t, Config{})
	hello := newHello13()
	hello.Version = 0x0303
	wantDrop(t, g, start, alice, hello.datagram(position{}), wire.DropUnsupportedVersion)
	wantDrop(t, g, start, alice, []byte("0123456789abcdef"), wire.DropMalformedRecord)
	wantDrop(t, g, start, alice, nil, wire.DropEmptyDatagram)
	wantDrop(t, g, start, alice, recordOf(0), wire.DropMalformedHello)
}

func TestGateNeedsAPolicyForDTLS13(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	newGate(t, Config{Versions: []wire.Version{wire.VersionDTLS13}})
}

func TestR24ReplyIsNeverLongerThanTheHello(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	g, answered, short := newGate13(t, Config{AnswerRate: -1}), 0, 0
	for range 5000 {
		hello := newHello13()
		hello.SessionID = make([]byte, random.IntN(8))
		hello.CipherSuites = wire.AppendUint16s(nil, suite.All13()[random.IntN(5)].ID)
		hello.ext.ServerName, hello.ext.ALPN = "", nil
		hello.ext.SupportedVersions = wire.AppendUint16s(nil, wire.VersionDTLS13)
		hello.ext.SupportedGroups = wire.AppendUint16s(nil, groups[1+random.IntN(len(groups)-1)])
		hello.ext.Padding = random.IntN(40)
		if hello.share(); random.IntN(4) == 0 {
			hello.share(wire.Group(hello.ext.SupportedGroups.At(0)))
		}
		datagram := hello.datagram(position{})
		v, reply := g.Receive(start, alice, datagram, nil)
		switch {
		case v.Action == Reply && len(reply) <= len(datagram) && len(reply) <= MaxReply:
			answered++
		case v.Action == Drop && v.Drop == wire.DropReplyTooLong && reply == nil && len(datagram) < MaxReply:
			short++
		default:
			t.Fatalf("seed %d: %v, reason %v, reply of %d bytes to %d", seed, v.Action, v.Drop, len(reply), len(datagram))
		}
	}
	if answered == 0 || short == 0 {
		t.Errorf("%d answered, %d too short", answered, short)
	}
}

// A device that has one of everything sends a hello of 132 bytes, and is let in.
func TestShortestHelloWithAShareIsAnswered(t *testing.T) {
	g, hello := newGate13(t, Config{}), newHello13()
	hello.SessionID = nil
	hello.CipherSuites = wire.AppendUint16s(nil, wire.TLS_AES_128_GCM_SHA256)
	hello.ext = wire.ClientExtensions{
		SupportedVersions:   wire.AppendUint16s(nil, wire.VersionDTLS13),
		SupportedGroups:     wire.AppendUint16s(nil, wire.GroupX25519),
		SignatureAlgorithms: wire.AppendUint16s(nil, wire.Ed25519),
		HasKeyShare:         true,
	}
	hello.share(wire.GroupX25519)
	wantRetried(t, g, start, alice, hello, wantRetry(t, g, start, alice, hello.datagram(position{}), position{}), position{1, 1})
}

func TestMaxReplyIsThatOfTheLongestRequest(t *testing.T) {
	cfg := with13(Config{})
	cfg.Policy.Suites13 = []*suite.Suite13{suite.Lookup13(wire.TLS_AES_256_GCM_SHA384)}
	hello := newHello13()
	hello.prefer(wire.GroupX25519MLKEM768)
	if _, reply := newGate(t, cfg).Receive(start, alice, hello.datagram(position{}), nil); len(reply) != MaxReply {
		t.Errorf("reply of %d bytes, want %d", len(reply), MaxReply)
	}
}

func TestR24NothingIsAllocatedBeforeACookieOfDTLS13IsGood(t *testing.T) {
	g := newGate13(t, Config{})
	first := newHello13()
	first.prefer(wire.GroupX25519MLKEM768)
	first.share(wire.GroupX25519MLKEM768)
	first.offerKeys(20, wire.PSKModeDHEKE)
	request := wantRetry(t, g, start, alice, first.datagram(position{}), position{})
	second := first.again(request)
	badMAC := second
	badMAC.ext.Cookie = bytes.Clone(request.Cookie)
	badMAC.ext.Cookie[0] ^= 1
	badMAC.ext.Cookie[len(badMAC.ext.Cookie)-1] ^= 1
	hopeless, old := first, first
	hopeless.CipherSuites = wire.AppendUint16s(nil, wire.TLS_PSK_WITH_AES_128_GCM_SHA256)
	old.ext.SupportedVersions = wire.AppendUint16s(nil, wire.VersionDTLS10)
	malformed := first.encode()
	malformed.Extensions = malformed.Extensions[:len(malformed.Extensions)-1]
	only12 := newHello13()
	only12.ext.SupportedVersions = nil
	fragments := fragmentsOf(second.body(), 1, 1000)
	tests := []struct {
		name     string
		datagram []byte
		action   Action
		reason   wire.Drop
	}{
		{"hello without a cookie", first.datagram(position{}), Reply, wire.DropNone},
		{"hello with a good cookie", second.datagram(position{1, 1}), Admit, wire.DropNone},
		{"hello with a bad cookie", badMAC.datagram(position{1, 1}), Refuse, wire.DropBadCookie},
		{"hello without common suites", hopeless.datagram(position{}), Refuse, wire.DropRefusedHello},
		{"hello without common versions", old.datagram(position{}), Refuse, wire.DropRefusedHello},
		{"hello of DTLS 1.2", only12.datagram(position{}), Reply, wire.DropNone},
		{"malformed hello", datagramOf(malformed, position{}), Drop, wire.DropMalformedHello},
		{"first fragment", recordOf(1, fragments[0]), Keep, wire.DropNone},
		{"all fragments", recordOf(1, fragments...), Admit, wire.DropNone},
	}
	reply := make([]byte, 0, 256)
	for _, test := range tests {
		allocs := testing.AllocsPerRun(100, func() {
			if v, _ := g.Receive(start, alice, test.datagram, reply); v.Action != test.action || v.Drop != test.reason {
				t.Fatalf("%s: %v, reason %v", test.name, v.Action, v.Drop)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations", test.name, allocs)
		}
	}
}

// What a hello lists costs its sender as much as us: the gate keeps a few groups of however many shares.
func TestGateBearsLongLists(t *testing.T) {
	g, hello := newGate13(t, Config{}), newHello13()
	hello.share()
	for n := range 8000 {
		hello.ext.KeyShares = wire.AppendKeyShares(hello.ext.KeyShares, wire.KeyShare{Group: wire.Group(0x8000 + n), KeyExchange: []byte{1}})
	}
	for n := range 8000 {
		hello.CipherSuites = wire.AppendUint16s(hello.CipherSuites, uint16(0x8000+n))
	}
	datagram := hello.datagram(position{})
	wantRetry(t, g, start, alice, datagram, position{})
	reply := make([]byte, 0, MaxReply)
	if allocs := testing.AllocsPerRun(10, func() { g.Receive(start, alice, datagram, reply) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if cap(g.door.shares) != len(groups) {
		t.Errorf("%d shares are kept", cap(g.door.shares))
	}
}

func BenchmarkReceive13(b *testing.B) {
	for _, hybrid := range []bool{false, true} {
		g, first := newGate13(b, Config{AnswerRate: -1}), newHello13()
		name := "X25519"
		if hybrid {
			name = "X25519MLKEM768"
			first.prefer(wire.GroupX25519MLKEM768)
			first.share(wire.GroupX25519MLKEM768, wire.GroupX25519)
		}
		_, reply := g.Receive(start, alice, first.datagram(position{}), nil)
		m, _ := wire.ParseServerHello(reply[wire.RecordHeaderLen+wire.FragmentHeaderLen:])
		e, _ := wire.ParseServerExtensions13(wire.InHelloRetryRequest, m.Extensions)
		second := first.again(wire.HelloRetryRequest{Cookie: bytes.Clone(e.Cookie)})
		good := second.datagram(position{1, 1})
		second.ext.Cookie[len(e.Cookie)-1] ^= 1
		hopeless := first
		hopeless.CipherSuites = hopeless.CipherSuites[4:]
		benchmarks := []struct {
			name     string
			datagram []byte
			want     Action
		}{
			{"no cookie", first.datagram(position{}), Reply},
			{"good cookie", good, Admit},
			{"bad cookie", second.datagram(position{1, 1}), Refuse},
			{"no common suite", hopeless.datagram(position{}), Refuse},
		}
		for _, bench := range benchmarks {
			b.Run(name+"/"+bench.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if v, _ := g.Receive(start, alice, bench.datagram, reply[:0]); v.Action != bench.want {
						b.Fatal(v.Action, v.Drop)
					}
				}
			})
		}
	}
}

// RFC 9147, Section 4: "It MUST be ignored for all purposes."
func TestGate13IgnoresTheVersionOfARecord(t *testing.T) {
	g, hello := newGate13(t, Config{}), newHello13()
	for _, version := range []uint16{0, 0x0301, 0x0303, 0xfefc, 0xffff} {
		datagram := hello.datagram(position{})
		datagram[1], datagram[2] = byte(version>>8), byte(version)
		wantRetry(t, g, start, alice, datagram, position{})
	}
}
