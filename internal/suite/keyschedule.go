package suite

import (
	"crypto"
	"errors"
)

// The key schedule of DTLS 1.3 is a staircase: RFC 8446, Section 7.1.
//
//	EarlySecret or PSKSecret       NewEarlySecret, NewPSKSecret
//	        |                      binders
//	        v
//	HandshakeSecret                HandshakeSecret, HandshakeSecretWithoutExchange
//	        |                      traffic secrets of the handshake
//	        v
//	MasterSecret                   MasterSecret
//	                               traffic secrets, exporter, tickets
//
// Each step is a method of the stage before, which is wiped by it, so that no
// order but the right one can be written down, and a stage without a secret
// cannot be had: what a nil, zero or wiped stage is asked for ends in a panic.

// ErrNoSecret says that a pre-shared key or a shared secret is missing, or is
// all zeros and so no secret. The handshake must end there.
var ErrNoSecret = errors.New("no secret to derive keys from")

// minSharedSecret is the length of what the smallest group agrees on, in bytes.
const minSharedSecret = 32

// A Secret is one that stages of the key schedule hand out. It is plain bytes,
// as many as the hash has, so that it can be stored.
type Secret []byte

// Wipe overwrites the secret, wherever it was copied by slicing, and forgets
// it.
func (s *Secret) Wipe() {
	clear(*s)
	*s = nil
}

// stage is what all stages have.
type stage struct {
	keyDerivation
	secret Secret
	keyed  *expander // of the secret; nil before it is used
}

// Wipe ends the stage.
func (s *stage) Wipe() {
	s.secret.Wipe()
	s.keyed = nil
}

// expand returns what derives from the secret of the stage.
func (s *stage) expand() *expander {
	if s.keyed == nil {
		s.keyed = s.expander(s.secret)
	}
	return s.keyed
}

// next takes the step to the stage below, and wipes this one. Where nothing is
// mixed in, as many zeros as the hash has stand for it.
func (s *stage) next(mixed []byte) stage {
	if mixed == nil {
		mixed = make([]byte, s.hash.Size())
	}
	salt := s.expand().deriveFromNothing("derived")
	below := stage{keyDerivation: s.keyDerivation, secret: s.extract(salt, mixed)}
	salt.Wipe()
	s.Wipe()
	return below
}

// An EarlySecret begins a handshake without pre-shared key. Only an exchange
// of keys leads on from it.
type EarlySecret struct{ stage }

// NewEarlySecret returns the first stage for a suite with the hash h.
func NewEarlySecret(h crypto.Hash) *EarlySecret {
	return newEarlySecret(keyDerivation{h, dtls13})
}

func newEarlySecret(d keyDerivation) *EarlySecret {
	zeros := make([]byte, d.hash.Size())
	return &EarlySecret{stage{keyDerivation: d, secret: d.extract(nil, zeros)}}
}

// HandshakeSecret mixes in what the exchange of keys agreed on. It returns
// ErrNoSecret, and changes nothing, when that is no secret.
func (s *EarlySecret) HandshakeSecret(shared []byte) (*HandshakeSecret, error) {
	return s.stage.exchange(shared)
}

// A PSKSecret begins a handshake with a pre-shared key. It proves the key with
// binders and leads on with and without an exchange of keys.
type PSKSecret struct{ stage }

// NewPSKSecret returns the first stage for a pre-shared key that goes with the
// hash h. It returns ErrNoSecret for an empty key and for one of zeros, which
// can have the same effect as none.
func NewPSKSecret(h crypto.Hash, psk []byte) (*PSKSecret, error) {
	return newPSKSecret(keyDerivation{h, dtls13}, psk)
}

func newPSKSecret(d keyDerivation, psk []byte) (*PSKSecret, error) {
	if allZero(psk) {
		return nil, ErrNoSecret
	}
	return &PSKSecret{stage{keyDerivation: d, secret: d.extract(nil, psk)}}, nil
}

