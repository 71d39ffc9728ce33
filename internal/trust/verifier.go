package trust

import (
	"crypto"
	"crypto/x509"
	"errors"
	"net/netip"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Verifier verifies the certificate chains that peers present. It is safe
// for concurrent use.
type Verifier struct {
	// Roots are the authorities to believe. Nil stands for those of the
	// system.
	Roots *x509.CertPool
	// Usage is what the peer's certificate must be good for:
	// [x509.ExtKeyUsageServerAuth] for a server's.
	Usage x509.ExtKeyUsage
	// Name is the host name or IP address that the certificate must be for.
	// The empty name asks for none.
	Name string
	// Now returns the time at which the chain must be valid.
	Now func() time.Time
	// SkipChain believes any chain that parses and whose key can be used.
	SkipChain bool
	// Also, if set, has the last word: it gets the chain as it was sent, and
	// the verified chains, none with SkipChain.
	Also func(rawCerts [][]byte, verifiedChains [][]*x509.Certificate) error
}

// A Peer is a verified peer.
type Peer struct {
	// Certificates are those that the peer sent, its own first.
	Certificates []*x509.Certificate
	// VerifiedChains lead from the first of them to a root. There are none
	// with SkipChain.
	VerifiedChains [][]*x509.Certificate
	// RawPublicKey is that of a peer without certificates.
	RawPublicKey crypto.PublicKey
}

// PublicKey returns the key that the peer has to prove that it has.
func (p *Peer) PublicKey() crypto.PublicKey {
	if p.RawPublicKey != nil {
		return p.RawPublicKey
	}
	return p.Certificates[0].PublicKey
}

// Verify verifies a chain, leaf first, in DER. The error is an [*Error].
func (v *Verifier) Verify(chain [][]byte) (*Peer, error) {
	peer, err := parseChain(chain)
	if err != nil {
		return nil, err
	}
	leaf := peer.Certificates[0]
	if err := usableKey(leaf.PublicKey); err != nil {
		return nil, &Error{wire.AlertUnsupportedCertificate, err}
	}
	if !v.SkipChain {
		if err := v.verifyChain(peer); err != nil {
			return nil, &Error{alertFor(err), err}
		}
	}
	if v.Also != nil {
		if err := v.Also(chain, peer.VerifiedChains); err != nil {
			return nil, &Error{wire.AlertBadCertificate, err}
		}
	}
	return peer, nil
}

func parseChain(chain [][]byte) (*Peer, error) {
	if len(chain) == 0 {
		return nil, &Error{wire.AlertBadCertificate, errors.New("no certificate")}
	}
	peer := &Peer{Certificates: make([]*x509.Certificate, len(chain))}
	for i, der := range chain {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, &Error{wire.AlertBadCertificate, err}
		}
		peer.Certificates[i] = cert
	}
	return peer, nil
}

func (v *Verifier) verifyChain(peer *Peer) error {
	leaf := peer.Certificates[0]
	intermediates := x509.NewCertPool()
	for _, cert := range peer.Certificates[1:] {
		intermediates.AddCert(cert)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		DNSName:       withoutZone(v.Name),
		Roots:         v.Roots,
		Intermediates: intermediates,
		CurrentTime:   v.Now(),
		KeyUsages:     []x509.ExtKeyUsage{v.Usage},
	})
	if err != nil {
		return err
	}
	// RFC 5246, Section 7.4.2: "the digitalSignature bit MUST be set if the
	// key usage extension is present". Every suite here has the peer sign.
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return errNotForSigning
	}
	peer.VerifiedChains = chains
	return nil
}

// withoutZone returns name without the zone of an IPv6 address, which means
// something on this machine only and is in no certificate.
func withoutZone(name string) string {
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.WithZone("").String()
	}
	return name
}

// usableKey says why signatures of the key pub cannot be verified.
func usableKey(pub crypto.PublicKey) error {
	if suite.SchemesFor(pub) != nil {
		return nil
	}
	if _, isRSA := pub.(interface{ Size() int }); isRSA {
		return suite.ErrWeakKey
	}
	return errKeyKind
}
