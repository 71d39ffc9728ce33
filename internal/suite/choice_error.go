package suite

import (
	"crypto"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A ChoiceError says why a ClientHello cannot be answered, in one sentence
// that helps whoever configures either side.
type ChoiceError struct {
	Alert wire.AlertDescription // to be sent
	text  string
}

func (e *ChoiceError) Error() string { return e.text }

// refuse returns the error for an offer that met with the obstacle.
func (o offer) refuse(obstacle obstacle) *ChoiceError {
	switch obstacle {
	case noEncryptThenMAC:
		return o.failure("client does not offer encrypt_then_mac, which the server requires for cipher suites in CBC mode: client offers %s",
			o.suitesOffered())
	case noCredential:
		return o.failure("no credential for a common cipher suite: client offers %s; server has %s",
			o.suitesOffered(), o.credentials())
	case noGroup:
		return o.failure("no common group: client offers %s; server accepts %s",
			list(o.ext.SupportedGroups.All(), groupName), list(slices.Values(o.policy.Groups), wire.Group.String))
	case noServerType:
		return noServerCertificateType(o.ext.ServerCertificateTypes, o.policy, o.candidates)
	case noClientType:
		return noCertificateType("client", o.ext.ClientCertificateTypes, o.policy.ClientCertificateTypes)
	case noCurve:
		return o.failure("no certificate on a curve that the client supports: client supports %s; server has %s",
			list(o.ext.SupportedGroups.All(), groupName), o.credentials())
	case noScheme:
		return o.failure("no common signature scheme: client offers %s; server signs with %s",
			list(o.ext.SignatureAlgorithms.All(), schemeName), list(slices.Values(o.schemes()), wire.SignatureScheme.String))
	case noProtocol:
		return noCommonProtocol(o.ext.ALPN, o.policy)
	default:
		return o.failure("no common cipher suite: client offers %s; server accepts %s",
			o.suitesOffered(), list(slices.Values(o.suitesUsable()), openSSLName))
	}
}

// suitesUsable returns the suites of the policy for which the server has a kind
// of credential, or all of them if it has none.
func (o offer) suitesUsable() []*Suite {
	usable := slices.DeleteFunc(slices.Clone(o.policy.Suites), func(s *Suite) bool {
		k := s.KeyExchange
		return k.UsesPSK() && !o.policy.PSK || k.UsesCertificate() && !o.policy.Certificates
	})
	if len(usable) == 0 {
		return o.policy.Suites
	}
	return usable
}

func (o offer) failure(format string, args ...any) *ChoiceError {
	return refuse(wire.AlertHandshakeFailure, format, args...)
}

func refuse(alert wire.AlertDescription, format string, args ...any) *ChoiceError {
	return &ChoiceError{alert, fmt.Sprintf(format, args...)}
}

func noCommonProtocol(offered [][]byte, p *Policy) *ChoiceError {
	return refuse(wire.AlertNoApplicationProtocol, "no common application protocol: client offers %s; server accepts %s",
		list(slices.Values(offered), quoteBytes), list(slices.Values(p.NextProtos), quote))
}

// suitesOffered names the client's suites, leaving out the value that is a
// signal and no suite.
func (o offer) suitesOffered() string {
	offered := slices.DeleteFunc(slices.Collect(o.hello.CipherSuites.All()), func(id uint16) bool {
		return wire.CipherSuite(id) == wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV
	})
	return list(slices.Values(offered), suiteName)
}

// credentials says what the server can authenticate itself with.
func (o offer) credentials() string { return credentials(o.policy, o.candidates) }

func credentials(p *Policy, candidates []Candidate) string {
	var has []string
	if p.PSK {
		has = append(has, "pre-shared keys")
	}
	for _, c := range candidates {
		if c.KeyType == wire.CertificateTypeRawPublicKey {
			has = append(has, keyName(c.Key)+" without certificate")
		} else {
			has = append(has, "a certificate with "+keyName(c.Key))
		}
	}
	if len(candidates) == 0 && p.Certificates {
		has = append(has, "a certificate")
	}
	if len(has) == 0 {
		return "neither pre-shared keys nor a certificate"
	}
	return strings.Join(has, " and ")
}

// schemes returns what the server could sign with, were the client to accept.
func (o offer) schemes() []wire.SignatureScheme {
	return usableSchemes(o.policy, o.candidates, Candidate.schemes)
}

func usableSchemes(p *Policy, candidates []Candidate, able func(Candidate) []wire.SignatureScheme) []wire.SignatureScheme {
	return slices.DeleteFunc(slices.Clone(p.Schemes), func(scheme wire.SignatureScheme) bool {
		return !slices.ContainsFunc(candidates, func(c Candidate) bool {
			return slices.Contains(able(c), scheme)
		})
	})
}

// maxListed is how many elements of a list an error names.
const maxListed = 16

// list joins the names of the elements, of the first ones if there are many.
func list[T any](elements iter.Seq[T], name func(T) string) string {
	var names []string
	more := 0
	for e := range elements {
		if len(names) == maxListed {
			more++
			continue
		}
		names = append(names, name(e))
	}
	switch {
	case len(names) == 0:
		return "none"
	case more > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), more)
	default:
		return strings.Join(names, ", ")
	}
}

func suiteName(id uint16) string { return Name(wire.CipherSuite(id)) }

func openSSLName(s *Suite) string { return s.OpenSSLName }

func groupName(id uint16) string { return wire.Group(id).String() }

func schemeName(id uint16) string { return wire.SignatureScheme(id).String() }

func quote(s string) string { return fmt.Sprintf("%q", s) }

func quoteBytes(b []byte) string { return fmt.Sprintf("%q", b) }

func keyName(pub crypto.PublicKey) string {
	switch kindOf(pub) {
	case rsaKey:
		return "an RSA key"
	case ecdsaP256Key:
		return "a P-256 key"
	case ecdsaP384Key:
		return "a P-384 key"
	case ed25519Key:
		return "an Ed25519 key"
	default:
		return fmt.Sprintf("a key of no use (%T)", pub)
	}
}
