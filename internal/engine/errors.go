package engine

import (
	"errors"
	"fmt"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// What a caller did, or what ended an association without an alert.
var (
	ErrClosed             = errors.New("association closed")
	ErrCloseNotify        = errors.New("closed by the peer")
	ErrNotEstablished     = errors.New("handshake not complete")
	ErrMessageTooLarge    = errors.New("message too large for one record")
	ErrSequenceExhausted  = errors.New("record sequence numbers exhausted")
	ErrNoKeyUpdate        = errors.New("dtls 1.2 cannot update its keys")
	ErrNoNewCIDs          = errors.New("new connection IDs need dtls 1.3 and a peer that uses them")
	ErrHandshakeTimeout   = errors.New("handshake timed out")
	ErrWrongKey           = errors.New("the pre-shared keys of the two sides probably differ")
	ErrBinder             = errors.New("the client does not prove to have the pre-shared key")
	ErrNoPSK              = errors.New("no pre-shared key for this server")
	ErrIdentityTooLong    = errors.New("psk identity longer than 256 bytes")
	ErrNoRoutabilityCheck = errors.New("return routability check not negotiated")
	ErrNoRandomness       = errors.New("the source of randomness yields zeroes")
)

// A LocalError is a reason of ours to end a handshake or an association, with
// the alert that tells the peer.
type LocalError struct {
	Alert wire.AlertDescription
	Err   error
}

func (e *LocalError) Error() string { return e.Err.Error() }
func (e *LocalError) Unwrap() error { return e.Err }

// An AlertError is the fatal alert with which the peer ended the association.
type AlertError struct {
	Alert wire.AlertDescription
	// Authenticated is false for an alert in plaintext, which anyone may have
	// sent.
	Authenticated bool
}

func (e *AlertError) Error() string {
	return fmt.Sprintf("the peer sent a fatal alert: %v", e.Alert)
}

// refuse makes a [LocalError] out of an alert and a sentence.
func refuse(alert wire.AlertDescription, format string, args ...any) error {
	return &LocalError{Alert: alert, Err: fmt.Errorf(format, args...)}
}

// AlertFor is the one place where an error becomes an alert.
func AlertFor(err error) wire.AlertDescription {
	var local *LocalError
	var choice *suite.ChoiceError
	switch {
	case errors.As(err, &local):
		return local.Alert
	case errors.As(err, &choice):
		return choice.Alert
	case errors.Is(err, wire.ErrIllegal):
		return wire.AlertIllegalParameter
	case errors.Is(err, wire.ErrMalformed):
		return wire.AlertDecodeError
	case errors.Is(err, suite.ErrBadKeyShare):
		return wire.AlertIllegalParameter
	case errors.Is(err, suite.ErrBadSignature):
		return wire.AlertDecryptError
	default:
		return wire.AlertInternalError
	}
}
