package suite

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"golang.org/x/crypto/chacha20"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A numberMask hides the numbers of records, so that those of a session that
// moves to another address cannot be told to belong together.
//
// RFC 9147, Section 4.2.3.
type numberMask interface {
	// of returns a mask of which the first two bytes are of use. It is
	// overwritten by the next call.
	of(sample *[wire.MinCiphertext13]byte) []byte
}

func (b bulk) newNumberMask(key []byte) (numberMask, error) {
	if b.mode == modeChaCha {
		return &chachaMask{key: [chacha20.KeySize]byte(key)}, nil
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return &aesMask{block: block}, nil
}

// aesMask encrypts the sample.
type aesMask struct {
	block cipher.Block
	mask  [aes.BlockSize]byte
}

func (m *aesMask) of(sample *[wire.MinCiphertext13]byte) []byte {
	m.block.Encrypt(m.mask[:], sample[:])
	return m.mask[:]
}

// chachaMask takes the keystream of the block and the nonce that are in the
// sample.
type chachaMask struct {
	key  [chacha20.KeySize]byte
	mask [2]byte
}

func (m *chachaMask) of(sample *[wire.MinCiphertext13]byte) []byte {
	stream, err := chacha20.NewUnauthenticatedCipher(m.key[:], sample[4:])
	if err != nil {
		panic("suite: " + err.Error()) // for lengths that these types do not have
	}
	stream.SetCounter(binary.LittleEndian.Uint32(sample[:]))
	clear(m.mask[:])
	stream.XORKeyStream(m.mask[:], m.mask[:])
	return m.mask[:]
}
