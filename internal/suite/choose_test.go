package suite

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func helloWith(suites ...wire.CipherSuite) wire.ClientHello {
	return wire.ClientHello{
		Version:            wire.VersionDTLS12,
		CipherSuites:       wire.AppendUint16s(nil, suites...),
		CompressionMethods: []byte{0},
	}
}

func groups(g ...wire.Group) wire.Uint16List { return wire.AppendUint16s(nil, g...) }

func schemes(s ...wire.SignatureScheme) wire.Uint16List { return wire.AppendUint16s(nil, s...) }

// openPolicy accepts everything that the package can do.
func openPolicy() Policy {
	return Policy{Suites: All(), Groups: DefaultGroups(), Schemes: DefaultSchemes(), PSK: true}
}

// certificates are candidates that may sign as their keys can.
func certificates(keys ...crypto.PublicKey) []Candidate {
	candidates := make([]Candidate, len(keys))
	for i, key := range keys {
		candidates[i].Key = key
	}
	return candidates
}

// everything is what a client with all extensions offers.
func everything() wire.ClientExtensions {
	return wire.ClientExtensions{
		SupportedGroups:      groups(wire.GroupX25519, wire.GroupP256, wire.GroupP384),
		PointFormats:         []byte{0},
		SignatureAlgorithms:  schemes(DefaultSchemes()...),
		EncryptThenMAC:       true,
		ExtendedMasterSecret: true,
	}
}

