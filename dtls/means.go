package dtls

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/trust"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// checkMeans sees to it that there is a suite that can be used.
func (p *profile) checkMeans(side engine.Side, versions []wire.Version) error {
	if side == engine.Server && p.config.GetConfigForClient != nil {
		return nil // which has the last word
	}
	if psk, certificates := p.means(side); psk || certificates {
		return nil
	}
	bounds := slices.DeleteFunc(p.config.versions(), func(v wire.Version) bool { return !slices.Contains(versions, v) })
	switch psk, certificates := p.meansIf(side, true); {
	case len(bounds) == 0:
		return errors.New("none of the versions between MinVersion and MaxVersion is one of the server's")
	case len(p.engine.Versions) == 0:
		return fmt.Errorf("none of CipherSuites is of a version between MinVersion and MaxVersion: %v", bounds[0])
	case psk || certificates:
		return errors.New("none of CurvePreferences is a group of DTLS 1.2")
	}
	return errors.New("none of CipherSuites goes with the keys and certificates that are configured")
}

// means tells whether there are suites that can be used with pre-shared keys, and
// with certificates of the server.
func (p *profile) means(side engine.Side) (psk, certificates bool) {
	return p.meansIf(side, slices.ContainsFunc(p.engine.Policy.Groups, func(g wire.Group) bool { return g != wire.GroupX25519MLKEM768 }))
}

// meansIf is means where there are groups of DTLS 1.2, or none.
func (p *profile) meansIf(side engine.Side, groups12 bool) (psk, certificates bool) {
	policy := &p.engine.Policy
	if slices.Contains(p.engine.Versions, wire.VersionDTLS13) {
		psk = policy.PSK
		certificates = policy.Certificates && (side == engine.Client || p.config.GetCertificate != nil || len(p.credentials) > 0)
	}
	if !slices.Contains(p.engine.Versions, wire.VersionDTLS12) {
		return psk, certificates
	}
	for _, s := range policy.Suites {
		switch {
		case s.KeyExchange.UsesECDHE() && !groups12:
		case s.KeyExchange.UsesPSK():
			psk = psk || policy.PSK
		default:
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

// offered says which kind of credential a client could use, if it was one only
// and the server wanted none of it.
func (p *profile) offered(alert wire.AlertDescription) string {
	psk, certificates := p.means(engine.Client)
	switch c := p.config; {
	case alert != wire.AlertHandshakeFailure && alert != wire.AlertMissingExtension || psk && certificates:
		return ""
	case psk && c.offersSignatures():
		return "we offered pre-shared keys only: Config.CipherSuites has nothing else"
	case psk:
		return "we offered pre-shared keys only: Config.RootCAs is not set"
	case c.ClientPSK == nil && !c.offersCertificates():
		return "we offered to take raw public keys only: neither Config.ClientPSK nor Config.RootCAs is set"
	case c.ClientPSK != nil:
		return "we offered certificates only: Config.CipherSuites has nothing else"
	default:
		return "we offered certificates only: Config.ClientPSK is not set"
	}
}
