package dtlstest

import (
	"bytes"
	"time"
)

// Sealer is an [engine.Sealer] that marks what it seals instead of encrypting
// it. It keeps nothing, so that any of them opens what another sealed.
type Sealer struct{}

var (
	sealHead = []byte("sealed<")
	sealTail = []byte(">")
)

// Seal puts a mark around the plaintext.
func (Sealer) Seal(_ time.Time, plaintext []byte) ([]byte, error) {
	return bytes.Join([][]byte{sealHead, plaintext, sealTail}, nil), nil
}

// Open takes the mark off.
func (Sealer) Open(_ time.Time, sealed []byte) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(sealed, sealHead)
	if !ok {
		return nil, false
	}
	return bytes.CutSuffix(rest, sealTail)
}
