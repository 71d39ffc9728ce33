package suite

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"
)

// newAEAD returns the AEAD of b, which is not in CBC mode.
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

// explicitNonce protects records with GCM or CCM: a nonce is the fixed IV and
// the 8 bytes that precede the ciphertext. We send the record number there,
// which never repeats; a peer may send what it likes.
//
// RFC 5288, Section 3, and RFC 6655, Section 3.
type explicitNonce struct {
	aead  cipher.AEAD
	nonce [12]byte // starts with the fixed IV
}

func newExplicitNonce(aead cipher.AEAD, iv []byte) *explicitNonce {
	p := &explicitNonce{aead: aead}
	copy(p.nonce[:4], iv)
	return p
}

func (p *explicitNonce) overhead() int       { return explicitNonceLen + p.aead.Overhead() }
func (p *explicitNonce) nonceLen() int       { return explicitNonceLen }
func (p *explicitNonce) sealedLen(n int) int { return n + p.overhead() }

func (p *explicitNonce) seal(dst []byte, number uint64, aad, content []byte) []byte {
	binary.BigEndian.PutUint64(p.nonce[4:], number)
	setLength(aad, len(content))
	dst = append(dst, p.nonce[4:]...)
	return p.aead.Seal(dst, p.nonce[:], content, aad)
}

func (p *explicitNonce) open(payload []byte, _ uint64, aad []byte) ([]byte, error) {
	n := len(payload) - p.overhead()
	if n < 0 {
		return nil, ErrOpen
	}
	copy(p.nonce[4:], payload)
	setLength(aad, n)

	ciphertext := payload[explicitNonceLen:]
	plaintext, err := p.aead.Open(ciphertext[:0], p.nonce[:], ciphertext, aad)
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

// maskedNonce protects records with ChaCha20-Poly1305: a nonce is the fixed IV
// XORed with the record number, and nothing of it travels.
//
// RFC 7905, Section 2.
type maskedNonce struct {
	aead  cipher.AEAD
	iv    [12]byte
	nonce [12]byte
}

func newMaskedNonce(aead cipher.AEAD, iv []byte) *maskedNonce {
	p := &maskedNonce{aead: aead}
	copy(p.iv[:], iv)
	p.nonce = p.iv
	return p
}

func (p *maskedNonce) overhead() int       { return p.aead.Overhead() }
func (p *maskedNonce) nonceLen() int       { return 0 }
func (p *maskedNonce) sealedLen(n int) int { return n + p.overhead() }

func (p *maskedNonce) seal(dst []byte, number uint64, aad, content []byte) []byte {
	p.setNonce(number)
	setLength(aad, len(content))
	return p.aead.Seal(dst, p.nonce[:], content, aad)
}

func (p *maskedNonce) open(payload []byte, number uint64, aad []byte) ([]byte, error) {
	n := len(payload) - p.overhead()
	if n < 0 {
		return nil, ErrOpen
	}
	p.setNonce(number)
	setLength(aad, n)

	plaintext, err := p.aead.Open(payload[:0], p.nonce[:], payload, aad)
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

func (p *maskedNonce) setNonce(number uint64) {
	fixed := binary.BigEndian.Uint64(p.iv[4:])
	binary.BigEndian.PutUint64(p.nonce[4:], fixed^number)
}
