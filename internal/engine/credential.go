package engine

import (
	"cmp"
	"crypto"
	"errors"
	"slices"
	"strings"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// candidate returns what the choice of a certificate has to know of c.
func (c Credential) candidate() suite.Candidate {
	return suite.Candidate{Key: c.Signer.Public(), Schemes: c.Schemes}
}

// candidates returns those of all credentials, in their order.
func candidates(credentials []Credential) []suite.Candidate {
	list := make([]suite.Candidate, len(credentials))
	for i, c := range credentials {
		list[i] = c.candidate()
	}
	return list
}

func newCertificateRequestInfo(m wire.CertificateRequest, ours []wire.SignatureScheme) *CertificateRequestInfo {
	return &CertificateRequestInfo{
		Authorities:      m.Authorities,
		SignatureSchemes: numbers[wire.SignatureScheme](m.Schemes),
		types:            m.Types,
		theirs:           m.Schemes,
		ours:             ours,
	}
}

// Supports says why the credential does not answer the request, or nothing.
func (r *CertificateRequestInfo) Supports(c Credential) error {
	_, err := r.scheme(c)
	return err
}

// scheme returns what to sign with in answer to the request.
func (r *CertificateRequestInfo) scheme(c Credential) (wire.SignatureScheme, error) {
	if !slices.Contains(r.types, certificateType(c.Signer.Public())) {
		return 0, errCertificateType
	}
	scheme := c.candidate().Scheme(r.ours, r.theirs)
	if scheme == 0 {
		return 0, errNoScheme
	}
	return scheme, nil
}

// Why a certificate does not answer a request.
var (
	errCertificateType = errors.New("server does not accept certificates with this kind of key")
	errNoScheme        = errors.New("no common signature scheme with the server")
)

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
