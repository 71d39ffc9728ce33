package suite

import (
	"encoding/binary"
	"fmt"
	"math"
)

// maxExport bounds one request for keying material, in bytes. No protocol asks
// for more than a few hundred.
const maxExport = 1 << 14

// Exporter returns n bytes of keying material for the use that label names. An
// empty context and no context give different results. It is an error to ask
// for a label that the handshake itself uses, for a context above 65535 bytes,
// or for more than 16384 bytes.
//
// RFC 5705, Section 4.
func (s *Suite) Exporter(master []byte, clientRandom, serverRandom *[32]byte, label string, context []byte, hasContext bool, n int) ([]byte, error) {
	switch label {
	case labelMasterSecret, labelExtendedMasterSecret, labelKeyExpansion, labelClientFinished, labelServerFinished:
		return nil, fmt.Errorf("exporter label %q is reserved", label)
	}
	if n < 0 || n > maxExport {
		return nil, fmt.Errorf("cannot export %d bytes of keying material, only up to %d", n, maxExport)
	}
	seed := append(clientRandom[:len(clientRandom):len(clientRandom)], serverRandom[:]...)
	if hasContext {
		if len(context) > math.MaxUint16 {
			return nil, fmt.Errorf("exporter context of %d bytes is longer than %d", len(context), math.MaxUint16)
		}
		seed = binary.BigEndian.AppendUint16(seed, uint16(len(context)))
		seed = append(seed, context...)
	}
	out := make([]byte, n)
	s.PRF(out, master, label, seed)
	return out, nil
}
