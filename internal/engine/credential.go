package engine

import (
	"cmp"
	"crypto"
	"errors"
	"slices"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// candidate returns what the choice of a certificate has to know of c.
func (c Credential) candidate() suite.Candidate {
	return suite.Candidate{KeyType: c.KeyType, Key: c.Signer.Public(), Schemes: c.Schemes}
}

// candidates returns those of all credentials, in their order.
func candidates(credentials []Credential) []suite.Candidate {
	list := make([]suite.Candidate, len(credentials))
	for i, c := range credentials {
		list[i] = c.candidate()
	}
	return list
}

func (c *client12) newCertificateRequestInfo(m wire.CertificateRequest) *CertificateRequestInfo {
	return &CertificateRequestInfo{
		KeyType:          c.ownKeyType,
		Authorities:      m.Authorities,
		SignatureSchemes: numbers[wire.SignatureScheme](m.Schemes),
		types:            m.Types,
		theirs:           m.Schemes,
		ours:             c.a.cfg.Policy.Schemes,
	}
}

func (c *client13) newCertificateRequestInfo(e wire.CertificateRequestExtensions) *CertificateRequestInfo {
	return &CertificateRequestInfo{
		KeyType:          c.ownKeyType,
		Authorities:      e.CertificateAuthorities,
		SignatureSchemes: numbers[wire.SignatureScheme](e.SignatureAlgorithms),
		is13:             true,
		theirs:           e.SignatureAlgorithms,
		ours:             c.a.cfg.Policy.Schemes,
	}
}

// first returns the first of the credentials that answers the request, and what
// to sign with, if there is one.
func (r *CertificateRequestInfo) first(list []Credential) (Credential, wire.SignatureScheme) {
	for _, credential := range list {
		if scheme, err := r.scheme(credential); err == nil {
			return credential, scheme
		}
	}
	return Credential{}, 0
}

// Supports says why the credential does not answer the request, or nothing.
func (r *CertificateRequestInfo) Supports(c Credential) error {
	_, err := r.scheme(c)
	return err
}

// scheme returns what to sign with in answer to the request.
func (r *CertificateRequestInfo) scheme(c Credential) (wire.SignatureScheme, error) {
	var scheme wire.SignatureScheme
	switch {
	case c.KeyType != r.KeyType:
		return 0, errKeyType
	case r.is13:
		scheme = c.candidate().Scheme13(r.ours, r.theirs)
	case !slices.Contains(r.types, certificateType(c.Signer.Public())):
		return 0, errCertificateType
	default:
		scheme = c.candidate().Scheme(r.ours, r.theirs)
	}
	if scheme == 0 {
		return 0, errNoScheme
	}
	return scheme, nil
}

// Why a certificate does not answer a request.
var (
	errKeyType         = errors.New("server does not accept certificates of this type")
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
func (s *serverStart) helloInfo() *HelloInfo {
	info := &HelloInfo{ServerName: s.ext.ServerName}
	for _, name := range s.ext.ALPN {
		info.ALPN = append(info.ALPN, string(name))
	}
	info.CipherSuites = numbers[wire.CipherSuite](s.hello.CipherSuites)
	info.Groups = numbers[wire.Group](s.ext.SupportedGroups)
	info.SignatureSchemes = numbers[wire.SignatureScheme](s.ext.SignatureAlgorithms)
	info.SupportedVersions = numbers[wire.Version](s.ext.SupportedVersions)
	info.CertificateTypes = slices.Clone(s.ext.ServerCertificateTypes)
	if info.SupportedVersions == nil {
		info.SupportedVersions = []wire.Version{s.hello.Version}
	}
	return info
}

func numbers[T ~uint16](list wire.Uint16List) []T {
	if list.Len() == 0 {
		return nil
	}
	values := make([]T, 0, list.Len())
	for v := range list.All() {
		values = append(values, T(v))
	}
	return values
}
