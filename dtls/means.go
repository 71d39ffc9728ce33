package dtls

import (
	"errors"
	"slices"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/trust"
)

// checkMeans sees to it that there is a suite that can be used.
func (p *profile) checkMeans(side engine.Side) error {
	if side == engine.Server && p.config.GetConfigForClient != nil {
		return nil // which has the last word
	}
	if psk, certificates := p.means(side); !psk && !certificates {
		return errors.New("none of CipherSuites goes with the keys and certificates that are configured")
	}
	return nil
}

// means tells whether there are suites that can be used with pre-shared keys, and
// with certificates of the server.
func (p *profile) means(side engine.Side) (psk, certificates bool) {
	policy := &p.engine.Policy
	for _, s := range policy.Suites {
		if s.KeyExchange.UsesPSK() {
			psk = psk || policy.PSK
		} else {
			certificates = certificates || policy.Certificates && p.fits(side, s.KeyExchange)
		}
	}
	return psk, certificates
}

// fits reports whether the server can have a certificate for a key exchange, as
// far as that is known.
func (p *profile) fits(side engine.Side, kind suite.KeyExchange) bool {
	return side == engine.Client || p.config.GetCertificate != nil || slices.ContainsFunc(p.credentials, func(c trust.Credential) bool {
		return kind.Accepts(c.Signer.Public())
	})
}