func allSuiteIDs() []wire.CipherSuite {
	var ids []wire.CipherSuite
	for _, s := range All() {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestChooseCompletesEverySuite(t *testing.T) {
	keys := newTestSigners(t)
	candidates := certificates(keys.rsa.Public(), keys.p256.Public())
	policy := openPolicy()
	for _, s := range All() {
		c, err := Choose(helloWith(s.ID), everything(), &policy, candidates)
		if err != nil {
			t.Errorf("%v: %v", s, err)
			continue
		}
		want := Choice{Suite: s, Credential: -1, ExtendedMasterSecret: true, EncryptThenMAC: s.CBC()}
		if s.KeyExchange.UsesECDHE() {
			want.Group = wire.GroupX25519
		}
		switch s.KeyExchange {
		case ECDHERSA:
			want.Credential, want.Scheme = 0, wire.PSSWithSHA256
		case ECDHEECDSA:
			want.Credential, want.Scheme = 1, wire.ECDSAWithP256AndSHA256
		}
		if c != want {
			t.Errorf("%v: chose %+v, want %+v", s, c, want)
		}
	}
}

func TestChoosePrefersWhatTheServerPrefers(t *testing.T) {
	keys := newTestSigners(t)
	reversed := allSuiteIDs()
	for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
		reversed[i], reversed[j] = reversed[j], reversed[i]
	}
	ext := everything()
	ext.SupportedGroups = groups(wire.GroupP384, wire.GroupP256, wire.GroupX25519)
	policy := openPolicy()
	c, err := Choose(helloWith(reversed...), ext, &policy, certificates(keys.p256.Public()))
	if err != nil || c.Suite != All()[0] || c.Group != wire.GroupX25519 {
		t.Errorf("chose %+v, %v", c, err)
	}
	policy.PSK = false
	policy.Groups = []wire.Group{wire.GroupX25519MLKEM768, wire.GroupP384, wire.GroupX25519}
	c, err = Choose(helloWith(reversed...), ext, &policy, certificates(keys.p256.Public()))
	if err != nil || c.Suite.ID != wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 || c.Group != wire.GroupP384 {
		t.Errorf("without pre-shared keys chose %+v, %v", c, err)
	}
}

func TestChooseGroup(t *testing.T) {
	const suiteID = wire.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256
	tests := []struct {
		name   string
		client wire.Uint16List
		server []wire.Group
		want   wire.Group // 0 for none
	}{
		{"server's first common one", groups(wire.GroupP384, wire.GroupP256), []wire.Group{wire.GroupX25519, wire.GroupP256, wire.GroupP384}, wire.GroupP256},
		{"extension absent: P-256", nil, []wire.Group{wire.GroupX25519, wire.GroupP256}, wire.GroupP256},
		{"extension absent, P-256 not wanted", nil, []wire.Group{wire.GroupP384, wire.GroupX25519}, wire.GroupP384},
		{"unknown to us", groups(wire.GroupP521, wire.GroupX448, 0x0a0a), DefaultGroups(), 0},
		{"hybrid group is for DTLS 1.3", groups(wire.GroupX25519MLKEM768), []wire.Group{wire.GroupX25519MLKEM768}, 0},
		{"hybrid group is passed over", groups(wire.GroupX25519MLKEM768, wire.GroupP256), []wire.Group{wire.GroupX25519MLKEM768, wire.GroupP256}, wire.GroupP256},
		{"server wants none", groups(wire.GroupX25519), nil, 0},
	}
	for _, tt := range tests {
		policy := openPolicy()
		policy.Groups = tt.server
		ext := everything()
		ext.SupportedGroups = tt.client
		c, err := Choose(helloWith(suiteID), ext, &policy, nil)
		if c.Group != tt.want || (err == nil) != (tt.want != 0) {
			t.Errorf("%s: chose %v, %v, want %v", tt.name, c.Group, err, tt.want)
		}
	}
}

func TestChooseFallsBackToSuitesWithoutGroups(t *testing.T) {
	policy := openPolicy()
	ext := everything()
	ext.SupportedGroups = groups(wire.GroupP521)
	c, err := Choose(helloWith(wire.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, wire.TLS_PSK_WITH_AES_128_CCM_8), ext, &policy, nil)
	if err != nil || c.Suite.ID != wire.TLS_PSK_WITH_AES_128_CCM_8 || c.Group != 0 {
		t.Errorf("chose %+v, %v", c, err)
	}
}

func TestChooseCredential(t *testing.T) {
	keys := newTestSigners(t)
	p256, p384, ed, rsaPub := keys.p256.Public(), keys.p384.Public(), keys.ed25519.Public(), keys.rsa.Public()
	weak := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}
	const ecdsaSuite, rsaSuite = wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
	both := groups(wire.GroupP256, wire.GroupP384)

	tests := []struct {
		name    string
		suite   wire.CipherSuite
		keys    []Candidate
		groups  wire.Uint16List
		schemes wire.Uint16List
		index   int // -1 for none
		scheme  wire.SignatureScheme
	}{
		{"first that suits the suite", ecdsaSuite, certificates(rsaPub, p384, p256), both, schemes(DefaultSchemes()...), 1, wire.ECDSAWithP384AndSHA384},
		{"first whose scheme is offered", ecdsaSuite, certificates(p256, ed), both, schemes(wire.Ed25519), 1, wire.Ed25519},
		{"first whose curve is supported", ecdsaSuite, certificates(p384, p256), groups(wire.GroupP256), schemes(DefaultSchemes()...), 1, wire.ECDSAWithP256AndSHA256},
		{"curve alone unsupported", ecdsaSuite, certificates(p384), groups(wire.GroupP256), schemes(DefaultSchemes()...), -1, 0},
		{"no groups extension, any curve", ecdsaSuite, certificates(p384), nil, schemes(DefaultSchemes()...), 0, wire.ECDSAWithP384AndSHA384},
		{"Ed25519 needs no group of its own", ecdsaSuite, certificates(ed), groups(wire.GroupP256), schemes(wire.Ed25519), 0, wire.Ed25519},
		{"hash not bound to the curve", ecdsaSuite, certificates(p256), both, schemes(wire.ECDSAWithP384AndSHA384), 0, wire.ECDSAWithP384AndSHA384},
		{"key's preference, not the client's", rsaSuite, certificates(rsaPub), both, schemes(wire.PKCS1WithSHA512, wire.PKCS1WithSHA256), 0, wire.PKCS1WithSHA256},
		{"no signature_algorithms", rsaSuite, certificates(rsaPub), both, nil, -1, 0},
		{"SHA-1 alone", rsaSuite, certificates(rsaPub), both, schemes(wire.PKCS1WithSHA1, wire.ECDSAWithSHA1), -1, 0},
		{"schemes for other keys", rsaSuite, certificates(rsaPub), both, schemes(wire.ECDSAWithP256AndSHA256, wire.Ed25519), -1, 0},
		{"weak key passed over", rsaSuite, certificates(weak, rsaPub), both, schemes(DefaultSchemes()...), 1, wire.PSSWithSHA256},
		{"ECDSA suite with RSA key", ecdsaSuite, certificates(rsaPub), both, schemes(DefaultSchemes()...), -1, 0},
		{"no certificate", rsaSuite, nil, both, schemes(DefaultSchemes()...), -1, 0},
	}
	for _, tt := range tests {
		policy := openPolicy()
		ext := everything()
		ext.SupportedGroups, ext.SignatureAlgorithms = tt.groups, tt.schemes
		c, err := Choose(helloWith(tt.suite), ext, &policy, tt.keys)
		if tt.index < 0 {
			if err == nil {
				t.Errorf("%s: chose %+v", tt.name, c)
			}
			continue
		}
		if err != nil || c.Credential != tt.index || c.Scheme != tt.scheme {
			t.Errorf("%s: chose %d with %v, %v, want %d with %v", tt.name, c.Credential, c.Scheme, err, tt.index, tt.scheme)
		}
	}
}

