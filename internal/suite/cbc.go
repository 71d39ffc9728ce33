package suite

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
)

// cbc protects records with AES in CBC mode and HMAC, each record with an
// explicit IV: RFC 5246, Section 6.2.3.2.
//
// An IV must be unpredictable. It is the encryption of the record number under
// a key that serves nothing else and is drawn afresh for each Protection
// (NIST SP 800-38A, Appendix C), so that sealing cannot fail for want of
// randomness.
type cbc struct {
	block          cipher.Block
	mac            hash.Hash
	ivBlock        cipher.Block
	encryptThenMAC bool

	decoy hash.Hash // takes the compressions that a shorter record saves
	want  [maxMACSize]byte
}

func newCBC(block cipher.Block, h crypto.Hash, macKey []byte, encryptThenMAC bool, rand io.Reader) (*cbc, error) {
	if rand == nil {
		return nil, errors.New("a suite in CBC mode needs a source of randomness")
	}
	var ivKey [16]byte
	if _, err := io.ReadFull(rand, ivKey[:]); err != nil {
		return nil, fmt.Errorf("cannot draw a key for explicit IVs: %w", err)
	}
	ivBlock, err := aes.NewCipher(ivKey[:])
	if err != nil {
		return nil, err
	}
	return &cbc{
		block:          block,
		mac:            hmac.New(h.New, macKey),
		ivBlock:        ivBlock,
		encryptThenMAC: encryptThenMAC,
		decoy:          h.New(),
	}, nil
}

func (p *cbc) overhead() int { return aes.BlockSize + p.mac.Size() + aes.BlockSize }
func (p *cbc) nonceLen() int { return aes.BlockSize }

func (p *cbc) sealedLen(n int) int {
	if p.encryptThenMAC {
		return aes.BlockSize + n + cbcPaddingFor(n) + p.mac.Size()
	}
	n += p.mac.Size()
	return aes.BlockSize + n + cbcPaddingFor(n)
}

// cbcPaddingFor returns how many bytes of padding fill the last block of n
// bytes, length byte included.
func cbcPaddingFor(n int) int { return aes.BlockSize - n%aes.BlockSize }

func (p *cbc) seal(dst []byte, number uint64, aad, content []byte) []byte {
	head := len(dst)
	dst = p.appendIV(dst, number)
	dst = append(dst, content...)
	if !p.encryptThenMAC {
		setLength(aad, len(content))
		dst = p.appendMAC(dst, aad, content)
	}
	padding := cbcPaddingFor(len(dst) - head)
	for range padding {
		dst = append(dst, byte(padding-1))
	}
	iv, body := dst[head:head+aes.BlockSize], dst[head+aes.BlockSize:]
	cipher.NewCBCEncrypter(p.block, iv).CryptBlocks(body, body)
	if p.encryptThenMAC {
		// RFC 7366, Section 3: the MAC covers IV and ciphertext, and their
		// length without the MAC.
		setLength(aad, len(dst)-head)
		dst = p.appendMAC(dst, aad, dst[head:])
	}
	return dst
}

func (p *cbc) open(payload, aad []byte) ([]byte, error) {
	if p.encryptThenMAC {
		return p.openEncryptThenMAC(payload, aad)
	}
	return p.openMACThenEncrypt(payload, aad)
}

// openEncryptThenMAC opens a record whose MAC covers the ciphertext. Once the
// MAC is right the padding is the peer's own, and checking it tells nobody
// anything.
func (p *cbc) openEncryptThenMAC(payload, aad []byte) ([]byte, error) {
	n := len(payload) - p.mac.Size()
	if n < 2*aes.BlockSize || n%aes.BlockSize != 0 {
		return nil, ErrOpen
	}
	sealed, tag := payload[:n], payload[n:]
	setLength(aad, n)
	if !hmac.Equal(p.appendMAC(p.want[:0], aad, sealed), tag) {
		return nil, ErrOpen
	}
	body := p.decrypt(sealed)
	padding, good := cbcPadding(body)
	if good != 1 {
		return nil, ErrOpen
	}
	return body[:len(body)-padding], nil
}

// decrypt decrypts a payload in place and returns what follows the IV.
func (p *cbc) decrypt(payload []byte) []byte {
	iv, body := payload[:aes.BlockSize], payload[aes.BlockSize:]
	cipher.NewCBCDecrypter(p.block, iv).CryptBlocks(body, body)
	return body
}

// appendMAC appends the MAC of the additional data and content.
func (p *cbc) appendMAC(b, aad, content []byte) []byte {
	p.mac.Reset()
	p.mac.Write(aad)
	p.mac.Write(content)
	return p.mac.Sum(b)
}

// appendIV appends the explicit IV of the record with the given number.
func (p *cbc) appendIV(b []byte, number uint64) []byte {
	head := len(b)
	b = binary.BigEndian.AppendUint64(b, number)
	b = binary.BigEndian.AppendUint64(b, 0)
	p.ivBlock.Encrypt(b[head:], b[head:])
	return b
}
