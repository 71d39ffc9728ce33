package suite

import (
	"crypto"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// everything13 is what a client with all extensions offers, without pre-shared
// keys.
func everything13() *Offer13 {
	return &Offer13{
		CompressionMethods:  []byte{0},
		CipherSuites:        wire.AppendUint16s(nil, wire.TLS_AES_256_GCM_SHA384, wire.TLS_AES_128_GCM_SHA256, wire.TLS_CHACHA20_POLY1305_SHA256),
		Groups:              groups(wire.GroupX25519, wire.GroupP256, wire.GroupP384),
		Shares:              []wire.Group{wire.GroupX25519, wire.GroupP256},
		SignatureAlgorithms: schemes(DefaultSchemes()...),
	}
}

// withPSKs adds keys to an offer, one for each hash.
func (o *Offer13) withPSKs(modes []byte, hashes ...crypto.Hash) *Offer13 {
	o.PSKModes, o.PSKs = modes, []OfferedPSK{}
	for _, h := range hashes {
		o.PSKs = append(o.PSKs, OfferedPSK{h})
	}
	return o
}

// openPolicy13 accepts everything that the package can do.
func openPolicy13() *Policy {
	return &Policy{Suites13: All13(), Groups: DefaultGroups13(), Schemes: DefaultSchemes(), PSK: true, PlainPSK: true, Certificates: true}
}

var bothModes = []byte{wire.PSKModeDHEKE, wire.PSKModeKE}

func TestChoose13PrefersWhatTheServerPrefers(t *testing.T) {
	keys := newTestSigners(t)
	got, err := Choose13(everything13(), openPolicy13(), certificates(keys.p256.Public(), keys.rsa.Public()))
	want := Choice13{
		Parameters13: Parameters13{Suite: Lookup13(wire.TLS_AES_128_GCM_SHA256), Group: wire.GroupX25519},
		PSK:          -1, Scheme: wire.ECDSAWithP256AndSHA256,
	}
	if err != nil || got != want {
		t.Errorf("chose %+v, %v, want %+v", got, err, want)
	}
	p := openPolicy13()
	p.Suites13 = []*Suite13{Lookup13(wire.TLS_CHACHA20_POLY1305_SHA256), Lookup13(wire.TLS_AES_256_GCM_SHA384)}
	p.Groups = []wire.Group{wire.GroupP256, wire.GroupX25519}
	got, err = Choose13(everything13(), p, certificates(keys.ed25519.Public()))
	if err != nil || got.Suite.ID != wire.TLS_CHACHA20_POLY1305_SHA256 || got.Group != wire.GroupP256 || got.Scheme != wire.Ed25519 {
		t.Errorf("chose %+v, %v", got, err)
	}
}

func TestChoose13Group(t *testing.T) {
	const hybrid, x25519, p256, p384, p521 = wire.GroupX25519MLKEM768, wire.GroupX25519, wire.GroupP256, wire.GroupP384, wire.GroupP521
	type list = []wire.Group
	tests := []struct {
		name           string
		client, shares list
		server         list
		want           wire.Group
		retry          bool
	}{
		{"first of the server with a share", list{p384, p256, x25519}, list{p384, p256}, list{x25519, p256, p384}, p256, false},
		{"only one has a share", list{x25519, p384}, list{p384}, list{x25519, p384}, p384, false},
		{"no share at all", list{p384, x25519}, list{}, list{x25519, p384}, x25519, true},
		{"shares of unknown groups", list{p521, p384}, list{p521}, DefaultGroups13(), p384, true},
		{"hybrid with a share", list{x25519, hybrid}, list{x25519, hybrid}, DefaultGroups13(), hybrid, false},
		{"hybrid is worth a retry", list{x25519, hybrid}, list{x25519}, DefaultGroups13(), hybrid, true},
		{"hybrid last in the server's list", list{hybrid, x25519}, list{x25519}, list{x25519, hybrid}, hybrid, true},
		{"hybrid not wanted", list{hybrid, x25519}, list{hybrid, x25519}, list{x25519}, x25519, false},
		{"nothing in common", list{p521, 0x0a0a}, list{}, DefaultGroups13(), 0, false},
		{"in common but unknown to us", list{p521}, list{p521}, list{p521}, 0, false},
	}
	for _, tt := range tests {
		o, p := everything13(), openPolicy13()
		o.Groups, o.Shares, p.Groups = groups(tt.client...), tt.shares, tt.server
		got, err := ChooseParameters13(o, p)
		if got.Group != tt.want || got.Retry != tt.retry || (err == nil) != (tt.want != 0) {
			t.Errorf("%s: chose %v, retry %v, %v, want %v, %v", tt.name, got.Group, got.Retry, err, tt.want, tt.retry)
		}
	}
}

func TestChoose13PSK(t *testing.T) {
	const sha256, sha384 = crypto.SHA256, crypto.SHA384
	gcm128, gcm256 := Lookup13(wire.TLS_AES_128_GCM_SHA256), Lookup13(wire.TLS_AES_256_GCM_SHA384)
	withoutShares := func(o *Offer13) *Offer13 {
		o.Groups, o.Shares, o.SignatureAlgorithms = nil, nil, nil
		return o
	}
	tests := []struct {
		name   string
		offer  *Offer13
		change func(*Policy)
		want   Choice13 // of which Credential follows
	}{
		{
			"with an exchange of keys", everything13().withPSKs(bothModes, sha256), nil,
			Choice13{Parameters13: Parameters13{Suite: gcm128, Group: wire.GroupX25519}, PSK: 0},
		},
		{
			"the client's first that the server has", everything13().withPSKs(bothModes, 0, sha256, sha256), nil,
			Choice13{Parameters13: Parameters13{Suite: gcm128, Group: wire.GroupX25519}, PSK: 1},
		},
		{
			"a suite with the hash of the key", everything13().withPSKs(bothModes, sha384, sha256), nil,
			Choice13{Parameters13: Parameters13{Suite: gcm256, Group: wire.GroupX25519}, PSK: 0},
		},
		{
			"alone", withoutShares(everything13()).withPSKs([]byte{wire.PSKModeKE}, sha256), nil,
			Choice13{Parameters13: Parameters13{Suite: gcm128}, PSK: 0},
		},
		{
			"alone, although there are shares", everything13().withPSKs([]byte{wire.PSKModeKE}, sha256), nil,
			Choice13{Parameters13: Parameters13{Suite: gcm128}, PSK: 0},
		},
		{
			"both modes, but no group", func() *Offer13 {
				o := everything13().withPSKs(bothModes, sha256)
				o.Groups, o.Shares = groups(wire.GroupP521), []wire.Group{wire.GroupP521}
				return o
			}(), nil,
			Choice13{Parameters13: Parameters13{Suite: gcm128}, PSK: 0},
		},
		{
			"with an exchange that needs a retry", func() *Offer13 {
				o := everything13().withPSKs(bothModes, sha256)
				o.Shares = []wire.Group{}
				return o
			}(), nil,
			Choice13{Parameters13: Parameters13{Suite: gcm128, Group: wire.GroupX25519, Retry: true}, PSK: 0},
		},
		{
			"alone is not wanted: certificate", everything13().withPSKs([]byte{wire.PSKModeKE}, sha256), func(p *Policy) { p.PlainPSK = false },
			Choice13{Parameters13: Parameters13{Suite: gcm128, Group: wire.GroupX25519}, PSK: -1, Scheme: wire.ECDSAWithP256AndSHA256},
		},
		{
			"none is known: certificate", everything13().withPSKs(bothModes, 0, 0), nil,
			Choice13{Parameters13: Parameters13{Suite: gcm128, Group: wire.GroupX25519}, PSK: -1, Scheme: wire.ECDSAWithP256AndSHA256},
		},
		{
			"server has none: certificate", everything13().withPSKs(bothModes, sha256), func(p *Policy) { p.PSK = false },
			Choice13{Parameters13: Parameters13{Suite: gcm128, Group: wire.GroupX25519}, PSK: -1, Scheme: wire.ECDSAWithP256AndSHA256},
		},
		{
			"no suite with its hash: certificate", everything13().withPSKs(bothModes, sha384), func(p *Policy) { p.Suites13 = []*Suite13{gcm128} },
			Choice13{Parameters13: Parameters13{Suite: gcm128, Group: wire.GroupX25519}, PSK: -1, Scheme: wire.ECDSAWithP256AndSHA256},
		},
		{
			"suite bound by a retry: certificate", func() *Offer13 {
				o := everything13().withPSKs(bothModes, sha384)
				o.Retried = &Parameters13{Suite: gcm128, Group: wire.GroupX25519}
				return o
			}(), nil,
			Choice13{Parameters13: Parameters13{Suite: gcm128, Group: wire.GroupX25519}, PSK: -1, Scheme: wire.ECDSAWithP256AndSHA256},
		},
	}
	for _, tt := range tests {
		p := openPolicy13()
		if tt.change != nil {
			tt.change(p)
		}
		tt.want.Credential = -1
		if tt.want.PSK < 0 {
			tt.want.Credential = 0
		}
		got, err := Choose13(tt.offer, p, certificates(newTestSigners(t).p256.Public()))
		if err != nil || got != tt.want {
			t.Errorf("%s: chose %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestChoose13Credential(t *testing.T) {
	keys := newTestSigners(t)
	p256, p384, ed, rsaPub := keys.p256.Public(), keys.p384.Public(), keys.ed25519.Public(), keys.rsa.Public()
	tests := []struct {
		name       string
		candidates []Candidate
		client     wire.Uint16List
		credential int
		scheme     wire.SignatureScheme
	}{
		{"first that the client verifies", certificates(ed, p384, rsaPub), schemes(wire.PSSWithSHA512, wire.ECDSAWithP384AndSHA384), 1, wire.ECDSAWithP384AndSHA384},
		{"the scheme binds the curve", certificates(p256, p384), schemes(wire.ECDSAWithP384AndSHA384), 1, wire.ECDSAWithP384AndSHA384},
		{"PKCS #1 is for certificates", certificates(rsaPub), schemes(wire.PKCS1WithSHA256, wire.PSSWithSHA384), 0, wire.PSSWithSHA384},
		{"only what the key may sign with", []Candidate{{Key: rsaPub, Schemes: []wire.SignatureScheme{wire.PKCS1WithSHA256, wire.PSSWithSHA512}}}, schemes(DefaultSchemes()...), 0, wire.PSSWithSHA512},
	}
	for _, tt := range tests {
		o := everything13()
		o.SignatureAlgorithms = tt.client
		got, err := Choose13(o, openPolicy13(), tt.candidates)
		if err != nil || got.Credential != tt.credential || got.Scheme != tt.scheme {
			t.Errorf("%s: chose %+v, %v", tt.name, got, err)
		}
	}
}

// alertOf returns the alert of a *ChoiceError, or 0.
func alertOf(err error) wire.AlertDescription {
	var choice *ChoiceError
	if errors.As(err, &choice) {
		return choice.Alert
	}
	return 0
}

func TestChoose13Confirms(t *testing.T) {
	o, p := everything13(), openPolicy13()
	o.ALPN = [][]byte{[]byte("coap"), []byte("syslog")}
	o.SRTP = &wire.UseSRTP{Profiles: wire.AppendUint16s[uint16](nil, 1, 7)}
	p.NextProtos, p.SRTPProfiles = []string{"syslog", "coap"}, []uint16{8, 7, 1}
	got, err := Choose13(o, p, certificates(newTestSigners(t).p256.Public()))
	if err != nil || got.NextProto != "syslog" || got.SRTPProfile != 7 {
		t.Errorf("chose %+v, %v", got, err)
	}
}

// A hello that answers a HelloRetryRequest is held to it, and so is the server.
func TestChoose13AfterRetry(t *testing.T) {
	gcm256 := Lookup13(wire.TLS_AES_256_GCM_SHA384)
	tests := []struct {
		name    string
		retried Parameters13
		shares  []wire.Group
		fails   string
	}{
		{"the share asked for", Parameters13{gcm256, wire.GroupP384, true}, []wire.Group{wire.GroupP384}, ""},
		{"cookie alone, shares as before", Parameters13{gcm256, wire.GroupX25519, false}, []wire.Group{wire.GroupX25519, wire.GroupP256}, ""},
		{"without a group", Parameters13{gcm256, 0, false}, []wire.Group{}, ""},
		{"another share", Parameters13{gcm256, wire.GroupP384, true}, []wire.Group{wire.GroupP256}, "no key share of P-384"},
		{"more shares than asked for", Parameters13{gcm256, wire.GroupP384, true}, []wire.Group{wire.GroupX25519, wire.GroupP384}, "2 key shares, but was asked for one of P-384"},
		{"no share", Parameters13{gcm256, wire.GroupX25519, false}, []wire.Group{}, "no key share of X25519"},
		{"suite taken back", Parameters13{Lookup13(wire.TLS_AES_128_CCM_SHA256), wire.GroupX25519, false}, []wire.Group{wire.GroupX25519}, "no longer offers TLS_AES_128_CCM_SHA256"},
	}
	for _, tt := range tests {
		o, want := everything13(), tt.retried
		o.Shares, o.Retried = tt.shares, &tt.retried
		want.Retry = false
		got, err := ChooseParameters13(o, openPolicy13())
		if tt.fails == "" && (err != nil || got != want) {
			t.Errorf("%s: chose %+v, %v, want %+v", tt.name, got, err, want)
		}
		if tt.fails != "" && (alertOf(err) != wire.AlertIllegalParameter || !strings.Contains(err.Error(), tt.fails)) {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
}

func TestChoose13Explains(t *testing.T) {
	certificate := certificates(newTestSigners(t).p256.Public())
	none := []Candidate(nil)
	tests := []struct {
		name       string
		change     func(*Offer13, *Policy)
		candidates []Candidate
		alert      wire.AlertDescription
		text       string
	}{
		{
			"suites", func(o *Offer13, p *Policy) {
				o.CipherSuites = wire.AppendUint16s(nil, wire.TLS_AES_128_CCM_8_SHA256, wire.TLS_PSK_WITH_AES_128_CCM_8, 0x0a0a)
				p.Suites13 = Default13()[:2]
			}, certificate, wire.AlertHandshakeFailure,
			"no common cipher suite: client offers TLS_AES_128_CCM_8_SHA256, PSK-AES128-CCM8, 0x0A0A; server accepts TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384",
		},
		{
			"groups", func(o *Offer13, p *Policy) {
				o.Groups, p.Groups = groups(wire.GroupX25519), []wire.Group{wire.GroupP256}
				o.Shares = []wire.Group{wire.GroupX25519}
			}, certificate, wire.AlertHandshakeFailure,
			"no common group: client offers X25519; server accepts P-256",
		},
		{
			"groups, where the key that could do without is unknown", func(o *Offer13, p *Policy) {
				o.withPSKs(bothModes, 0)
				o.Groups, o.Shares = groups(wire.GroupP521), []wire.Group{}
				p.Groups = []wire.Group{wire.GroupP256}
			}, certificate, wire.AlertHandshakeFailure,
			"no common group: client offers P-521; server accepts P-256",
		},
		{
			"schemes", func(o *Offer13, _ *Policy) {
				o.SignatureAlgorithms = schemes(wire.PKCS1WithSHA256)
			}, certificate, wire.AlertHandshakeFailure,
			"no common signature scheme: client offers rsa_pkcs1_sha256; server signs with ecdsa_secp256r1_sha256",
		},
		{
			"pre-shared key wanted", func(*Offer13, *Policy) {}, none, wire.AlertHandshakeFailure,
			"no credential that the client can use: client offers no pre-shared key; server has pre-shared keys and a certificate",
		},
		{
			"pre-shared key offered", func(o *Offer13, p *Policy) {
				o.withPSKs(bothModes, 0)
				p.PSK, p.Certificates = false, false
			}, none, wire.AlertHandshakeFailure,
			"no credential that the client can use: client offers pre-shared keys; server has neither pre-shared keys nor a certificate",
		},
		{
			"pre-shared key unknown", func(o *Offer13, _ *Policy) { o.withPSKs(bothModes, 0) }, none, wire.AlertHandshakeFailure,
			"none of the client's pre-shared keys is one of the server's and goes with the hash of a common cipher suite",
		},
		{
			"mode not wanted", func(o *Offer13, p *Policy) {
				o.withPSKs([]byte{wire.PSKModeKE}, crypto.SHA256)
				p.PlainPSK = false
			}, none, wire.AlertHandshakeFailure,
			"client uses pre-shared keys only without forward secrecy (psk_ke), which the server does not accept",
		},
		{
			"mode unknown", func(o *Offer13, _ *Policy) { o.withPSKs([]byte{77}, crypto.SHA256) }, none, wire.AlertHandshakeFailure,
			"client uses pre-shared keys in no mode that the server knows",
		},
		{
			"no modes", func(o *Offer13, _ *Policy) { o.withPSKs(nil, crypto.SHA256) }, certificate, wire.AlertMissingExtension,
			"client sends pre_shared_key without psk_key_exchange_modes",
		},
		{
			"no signature_algorithms", func(o *Offer13, _ *Policy) { o.SignatureAlgorithms = nil }, certificate, wire.AlertMissingExtension,
			"client sends neither pre_shared_key nor both supported_groups and signature_algorithms",
		},
		{
			"no signature_algorithms, and the key is unknown", func(o *Offer13, _ *Policy) {
				o.withPSKs(bothModes, 0)
				o.SignatureAlgorithms = nil
			}, certificate, wire.AlertMissingExtension,
			"client does not say which signatures it can verify, and has no pre-shared key in common with the server",
		},
		{
			"no key_share", func(o *Offer13, _ *Policy) { o.Shares = nil }, certificate, wire.AlertMissingExtension,
			"client sends only one of supported_groups and key_share",
		},
		{
			"no supported_groups", func(o *Offer13, _ *Policy) { o.Groups = nil }, certificate, wire.AlertMissingExtension,
			"client sends only one of supported_groups and key_share",
		},
		{
			"share of a group that is not supported", func(o *Offer13, _ *Policy) { o.Groups = groups(wire.GroupX25519) }, certificate, wire.AlertIllegalParameter,
			"client sends a key share of P-256, which is not among its supported groups",
		},
		{
			"compression", func(o *Offer13, _ *Policy) { o.CompressionMethods = []byte{1, 0} }, certificate, wire.AlertIllegalParameter,
			"client offers compression, which DTLS 1.3 does not have",
		},
		{
			"protocols", func(o *Offer13, p *Policy) {
				o.ALPN, p.NextProtos = [][]byte{[]byte("a\n")}, []string{"coap"}
			}, certificate, wire.AlertNoApplicationProtocol,
			`no common application protocol: client offers "a\n"; server accepts "coap"`,
		},
		{
			"certificate types", func(o *Offer13, _ *Policy) { o.ServerCertificateTypes = []byte{wire.CertificateTypeRawPublicKey, 9} },
			certificate, wire.AlertHandshakeFailure,
			"no certificate of a type that the client accepts: client accepts raw public key, type 9; server has pre-shared keys and a certificate with a P-256 key",
		},
	}
	for _, tt := range tests {
		o, p := everything13(), openPolicy13()
		tt.change(o, p)
		got, err := Choose13(o, p, tt.candidates)
		if err == nil || alertOf(err) != tt.alert || err.Error() != tt.text {
			t.Errorf("%s: chose %+v, error %v (%v), want %s (%v)", tt.name, got, err, alertOf(err), tt.text, tt.alert)
		}
	}
}

// What the door decides without looking anything up must be what the handshake
// then decides, unless a pre-shared key is better.
func TestDoorAndHandshakeChooseTheSame(t *testing.T) {
	certificate := certificates(newTestSigners(t).p256.Public())
	for _, shares := range [][]wire.Group{{}, {wire.GroupX25519}, {wire.GroupP384}, {wire.GroupP256, wire.GroupP384}} {
		for _, supported := range [][]wire.Group{
			{wire.GroupX25519, wire.GroupP256, wire.GroupP384},
			{wire.GroupX25519MLKEM768, wire.GroupX25519, wire.GroupP256, wire.GroupP384},
		} {
			o := everything13()
			o.Groups, o.Shares = groups(supported...), shares
			first, err := ChooseParameters13(o, openPolicy13())
			if err != nil {
				t.Fatal(err)
			}
			if full, err := Choose13(o, openPolicy13(), certificate); err != nil || full.Parameters13 != first {
				t.Errorf("shares of %v: %+v and %+v, %v", shares, first, full.Parameters13, err)
			}
			if first.Retry {
				o.Shares = []wire.Group{first.Group}
			}
			o.Retried = &first
			second, err := Choose13(o, openPolicy13(), certificate)
			if err != nil || second.Suite != first.Suite || second.Group != first.Group || second.Retry {
				t.Errorf("shares of %v: after %+v comes %+v, %v", shares, first, second, err)
			}
		}
	}
}

func TestChooseVersion(t *testing.T) {
	const dtls10, dtls12, dtls13 = wire.VersionDTLS10, wire.VersionDTLS12, wire.VersionDTLS13
	type list = []wire.Version
	tests := []struct {
		name    string
		legacy  wire.Version
		offered list
		ours    list
		want    wire.Version
	}{
		{"both", dtls12, list{dtls12, dtls13}, list{dtls13, dtls12}, dtls13},
		{"server has 1.2", dtls12, list{dtls13, dtls12}, list{dtls12}, dtls12},
		{"client has 1.2", dtls12, list{dtls12}, list{dtls13, dtls12}, dtls12},
		{"client has 1.3 alone", dtls12, list{dtls13}, list{dtls12}, 0},
		{"no extension", dtls12, nil, list{dtls13, dtls12}, dtls12},
		{"no extension, server has 1.3 alone", dtls12, nil, list{dtls13}, 0},
		{"no extension, legacy version of 1.3", dtls13, nil, list{dtls13, dtls12}, dtls12},
		{"no extension, 1.0", dtls10, nil, list{dtls13, dtls12}, 0},
		{"legacy version does not count", dtls10, list{dtls13}, list{dtls13, dtls12}, dtls13},
		{"unknown versions", dtls12, list{0x0304, 0xfefb}, list{dtls13, dtls12}, 0},
	}
	for _, tt := range tests {
		var offered wire.Uint16List
		if tt.offered != nil {
			offered = wire.AppendUint16s(nil, tt.offered...)
		}
		got, err := ChooseVersion(tt.legacy, offered, tt.ours)
		if got != tt.want || (err == nil) != (tt.want != 0) {
			t.Errorf("%s: chose %v, %v, want %v", tt.name, got, err, tt.want)
		}
		if err != nil && alertOf(err) != wire.AlertProtocolVersion {
			t.Errorf("%s: alert %v", tt.name, alertOf(err))
		}
	}
	_, err := ChooseVersion(dtls10, nil, list{dtls13, dtls12})
	if want := "no common version: client offers DTLS 1.0; server accepts DTLS 1.3, DTLS 1.2"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// The door asks for everybody who sends anything.
func TestTryDoesNotAllocate(t *testing.T) {
	p, ours := openPolicy13(), []wire.Version{wire.VersionDTLS13, wire.VersionDTLS12}
	good, bad := everything13(), everything13()
	good.withPSKs(bothModes, 0)
	bad.Groups = groups(wire.GroupP521)
	bad.Shares = []wire.Group{}
	offered := wire.AppendUint16s(nil, wire.VersionDTLS13)
	allocs := testing.AllocsPerRun(100, func() {
		c, _, ok := TryParameters13(good, p)
		_, alert, not := TryParameters13(bad, p)
		v, okVersion := TryVersion(wire.VersionDTLS12, offered, ours)
		_, notVersion := TryVersion(wire.VersionDTLS10, nil, ours)
		if !ok || not || !okVersion || notVersion {
			t.Fatal(c, alert, v)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// Whatever a client lists, there is a choice that it offered or a reason.
func FuzzChoose13(f *testing.F) {
	o := everything13()
	f.Add([]byte(o.CipherSuites), []byte(o.Groups), []byte{0, 29, 0, 23}, []byte(o.SignatureAlgorithms), []byte{0, 1}, []byte{4, 5}, []byte{0, 2}, uint8(3))
	f.Add([]byte{}, []byte{}, []byte{}, []byte{}, []byte{}, []byte{}, []byte{}, uint8(0xff))
	f.Fuzz(func(t *testing.T, suites, supported, shares, algorithms, modes, hashes, types []byte, absent uint8) {
		o := &Offer13{
			CompressionMethods: []byte{0}, CipherSuites: suites, Groups: supported, SignatureAlgorithms: algorithms,
			PSKModes: modes, ServerCertificateTypes: types, ClientCertificateTypes: types, Shares: []wire.Group{}, PSKs: []OfferedPSK{},
		}
		for id := range wire.Uint16List(shares).All() {
			o.Shares = append(o.Shares, wire.Group(id))
		}
		for _, h := range hashes {
			o.PSKs = append(o.PSKs, OfferedPSK{crypto.Hash(h)})
		}
		if absent&1 != 0 {
			o.Groups, o.Shares = nil, nil
		}
		if absent&2 != 0 {
			o.PSKs, o.PSKModes = nil, nil
		}
		p := openPolicy13()
		tried, alert, ok := TryParameters13(o, p)
		if chosen, err := ChooseParameters13(o, p); chosen != tried || (err == nil) != ok || !ok && alertOf(err) != alert {
			t.Fatalf("chose %+v, %v; tried %+v, %v, %v", chosen, err, tried, alert, ok)
		}
		c, err := Choose13(o, p, certificates(newTestSigners(t).p256.Public()))
		if err != nil {
			if alertOf(err) == 0 || err.Error() == "" {
				t.Fatalf("no reason: %v", err)
			}
			return
		}
		switch {
		case !o.CipherSuites.Contains(uint16(c.Suite.ID)),
			c.Group != 0 && !o.Groups.Contains(uint16(c.Group)),
			c.Retry == (c.Group == 0 || slices.Contains(o.Shares, c.Group)),
			(c.PSK >= 0) == (c.Credential >= 0),
			c.PSK >= 0 && o.PSKs[c.PSK].Hash != c.Suite.Hash,
			c.PSK >= 0 && c.Group == 0 && !slices.Contains(o.PSKModes, wire.PSKModeKE),
			c.PSK < 0 && (c.Group == 0 || !o.SignatureAlgorithms.Contains(uint16(c.Scheme))):
			t.Fatalf("chose %+v from %+v", c, o)
		}
	})
}
