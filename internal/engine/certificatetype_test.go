package engine

import (
	"slices"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

const (
	x509Type = wire.CertificateTypeX509
	rawType  = wire.CertificateTypeRawPublicKey
)

// RFC 7250, Section 4.1.
func TestClientOffersTypesThatAreWorthNaming(t *testing.T) {
	raw, certificate := Credential{KeyType: rawType}, Credential{}
	for _, test := range []struct {
		name        string
		policy      []uint8
		selects     bool
		credentials []Credential
		want        []uint8
	}{
		{"none", nil, false, nil, nil},
		{"certificates", nil, false, []Credential{certificate}, nil},
		{"a key", nil, false, []Credential{raw, raw}, []uint8{rawType}},
		{"either", nil, false, []Credential{certificate, raw}, []uint8{x509Type, rawType}},
		{"owner to be asked", nil, true, []Credential{raw}, nil},
		{"named", []uint8{rawType, x509Type}, true, nil, []uint8{rawType, x509Type}},
		{"the default named", []uint8{x509Type}, false, []Credential{raw}, nil},
	} {
		cfg := &Config{SelectCredentials: test.selects, Credentials: test.credentials}
		cfg.Policy.ClientCertificateTypes = test.policy
		cfg.Policy.ServerCertificateTypes = test.policy
		c := &clientStart{handshake: &handshake{delivery: &delivery{a: &Association{cfg: cfg}}}}
		var e wire.ClientExtensions
		c.offerCertificateTypes(&e)
		if !slices.Equal(e.ClientCertificateTypes, test.want) {
			t.Errorf("%s: client offers %v, want %v", test.name, e.ClientCertificateTypes, test.want)
		}
		if want := worthNaming(test.policy); !slices.Equal(e.ServerCertificateTypes, want) {
			t.Errorf("%s: client takes %v, want %v", test.name, e.ServerCertificateTypes, want)
		}
	}
}

// RFC 7250, Section 4.2.
func TestClientTakesTypesThatItOffered(t *testing.T) {
	says := func(server, client uint8) *wire.ServerExtensions {
		return &wire.ServerExtensions{
			HasServerCertificateType: true, ServerCertificateType: server,
			HasClientCertificateType: true, ClientCertificateType: client,
		}
	}
	for _, test := range []struct {
		name         string
		takes, shows []uint8
		ext          *wire.ServerExtensions
		want         wire.AlertDescription
	}{
		{"both chosen", []uint8{rawType}, []uint8{x509Type, rawType}, says(rawType, x509Type), 0},
		{"nothing said to nothing", nil, nil, &wire.ServerExtensions{}, 0},
		{"nothing said to one who takes either", []uint8{rawType, x509Type}, nil, &wire.ServerExtensions{}, 0},
		{"nothing said to one with a key", nil, []uint8{rawType}, &wire.ServerExtensions{}, 0},
		{"nothing said to one who takes keys", []uint8{rawType}, nil, &wire.ServerExtensions{}, wire.AlertUnsupportedCertificate},
		{"server's not offered", []uint8{rawType}, []uint8{rawType}, says(x509Type, rawType), wire.AlertIllegalParameter},
		{"client's not offered", []uint8{rawType}, []uint8{rawType}, says(rawType, x509Type), wire.AlertIllegalParameter},
		{"unknown", []uint8{rawType}, []uint8{rawType}, says(9, rawType), wire.AlertIllegalParameter},
	} {
		c := &clientStart{handshake: &handshake{}}
		c.offered.ServerCertificateTypes, c.offered.ClientCertificateTypes = test.takes, test.shows
		err := c.takeCertificateTypes(test.ext)
		if test.want == 0 && err != nil || test.want != 0 && (err == nil || AlertFor(err) != test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}
