package suite

import (
	"fmt"
	"slices"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// x509Alone is what a peer has that does not mention types.
//
// RFC 7250, Section 4.1.
var x509Alone = []uint8{wire.CertificateTypeX509}

// shows reports whether a server may show a certificate of that type to a client
// that offers to take those.
func (p *Policy) shows(t uint8, offered []byte) bool {
	if offered == nil {
		offered = x509Alone
	}
	allowed := len(p.ServerCertificateTypes) == 0 || slices.Contains(p.ServerCertificateTypes, t)
	return allowed && slices.Contains(offered, t)
}

// clientType returns the type of the certificate that a client would be asked
// for, if it offers one that the server takes. A server that names no types goes
// on as if it did not know the extension.
func (p *Policy) clientType(offered []byte) (uint8, bool) {
	if len(p.ClientCertificateTypes) == 0 {
		return wire.CertificateTypeX509, true
	}
	return commonType(p.ClientCertificateTypes, offered)
}

// commonType returns the first of our types that the client has too.
func commonType(ours, theirs []uint8) (uint8, bool) {
	if theirs == nil {
		theirs = x509Alone
	}
	for _, t := range ours {
		if slices.Contains(theirs, t) {
			return t, true
		}
	}
	return 0, false
}

// noServerCertificateType says why the server has no certificate to show.
//
// RFC 7250, Section 4.2: without a common type, the alert is
// unsupported_certificate. A server that has the type, but no certificate of it,
// lacks a credential like any other.
func noServerCertificateType(theirs []uint8, p *Policy, candidates []Candidate) *ChoiceError {
	ours := p.ServerCertificateTypes
	if _, ok := commonType(ours, theirs); !ok && len(ours) > 0 {
		return noCertificateType("server", theirs, ours)
	}
	if theirs == nil {
		theirs = x509Alone
	}
	return refuse(wire.AlertHandshakeFailure, "no certificate of a type that the client accepts: client accepts %s; server has %s",
		list(slices.Values(theirs), CertificateTypeName), credentials(p, candidates))
}

func noCertificateType(whose string, theirs, ours []uint8) *ChoiceError {
	if theirs == nil {
		theirs = x509Alone
	}
	return refuse(wire.AlertUnsupportedCertificate, "no common type of %s certificates: client offers %s; server accepts %s",
		whose, list(slices.Values(theirs), CertificateTypeName), list(slices.Values(ours), CertificateTypeName))
}

// CertificateTypeName names a CertificateType for people.
func CertificateTypeName(t uint8) string {
	switch t {
	case wire.CertificateTypeX509:
		return "X.509"
	case wire.CertificateTypeRawPublicKey:
		return "raw public key"
	default:
		return fmt.Sprintf("type %d", t)
	}
}
