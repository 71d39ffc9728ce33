package suite

import (
	"fmt"
	"slices"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func (o *Offer13) noGroup(p *Policy) *ChoiceError {
	return refuse(wire.AlertHandshakeFailure, "no common group: client offers %s; server accepts %s",
		list(o.Groups.All(), groupName), list(slices.Values(p.Groups), wire.Group.String))
}

// noCredential says why the server, which has no certificate to show, cannot
// use a pre-shared key either.
func (o *Offer13) noCredential(p *Policy) *ChoiceError {
	switch has := credentials(p, nil); {
	case !p.PSK || len(o.PSKs) == 0:
		offers := "no pre-shared key"
		if len(o.PSKs) > 0 {
			offers = "pre-shared keys"
		}
		return refuse(wire.AlertHandshakeFailure, "no credential that the client can use: client offers %s; server has %s", offers, has)
	case !slices.Contains(o.PSKModes, wire.PSKModeDHEKE) && !p.PlainPSK:
		return refuse(wire.AlertHandshakeFailure, "client uses pre-shared keys only without forward secrecy (psk_ke), which the server does not accept")
	case !slices.Contains(o.PSKModes, wire.PSKModeDHEKE) && !slices.Contains(o.PSKModes, wire.PSKModeKE):
		return refuse(wire.AlertHandshakeFailure, "client uses pre-shared keys in no mode that the server knows")
	default:
		return refuse(wire.AlertHandshakeFailure, "none of the client's pre-shared keys is one of the server's and goes with the hash of a common cipher suite")
	}
}

func noCertificateType(whose string, theirs, ours []uint8) *ChoiceError {
	return refuse(wire.AlertUnsupportedCertificate, "no common type of %s certificates: client offers %s; server accepts %s",
		whose, list(slices.Values(theirs), certificateTypeName), list(slices.Values(ours), certificateTypeName))
}

func certificateTypeName(t uint8) string {
	switch t {
	case wire.CertificateTypeX509:
		return "X.509"
	case wire.CertificateTypeRawPublicKey:
		return "raw public key"
	default:
		return fmt.Sprintf("type %d", t)
	}
}
