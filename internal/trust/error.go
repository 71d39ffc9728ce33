package trust

import (
	"crypto/x509"
	"errors"

	"github.com/dtlsd/dtlsd/internal/wire"
)

var (
	errKeyKind       = errors.New("the key is neither RSA, ECDSA on P-256 or P-384, nor Ed25519")
	errNotForSigning = errors.New("the certificate's key usage does not allow signatures")
)

// An Error says why a peer's certificate or raw public key is not believed.
type Error struct {
	Alert wire.AlertDescription // what to tell the peer
	Err   error
}

func (e *Error) Error() string { return "certificate not trusted: " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// alertFor returns the alert of RFC 5246, Section 7.2.2, that fits a chain
// that does not verify.
func alertFor(err error) wire.AlertDescription {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		critical  x509.UnhandledCriticalExtension
		weak      x509.InsecureAlgorithmError
	)
	switch {
	case errors.As(err, &authority):
		return wire.AlertUnknownCA
	case errors.As(err, &host), errors.As(err, &weak):
		return wire.AlertBadCertificate
	case errors.As(err, &critical), errors.Is(err, errNotForSigning):
		return wire.AlertUnsupportedCertificate
	case errors.As(err, &invalid):
		return alertForInvalid(invalid.Reason)
	default:
		return wire.AlertCertificateUnknown
	}
}

func alertForInvalid(reason x509.InvalidReason) wire.AlertDescription {
	switch reason {
	case x509.Expired:
		return wire.AlertCertificateExpired
	case x509.IncompatibleUsage:
		return wire.AlertUnsupportedCertificate
	case x509.NotAuthorizedToSign, x509.CANotAuthorizedForThisName, x509.CANotAuthorizedForExtKeyUsage, x509.TooManyIntermediates:
		return wire.AlertUnknownCA
	default:
		return wire.AlertBadCertificate
	}
}
