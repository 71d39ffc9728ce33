package suite

import (
	"crypto"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// rawKeys are candidates without certificates.
func rawKeys(keys ...crypto.PublicKey) []Candidate {
	candidates := certificates(keys...)
	for i := range candidates {
		candidates[i].KeyType = wire.CertificateTypeRawPublicKey
	}
	return candidates
}

// typed is what Choose and Choose13 decide about certificates.
type typed struct {
	credential     int
	server, client uint8
}

// chooseTypes has a client without pre-shared keys offer types in one of the
// versions.
func chooseTypes(is13 bool, client, server []uint8, p Policy, candidates []Candidate) (typed, error) {
	if is13 {
		o := everything13()
		o.PSKs, o.PSKModes = nil, nil
		o.ClientCertificateTypes, o.ServerCertificateTypes = client, server
		p.Suites13 = All13()
		c, err := Choose13(o, &p, candidates)
		return typed{c.Credential, c.ServerCertificateType, c.ClientCertificateType}, err
	}
	ext := everything()
	ext.ClientCertificateTypes, ext.ServerCertificateTypes = client, server
	hello := helloWith(wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)
	c, err := Choose(hello, ext, &p, candidates)
	return typed{c.Credential, c.ServerCertificateType, c.ClientCertificateType}, err
}

// inBothVersions runs a test once for each version.
func inBothVersions(t *testing.T, test func(t *testing.T, is13 bool)) {
	t.Run("DTLS 1.2", func(t *testing.T) { test(t, false) })
	t.Run("DTLS 1.3", func(t *testing.T) { test(t, true) })
}

// RFC 7250, Section 4.
func TestChooseCertificateTypes(t *testing.T) {
	const x509, raw, unknown = wire.CertificateTypeX509, wire.CertificateTypeRawPublicKey, 9
	const unsupported, failure = wire.AlertUnsupportedCertificate, wire.AlertHandshakeFailure
	keys := newTestSigners(t)
	certificate, key := certificates(keys.p256.Public()), rawKeys(keys.p256.Public())
	mixed := append(certificates(keys.p256.Public()), key...)
	type types = []uint8
	tests := []struct {
		name           string
		client, server types // offered
		ours, peers    types // of the policy
		candidates     []Candidate
		want           typed
		alert          wire.AlertDescription
	}{
		{"nothing said", nil, nil, nil, types{x509}, mixed, typed{0, x509, x509}, 0},
		{"nothing said to raw keys first", nil, nil, nil, nil, append(rawKeys(keys.p256.Public()), certificate...), typed{1, x509, x509}, 0},
		{"our first that goes with the client", nil, types{raw, x509}, nil, nil, mixed, typed{0, x509, x509}, 0},
		{"our second", nil, types{unknown, raw}, nil, nil, mixed, typed{1, raw, x509}, 0},
		{"the policy's", nil, types{x509, raw}, types{raw}, nil, mixed, typed{1, raw, x509}, 0},
		{"server's preference among the client's", types{x509, raw}, nil, nil, types{raw, x509}, certificate, typed{0, x509, raw}, 0},
		{"client is not asked", types{raw}, nil, nil, nil, certificate, typed{0, x509, x509}, 0},
		{"client wants a raw key", nil, types{raw}, nil, nil, certificate, typed{}, failure},
		{"client wants a certificate", nil, nil, nil, nil, key, typed{}, failure},
		{"client wants what nobody has", nil, types{unknown}, nil, nil, mixed, typed{}, failure},
		{"server means to have raw keys alone", nil, nil, types{raw}, nil, mixed, typed{}, unsupported},
		{"server takes certificates alone", types{raw}, nil, nil, types{x509}, certificate, typed{}, unsupported},
		{"server takes raw keys alone", nil, nil, nil, types{raw}, certificate, typed{}, unsupported},
	}
	inBothVersions(t, func(t *testing.T, is13 bool) {
		for _, tt := range tests {
			p := openPolicy()
			p.PSK = false
			p.ServerCertificateTypes, p.ClientCertificateTypes = tt.ours, tt.peers
			got, err := chooseTypes(is13, tt.client, tt.server, p, tt.candidates)
			if alertOf(err) != tt.alert || err == nil && got != tt.want {
				t.Errorf("%s: chose %+v, %v", tt.name, got, err)
			}
		}
	})
}

func TestChooseLooksForASchemeAmongKeysOfTheRightType(t *testing.T) {
	keys := newTestSigners(t)
	candidates := append(certificates(keys.p256.Public()), rawKeys(keys.rsa.Public())...)
	inBothVersions(t, func(t *testing.T, is13 bool) {
		p := openPolicy()
		p.PSK = false
		p.Schemes = []wire.SignatureScheme{wire.ECDSAWithP256AndSHA256}
		_, err := chooseTypes(is13, nil, []uint8{wire.CertificateTypeRawPublicKey}, p, candidates)
		if alertOf(err) != wire.AlertHandshakeFailure || !strings.Contains(err.Error(), "no common signature scheme") {
			t.Errorf("error %v", err)
		}
	})
}

func TestChooseFallsBackToKeysWithoutCertificates(t *testing.T) {
	keys := newTestSigners(t)
	p := openPolicy()
	ext := everything()
	ext.ServerCertificateTypes = []uint8{wire.CertificateTypeRawPublicKey}
	hello := helloWith(wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_PSK_WITH_AES_128_GCM_SHA256)
	c, err := Choose(hello, ext, &p, certificates(keys.p256.Public()))
	if err != nil || c.Suite.ID != wire.TLS_PSK_WITH_AES_128_GCM_SHA256 || c.Credential != -1 {
		t.Errorf("chose %+v, %v", c, err)
	}
}

func TestChooseExplainsCertificateTypes(t *testing.T) {
	const raw = wire.CertificateTypeRawPublicKey
	keys := newTestSigners(t)
	tests := []struct {
		change     func(p *Policy)
		server     []uint8
		candidates []Candidate
		text       string
	}{
		{
			func(*Policy) {}, nil, rawKeys(keys.p256.Public()),
			"no certificate of a type that the client accepts: client accepts X.509; server has a P-256 key without certificate",
		},
		{
			func(p *Policy) { p.ServerCertificateTypes = []uint8{raw} }, []uint8{9}, rawKeys(keys.p256.Public()),
			"no common type of server certificates: client offers type 9; server accepts raw public key",
		},
		{
			func(p *Policy) { p.ClientCertificateTypes = []uint8{raw} }, nil, certificates(keys.p256.Public()),
			"no common type of client certificates: client offers X.509; server accepts raw public key",
		},
	}
	inBothVersions(t, func(t *testing.T, is13 bool) {
		for _, tt := range tests {
			p := openPolicy()
			p.PSK = false
			tt.change(&p)
			if _, err := chooseTypes(is13, nil, tt.server, p, tt.candidates); err == nil || err.Error() != tt.text {
				t.Errorf("error %v, want %s", err, tt.text)
			}
		}
	})
}
