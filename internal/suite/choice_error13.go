package suite

import (
	"slices"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// obstacle13 is what keeps a ClientHello from being answered at all, whatever
// the server could look up.
type obstacle13 uint8

const (
	nothing13        obstacle13 = iota
	compression13               // the client offers it
	halfAnExchange              // groups without shares, or the other way round
	noAuthentication            // neither by keys nor by certificates
	noPSKModes                  // for the keys
	strayShare                  // of a group that the client does not support
	noSuite13                   // in both lists
	noGroup13                   // to agree on a key in
)

// alert returns what is to be sent.
func (o obstacle13) alert() wire.AlertDescription {
	switch o {
	case compression13, strayShare:
		return wire.AlertIllegalParameter
	case halfAnExchange, noAuthentication, noPSKModes:
		return wire.AlertMissingExtension
	default:
		return wire.AlertHandshakeFailure
	}
}

// refuse returns the error for an offer that met with the obstacle.
func (o *Offer13) refuse(obstacle obstacle13, p *Policy) *ChoiceError {
	alert := obstacle.alert()
	switch obstacle {
	case compression13:
		return refuse(alert, "client offers compression, which DTLS 1.3 does not have")
	case halfAnExchange:
		return refuse(alert, "client sends only one of supported_groups and key_share")
	case noAuthentication:
		return refuse(alert, "client sends neither pre_shared_key nor both supported_groups and signature_algorithms")
	case noPSKModes:
		return refuse(alert, "client sends pre_shared_key without psk_key_exchange_modes")
	case strayShare:
		return refuse(alert, "client sends a key share of %v, which is not among its supported groups", o.strayShare())
	case noGroup13:
		return refuse(alert, "no common group: client offers %s; server accepts %s",
			list(o.Groups.All(), groupName), list(slices.Values(p.Groups), wire.Group.String))
	default:
		return refuse(alert, "no common cipher suite: client offers %s; server accepts %s",
			list(o.CipherSuites.All(), suiteName), list(slices.Values(p.Suites13), (*Suite13).String))
	}
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
