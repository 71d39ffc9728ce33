package suite

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"
)

// newAEAD returns the AEAD of b, which is not in CBC mode. It allocates nothing
// but what it expands the key to.
func (b bulk) newAEAD(key []byte) (cipher.AEAD, error) {
	if b.mode == modeChaCha {
		return chacha20poly1305.New(key)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if b.mode == modeCCM {
		return NewCCM(block, b.tag)
	}
	return cipher.NewGCM(block)
}

// explicitNonceLen is the part of the nonce that travels in each record.
const explicitNonceLen = 8

// setNonce makes the nonce of a record out of the IV. With GCM and CCM of DTLS 1.2
// it is the fixed IV and the 8 bytes that precede the ciphertext: we send the
// record number there, which never repeats; a peer may send what it likes.
// Otherwise it is the IV XORed with the record number, and nothing of it travels.
//
// RFC 5288, Section 3, and RFC 6655, Section 3; RFC 7905, Section 2, and RFC 8446,
// Section 5.3.
func (p *Protection) setNonce(number uint64) []byte {
	nonce := &p.scratch.nonce
	*nonce = p.iv
	if !p.explicit {
		number ^= binary.BigEndian.Uint64(p.iv[4:])
	}
	binary.BigEndian.PutUint64(nonce[4:], number)
	return nonce[:]
}

// sealAEAD is seal for a suite that is not in CBC mode.
func (p *Protection) sealAEAD(dst []byte, number uint64, aad, content []byte) []byte {
	nonce := p.setNonce(number)
	setLength(aad, len(content))
	if p.explicit {
		dst = append(dst, nonce[4:]...)
	}
	return p.aead.Seal(dst, nonce, content, aad)
}

// openAEAD is open for a suite that is not in CBC mode.
func (p *Protection) openAEAD(payload []byte, number uint64, aad []byte) ([]byte, error) {
	n := len(payload) - p.overhead()
	if n < 0 {
		return nil, ErrOpen
	}
	if p.explicit {
		number, payload = binary.BigEndian.Uint64(payload), payload[explicitNonceLen:]
	}
	setLength(aad, n)
	plaintext, err := p.aead.Open(payload[:0], p.setNonce(number), payload, aad)
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}
