package engine

import (
	"cmp"
	"crypto"
	"slices"
	"strings"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// publicKeys returns the public keys of credentials, in their order.
func publicKeys(credentials []Credential) []crypto.PublicKey {
	keys := make([]crypto.PublicKey, len(credentials))
	for i, c := range credentials {
		keys[i] = c.Signer.Public()
	}
	return keys
}

// answerRequest returns the first credential, and the scheme to sign with,
// that a CertificateRequest takes; -1 if none does. The scheme is the first of
// ours that the server listed.
func answerRequest(request *wire.CertificateRequest, schemes []wire.SignatureScheme, credentials []Credential) (int, wire.SignatureScheme) {
	for i, c := range credentials {
		public := c.Signer.Public()
		if !slices.Contains(request.Types, certificateType(public)) {
			continue
		}
		for _, scheme := range suite.SchemesFor(public) {
			if slices.Contains(schemes, scheme) && request.Schemes.Contains(uint16(scheme)) {
				return i, scheme
			}
		}
	}
	return -1, 0
}

// certificateType returns the ClientCertificateType of a key. Ed25519 counts
// as ecdsa_sign (RFC 8422, Section 5.5).
func certificateType(key crypto.PublicKey) uint8 {
	if suite.ECDHERSA.Accepts(key) {
		return wire.ClientCertificateRSA
	}
	return wire.ClientCertificateECDSA
}

// refusal is the error of a chain that is not trusted, or of no use.
func (r Verified) refusal() error {
	switch {
	case r.Err != nil:
		return &LocalError{Alert: cmp.Or(r.Alert, wire.AlertBadCertificate), Err: r.Err}
	case r.PublicKey == nil:
		// Taken for a peer without a certificate, it would not have to prove
		// that the key is its own.
		return refuse(wire.AlertUnsupportedCertificate, "certificate with a key of unknown kind")
	default:
		return nil
	}
}

// helloInfo copies what the owner may want to know for its choice.
func (s *server12) helloInfo() *HelloInfo {
	info := &HelloInfo{ServerName: s.ext.ServerName}
	for _, name := range s.ext.ALPN {
		info.ALPN = append(info.ALPN, string(name))
	}
	info.CipherSuites = numbers[wire.CipherSuite](s.hello.CipherSuites)
	info.Groups = numbers[wire.Group](s.ext.SupportedGroups)
	info.SignatureSchemes = numbers[wire.SignatureScheme](s.ext.SignatureAlgorithms)
	info.SupportedVersions = numbers[wire.Version](s.ext.SupportedVersions)
	if info.SupportedVersions == nil {
		info.SupportedVersions = []wire.Version{s.hello.Version}
	}
	return info
}

func numbers[T ~uint16](list wire.Uint16List) []T {
	var values []T
	for v := range list.All() {
		values = append(values, T(v))
	}
	return values
}

// offeredVersions names the versions of a hello.
func offeredVersions(legacy wire.Version, versions wire.Uint16List) string {
	if versions == nil {
		return legacy.String()
	}
	var names []string
	for v := range versions.All() {
		names = append(names, wire.Version(v).String())
	}
	return strings.Join(names, ", ")
}
