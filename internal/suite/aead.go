package suite

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/dtlsd/dtlsd/internal/wire"
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
	aad   [additionalDataLen]byte
}

func newExplicitNonce(aead cipher.AEAD, iv []byte) *explicitNonce {
	p := &explicitNonce{aead: aead}
	copy(p.nonce[:4], iv)
	return p
}

func (p *explicitNonce) Overhead() int { return explicitNonceLen + p.aead.Overhead() }

func (p *explicitNonce) Seal(dst []byte, t wire.ContentType, epoch uint16, seq uint64, plaintext []byte) []byte {
	number := recordNumber(epoch, seq)
	binary.BigEndian.PutUint64(p.nonce[4:], number)
	putAdditionalData(&p.aad, t, wire.VersionDTLS12, number, len(plaintext))

	dst = wire.AppendRecordHeader(dst, t, wire.VersionDTLS12, epoch, seq, p.Overhead()+len(plaintext))
	dst = append(dst, p.nonce[4:]...)
	return p.aead.Seal(dst, p.nonce[:], plaintext, p.aad[:])
}

func (p *explicitNonce) Open(r wire.Record) ([]byte, error) {
	n := len(r.Payload) - p.Overhead()
	if n < 0 {
		return nil, ErrOpen
	}
	copy(p.nonce[4:], r.Payload)
	putAdditionalData(&p.aad, r.Type, r.Version, recordNumber(r.Epoch, r.Seq), n)

	ciphertext := r.Payload[explicitNonceLen:]
	plaintext, err := p.aead.Open(ciphertext[:0], p.nonce[:], ciphertext, p.aad[:])
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
	aad   [additionalDataLen]byte
}

func newMaskedNonce(aead cipher.AEAD, iv []byte) *maskedNonce {
	p := &maskedNonce{aead: aead}
	copy(p.iv[:], iv)
	p.nonce = p.iv
	return p
}

func (p *maskedNonce) Overhead() int { return p.aead.Overhead() }

func (p *maskedNonce) Seal(dst []byte, t wire.ContentType, epoch uint16, seq uint64, plaintext []byte) []byte {
	number := recordNumber(epoch, seq)
	p.setNonce(number)
	putAdditionalData(&p.aad, t, wire.VersionDTLS12, number, len(plaintext))

	dst = wire.AppendRecordHeader(dst, t, wire.VersionDTLS12, epoch, seq, p.Overhead()+len(plaintext))
	return p.aead.Seal(dst, p.nonce[:], plaintext, p.aad[:])
}

func (p *maskedNonce) Open(r wire.Record) ([]byte, error) {
	n := len(r.Payload) - p.Overhead()
	if n < 0 {
		return nil, ErrOpen
	}
	number := recordNumber(r.Epoch, r.Seq)
	p.setNonce(number)
	putAdditionalData(&p.aad, r.Type, r.Version, number, n)

	plaintext, err := p.aead.Open(r.Payload[:0], p.nonce[:], r.Payload, p.aad[:])
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

func (p *maskedNonce) setNonce(number uint64) {
	fixed := binary.BigEndian.Uint64(p.iv[4:])
	binary.BigEndian.PutUint64(p.nonce[4:], fixed^number)
}