func TestChooseHonoursTheSchemesOfACertificate(t *testing.T) {
	keys := newTestSigners(t)
	const sha256, sha384 = wire.PSSWithSHA256, wire.PSSWithSHA384
	both := schemes(sha256, sha384)
	limited := func(s ...wire.SignatureScheme) Candidate { return Candidate{Key: keys.rsa.Public(), Schemes: s} }
	for _, tt := range []struct {
		name       string
		candidates []Candidate
		offered    wire.Uint16List
		index      int // -1 for none
		scheme     wire.SignatureScheme
	}{
		{"its order", []Candidate{limited(sha384, sha256)}, both, 0, sha384},
		{"its limit", []Candidate{limited(sha384)}, schemes(sha256), -1, 0},
		{"next one that may", []Candidate{limited(sha384), limited(sha256)}, schemes(sha256), 1, sha256},
		{"only those that go with the key", []Candidate{limited(wire.Ed25519, sha256)}, schemes(wire.Ed25519, sha256), 0, sha256},
		{"no limit", []Candidate{limited()}, both, 0, sha256},
	} {
		policy, ext := openPolicy(), everything()
		ext.SignatureAlgorithms = tt.offered
		c, err := Choose(helloWith(wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), ext, &policy, tt.candidates)
		switch {
		case tt.index < 0 && err == nil:
			t.Errorf("%s: chose %+v", tt.name, c)
		case tt.index >= 0 && (err != nil || c.Credential != tt.index || c.Scheme != tt.scheme):
			t.Errorf("%s: chose %d with %v, %v, want %d with %v", tt.name, c.Credential, c.Scheme, err, tt.index, tt.scheme)
		}
	}
}

func TestChooseHonoursThePolicyOnSchemes(t *testing.T) {
	keys := newTestSigners(t)
	policy := openPolicy()
	policy.Schemes = []wire.SignatureScheme{wire.PKCS1WithSHA256}
	c, err := Choose(helloWith(wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), everything(), &policy, certificates(keys.rsa.Public()))
	if err != nil || c.Scheme != wire.PKCS1WithSHA256 {
		t.Errorf("chose %v, %v", c.Scheme, err)
	}
}

// R27: CBC comes with encrypt-then-MAC unless the operator overrides that.
func TestR27CBCNeedsEncryptThenMAC(t *testing.T) {
	const cbcID, aeadID = wire.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256, wire.TLS_PSK_WITH_AES_128_CCM_8
	tests := []struct {
		name              string
		suites            []wire.CipherSuite
		required, offered bool
		want              wire.CipherSuite // 0 for none
		confirmed         bool
	}{
		{"required and offered", []wire.CipherSuite{cbcID}, true, true, cbcID, true},
		{"required, not offered", []wire.CipherSuite{cbcID}, true, false, 0, false},
		{"required, not offered, another suite", []wire.CipherSuite{cbcID, aeadID}, true, false, aeadID, false},
		{"not required, offered", []wire.CipherSuite{cbcID}, false, true, cbcID, true},
		{"overridden", []wire.CipherSuite{cbcID}, false, false, cbcID, false},
		{"not confirmed for an AEAD: RFC 7366, Section 3", []wire.CipherSuite{aeadID}, true, true, aeadID, false},
	}
	for _, tt := range tests {
		policy := openPolicy()
		policy.EncryptThenMACRequired = tt.required
		ext := everything()
		ext.EncryptThenMAC = tt.offered
		c, err := Choose(helloWith(tt.suites...), ext, &policy, nil)
		if (err == nil) != (tt.want != 0) || err == nil && (c.Suite.ID != tt.want || c.EncryptThenMAC != tt.confirmed) {
			t.Errorf("%s: chose %v, encrypt-then-MAC %t, %v", tt.name, c.Suite, c.EncryptThenMAC, err)
		}
	}
}

