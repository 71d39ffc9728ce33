package suite

import (
	"crypto/aes"
	"encoding/binary"

	"golang.org/x/crypto/chacha20"
)

// A numberMask hides the numbers of records, so that those of a session that
// moves to another address cannot be told to belong together.
//
// RFC 9147, Section 4.2.3.
type numberMask interface {
	// Encrypt writes the mask that goes with a sample, 16 bytes each; the first
	// two are of use. A block cipher is one: it encrypts the sample.
	Encrypt(mask, sample []byte)
}

func (b bulk) newNumberMask(key []byte) (numberMask, error) {
	if b.mode == modeChaCha {
		mask := chachaMask(key)
		return &mask, nil
	}
	return aes.NewCipher(key)
}

// A chachaMask is a key: a mask is the keystream of the block and the nonce that
// are in the sample.
type chachaMask [chacha20.KeySize]byte

func (m *chachaMask) Encrypt(mask, sample []byte) {
	stream, err := chacha20.NewUnauthenticatedCipher(m[:], sample[4:])
	if err != nil {
		panic("suite: " + err.Error()) // for lengths that there are not
	}
	stream.SetCounter(binary.LittleEndian.Uint32(sample))
	clear(mask[:2])
	stream.XORKeyStream(mask[:2], mask[:2])
}