// A PSKKind says where a pre-shared key comes from, so that a key of one kind
// cannot be passed off as one of the other.
type PSKKind uint8

// The kinds of pre-shared keys.
const (
	ExternalPSK   PSKKind = iota + 1 // both sides were configured with it
	ResumptionPSK                    // it comes with a ticket
)

func (k PSKKind) label() string {
	switch k {
	case ExternalPSK:
		return "ext binder"
	case ResumptionPSK:
		return "res binder"
	default:
		panic("suite: a pre-shared key of no kind")
	}
}

// Binder returns the proof that a ClientHello is from somebody who has the
// key. The hash is that of the messages up to the ClientHello, of which the
// binders at the end are cut off. Compare it in constant time.
//
// RFC 8446, Section 4.2.11.2.
func (s *PSKSecret) Binder(kind PSKKind, transcriptHash []byte) []byte {
	key := s.expand().deriveFromNothing(kind.label())
	defer key.Wipe()
	finished := s.expander(key).finishedKey()
	defer finished.Wipe()
	return s.verifyData(finished, transcriptHash)
}

// HandshakeSecret mixes in what the exchange of keys agreed on, in the mode
// psk_dhe_ke. It returns ErrNoSecret, and changes nothing, when that is no
// secret.
func (s *PSKSecret) HandshakeSecret(shared []byte) (*HandshakeSecret, error) {
	return s.stage.exchange(shared)
}

// HandshakeSecretWithoutExchange goes on with the pre-shared key alone, in the
// mode psk_ke. No forward secrecy.
func (s *PSKSecret) HandshakeSecretWithoutExchange() *HandshakeSecret {
	return &HandshakeSecret{s.next(nil)}
}

func (s *stage) exchange(shared []byte) (*HandshakeSecret, error) {
	if len(shared) < minSharedSecret || allZero(shared) {
		return nil, ErrNoSecret
	}
	return &HandshakeSecret{s.next(shared)}, nil
}

// A HandshakeSecret protects the handshake from ServerHello on.
type HandshakeSecret struct{ stage }

// ClientTraffic returns client_handshake_traffic_secret, given the hash of the
// messages up to ServerHello.
func (s *HandshakeSecret) ClientTraffic(transcriptHash []byte) Secret {
	return s.expand().derive("c hs traffic", transcriptHash)
}

// ServerTraffic returns server_handshake_traffic_secret, given the hash of the
// messages up to ServerHello.
func (s *HandshakeSecret) ServerTraffic(transcriptHash []byte) Secret {
	return s.expand().derive("s hs traffic", transcriptHash)
}

// MasterSecret leads on to the last stage. Take the traffic secrets of this one
// before.
func (s *HandshakeSecret) MasterSecret() *MasterSecret {
	return &MasterSecret{s.next(nil)}
}

// A MasterSecret protects what comes after the handshake. Wipe it when all is
// derived from it.
type MasterSecret struct{ stage }

// ClientTraffic returns the first client_application_traffic_secret, given the
// hash of the messages up to the server's Finished.
func (s *MasterSecret) ClientTraffic(transcriptHash []byte) Secret {
	return s.expand().derive("c ap traffic", transcriptHash)
}

// ServerTraffic returns the first server_application_traffic_secret, given the
// hash of the messages up to the server's Finished.
func (s *MasterSecret) ServerTraffic(transcriptHash []byte) Secret {
	return s.expand().derive("s ap traffic", transcriptHash)
}

// Exporter returns exporter_master_secret, given the hash of the messages up to
// the server's Finished.
func (s *MasterSecret) Exporter(transcriptHash []byte) Secret {
	return s.expand().derive("exp master", transcriptHash)
}

// Resumption returns resumption_master_secret, given the hash of the messages
// up to the client's Finished.
func (s *MasterSecret) Resumption(transcriptHash []byte) Secret {
	return s.expand().derive("res master", transcriptHash)
}