func TestChooseProtocolAndProfile(t *testing.T) {
	protocols := func(names ...string) (list [][]byte) {
		for _, name := range names {
			list = append(list, []byte(name))
		}
		return list
	}
	profiles := func(p ...uint16) *wire.UseSRTP { return &wire.UseSRTP{Profiles: wire.AppendUint16s(nil, p...)} }
	tests := []struct {
		name         string
		policyProtos []string
		offered      [][]byte
		proto        string
		policySRTP   []uint16
		srtp         *wire.UseSRTP
		profile      uint16
	}{
		{"neither side", nil, nil, "", nil, nil, 0},
		{"client alone", nil, protocols("coap"), "", nil, profiles(1), 0},
		{"server alone", []string{"coap"}, nil, "", []uint16{1}, nil, 0},
		{"server's preference", []string{"coap", "stun"}, protocols("stun", "coap"), "coap", []uint16{7, 1}, profiles(1, 7), 7},
		{"second choice", []string{"coap", "stun"}, protocols("stun"), "stun", []uint16{7, 1}, profiles(1), 1},
		{"no common profile is no failure", nil, nil, "", []uint16{7}, profiles(1, 2), 0},
	}
	for _, tt := range tests {
		policy := openPolicy()
		policy.NextProtos, policy.SRTPProfiles = tt.policyProtos, tt.policySRTP
		ext := everything()
		ext.ALPN, ext.SRTP = tt.offered, tt.srtp
		c, err := Choose(helloWith(wire.TLS_PSK_WITH_AES_128_CCM_8), ext, &policy, nil)
		if err != nil || c.NextProto != tt.proto || c.SRTPProfile != tt.profile {
			t.Errorf("%s: chose %q and %d, %v, want %q and %d", tt.name, c.NextProto, c.SRTPProfile, err, tt.proto, tt.profile)
		}
	}
}

func TestChooseExtendedMasterSecret(t *testing.T) {
	for _, required := range []bool{false, true} {
		for _, offered := range []bool{false, true} {
			policy := openPolicy()
			policy.ExtendedMasterSecretRequired = required
			ext := everything()
			ext.ExtendedMasterSecret = offered
			c, err := Choose(helloWith(wire.TLS_PSK_WITH_AES_128_CCM_8), ext, &policy, nil)
			if (err == nil) != (offered || !required) || c.ExtendedMasterSecret != (offered && err == nil) {
				t.Errorf("required %t, offered %t: %+v, %v", required, offered, c, err)
			}
		}
	}
}

func TestChoiceErrorsExplainThemselves(t *testing.T) {
	keys := newTestSigners(t)
	const ecdhePSK, psk = wire.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, wire.TLS_PSK_WITH_AES_128_CCM_8
	const ecdsaID, rsaID = wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
	two := func(p *Policy) { p.Suites = []*Suite{Lookup(ecdhePSK), Lookup(psk)} }
	tests := []struct {
		name   string
		suites []wire.CipherSuite
		hello  func(*wire.ClientHello)
		ext    func(*wire.ClientExtensions)
		policy func(*Policy)
		keys   []Candidate
		alert  wire.AlertDescription
		want   string
	}{
		{
			name: "suite", suites: []wire.CipherSuite{rsaID, 0x1301, wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV}, policy: two,
			alert: wire.AlertHandshakeFailure,
			want: "no common cipher suite: client offers ECDHE-RSA-AES128-GCM-SHA256, TLS_AES_128_GCM_SHA256; " +
				"server accepts ECDHE-PSK-CHACHA20-POLY1305, PSK-AES128-CCM8",
		},
		{
			name: "no suite at all", suites: []wire.CipherSuite{wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV},
			policy: func(p *Policy) { p.Suites = nil },
			alert:  wire.AlertHandshakeFailure,
			want:   "no common cipher suite: client offers none; server accepts none",
		},
		{
			name: "encrypt-then-MAC", suites: []wire.CipherSuite{wire.TLS_PSK_WITH_AES_128_CBC_SHA256},
			ext:    func(e *wire.ClientExtensions) { e.EncryptThenMAC = false },
			policy: func(p *Policy) { p.EncryptThenMACRequired = true },
			alert:  wire.AlertHandshakeFailure,
			want: "client does not offer encrypt_then_mac, which the server requires for cipher suites in CBC mode: " +
				"client offers PSK-AES128-CBC-SHA256",
		},
		{
			name: "certificate", suites: []wire.CipherSuite{ecdsaID}, keys: certificates(keys.rsa.Public()),
			alert: wire.AlertHandshakeFailure,
			want: "no credential for a common cipher suite: client offers ECDHE-ECDSA-AES128-GCM-SHA256; " +
				"server has pre-shared keys and a certificate with an RSA key",
		},
		{
			name: "pre-shared key", suites: []wire.CipherSuite{psk}, policy: func(p *Policy) { p.PSK = false },
			alert: wire.AlertHandshakeFailure,
			want: "no credential for a common cipher suite: client offers PSK-AES128-CCM8; " +
				"server has neither pre-shared keys nor a certificate",
		},
		{
			name: "certificate for others", suites: []wire.CipherSuite{psk},
			policy: func(p *Policy) { p.PSK, p.Certificates = false, true },
			alert:  wire.AlertHandshakeFailure,
			want: "no credential for a common cipher suite: client offers PSK-AES128-CCM8; " +
				"server has a certificate",
		},
		{
			name: "group", suites: []wire.CipherSuite{ecdhePSK},
			ext:   func(e *wire.ClientExtensions) { e.SupportedGroups = groups(wire.GroupX448, 0x0a0a) },
			alert: wire.AlertHandshakeFailure,
			want:  "no common group: client offers X448, group 0x0a0a; server accepts X25519, P-256, P-384",
		},
		{
			name: "curve of the certificate", suites: []wire.CipherSuite{ecdsaID}, keys: certificates(keys.p384.Public()),
			ext:    func(e *wire.ClientExtensions) { e.SupportedGroups = groups(wire.GroupX25519, wire.GroupP256) },
			policy: func(p *Policy) { p.PSK = false },
			alert:  wire.AlertHandshakeFailure,
			want:   "no certificate on a curve that the client supports: client supports X25519, P-256; server has a certificate with a P-384 key",
		},
		{
			name: "signature scheme", suites: []wire.CipherSuite{ecdsaID}, keys: certificates(keys.p256.Public()),
			ext:   func(e *wire.ClientExtensions) { e.SignatureAlgorithms = schemes(wire.ECDSAWithSHA1, wire.Ed25519) },
			alert: wire.AlertHandshakeFailure,
			want: "no common signature scheme: client offers ecdsa_sha1, ed25519; " +
				"server signs with ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384",
		},
		{
			name: "no signature schemes offered", suites: []wire.CipherSuite{ecdsaID}, keys: certificates(keys.ed25519.Public()),
			ext:   func(e *wire.ClientExtensions) { e.SignatureAlgorithms = nil },
			alert: wire.AlertHandshakeFailure,
			want:  "no common signature scheme: client offers none; server signs with ed25519",
		},
		{
			name: "the suite that came furthest explains", suites: []wire.CipherSuite{ecdsaID, rsaID},
			ext:   func(e *wire.ClientExtensions) { e.SignatureAlgorithms = schemes(wire.PKCS1WithSHA1) },
			keys:  certificates(keys.rsa.Public()),
			alert: wire.AlertHandshakeFailure,
			want: "no common signature scheme: client offers rsa_pkcs1_sha1; server signs with rsa_pss_rsae_sha256, " +
				"rsa_pss_rsae_sha384, rsa_pss_rsae_sha512, rsa_pkcs1_sha256, rsa_pkcs1_sha384, rsa_pkcs1_sha512",
		},
		{
			name: "application protocol", suites: []wire.CipherSuite{psk},
			ext:    func(e *wire.ClientExtensions) { e.ALPN = [][]byte{[]byte("h2\x1b[31m")} },
			policy: func(p *Policy) { p.NextProtos = []string{"coap"} },
			alert:  wire.AlertNoApplicationProtocol,
			want:   `no common application protocol: client offers "h2\x1b[31m"; server accepts "coap"`,
		},
		{
			name: "compression", suites: []wire.CipherSuite{psk}, hello: func(h *wire.ClientHello) { h.CompressionMethods = []byte{1} },
			alert: wire.AlertIllegalParameter,
			want:  "client does not offer the null compression method",
		},
		{
			name: "point formats", suites: []wire.CipherSuite{psk}, ext: func(e *wire.ClientExtensions) { e.PointFormats = []byte{1, 2} },
			alert: wire.AlertIllegalParameter,
			want:  "client does not accept uncompressed points",
		},
		{
			name: "extended master secret", suites: []wire.CipherSuite{psk},
			ext:    func(e *wire.ClientExtensions) { e.ExtendedMasterSecret = false },
			policy: func(p *Policy) { p.ExtendedMasterSecretRequired = true },
			alert:  wire.AlertHandshakeFailure,
			want:   "client does not offer extended_master_secret, which the server requires",
		},
	}
	for _, tt := range tests {
		hello, ext, policy := helloWith(tt.suites...), everything(), openPolicy()
		if tt.hello != nil {
			tt.hello(&hello)
		}
		if tt.ext != nil {
			tt.ext(&ext)
		}
		if tt.policy != nil {
			tt.policy(&policy)
		}
		_, err := Choose(hello, ext, &policy, tt.keys)
		var choiceError *ChoiceError
		if !errors.As(err, &choiceError) {
			t.Errorf("%s: error is %v", tt.name, err)
			continue
		}
		if choiceError.Alert != tt.alert {
			t.Errorf("%s: alert is %v, want %v", tt.name, choiceError.Alert, tt.alert)
		}
		if err.Error() != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, err, tt.want)
		}
	}
}

func TestChoiceErrorsStayShort(t *testing.T) {
	var many []wire.CipherSuite
	for id := range wire.CipherSuite(1000) {
		many = append(many, 0x5000+id)
	}
	policy := openPolicy()
	_, err := Choose(helloWith(many...), everything(), &policy, nil)
	if err == nil {
		t.Fatal("chose a suite that does not exist")
	}
	text := err.Error()
	if !strings.Contains(text, ", 0x500F and 984 more; server accepts") || strings.Contains(text, "0x5010") {
		t.Errorf("got %q", text)
	}
}

func TestChooseDoesNotAllocate(t *testing.T) {
	keys := newTestSigners(t)
	hello, ext, policy := helloWith(allSuiteIDs()...), everything(), openPolicy()
	policy.PSK = false
	candidates := certificates(keys.rsa.Public())
	if allocs := testing.AllocsPerRun(100, func() {
		if _, err := Choose(hello, ext, &policy, candidates); err != nil {
			t.Fatal(err)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// A ClientHello is unauthenticated: whatever it says, Choose answers with a
// choice that is within both offer and policy, or with an error to show.
func FuzzChoose(f *testing.F) {
	keys := newTestSigners(f)
	candidates := certificates(keys.rsa.Public(), keys.p384.Public(), keys.ed25519.Public())
	for _, s := range All() {
		hello, ext := helloWith(s.ID), everything()
		ext.ALPN = [][]byte{[]byte("coap")}
		hello.Extensions = ext.AppendTo(nil)
		f.Add(hello.AppendTo(nil), s.CBC())
	}
	f.Fuzz(func(t *testing.T, body []byte, strict bool) {
		hello, err := wire.ParseClientHello(body)
		if err != nil {
			return
		}
		ext, err := wire.ParseClientExtensions(hello.Extensions)
		if err != nil {
			return
		}
		policy := openPolicy()
		policy.EncryptThenMACRequired, policy.ExtendedMasterSecretRequired, policy.PSK = strict, strict, strict
		policy.NextProtos = []string{"coap"}
		c, err := Choose(hello, ext, &policy, candidates)
		if err != nil {
			if text := err.Error(); text == "" || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("unfit to show: %q", text)
			}
			return
		}
		if !hello.CipherSuites.Contains(uint16(c.Suite.ID)) {
			t.Fatalf("chose %v, which is not offered", c.Suite)
		}
		if c.Suite.KeyExchange.UsesECDHE() != (c.Group != 0) || c.Suite.KeyExchange.UsesCertificate() != (c.Credential >= 0) {
			t.Fatalf("incomplete choice %+v", c)
		}
		if c.Credential >= 0 && (!c.Suite.KeyExchange.Accepts(candidates[c.Credential].Key) || !ext.SignatureAlgorithms.Contains(uint16(c.Scheme))) {
			t.Fatalf("the certificate does not go with the choice %+v", c)
		}
		if strict && (!c.ExtendedMasterSecret || c.Suite.CBC() && !c.EncryptThenMAC) {
			t.Fatalf("the policy is broken by %+v", c)
		}
	})
}

func BenchmarkChoose(b *testing.B) {
	keys := newTestSigners(b)
	hello, ext, policy := helloWith(allSuiteIDs()...), everything(), openPolicy()
	candidates := certificates(keys.rsa.Public())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Choose(hello, ext, &policy, candidates); err != nil {
			b.Fatal(err)
		}
	}
}
