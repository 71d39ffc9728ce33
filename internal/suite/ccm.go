package suite

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

const (
	ccmBlockSize = 16
	ccmNonceSize = 12 // in (D)TLS: RFC 6655, Section 3
	ccmBatch     = 8  // blocks of keystream at a time
)

// ccm is AES in CCM mode: a CBC-MAC over lengths, nonce, additional data and
// plaintext, and CTR mode over the plaintext and the MAC.
//
// RFC 3610, Section 2, with M and L called tagSize and 15-nonceSize, or NIST
// SP 800-38C. The scratch space is part of the struct because arguments of an
// interface method would otherwise be allocated for each record.
type ccm struct {
	block     cipher.Block
	nonceSize int
	tagSize   int

	mac       [ccmBlockSize]byte            // CBC-MAC so far
	tagMask   [ccmBlockSize]byte            // E(K, A_0)
	prefix    uint64                        // last 8 bytes of A_0: the rest of the nonce, and 0
	counters  [ccmBatch * ccmBlockSize]byte // A_i and following
	keystream [ccmBatch * ccmBlockSize]byte // E(K, A_i) and following
}

// NewCCM returns the CCM mode of a 128-bit block cipher with nonces of 12
// bytes and tags of tagSize bytes: 4, 6, ... 16. It does not allocate when
// sealing into a slice with room, and unlike other AEADs must not be used by
// two goroutines at once.
func NewCCM(block cipher.Block, tagSize int) (cipher.AEAD, error) {
	return newCCM(block, ccmNonceSize, tagSize)
}

func newCCM(block cipher.Block, nonceSize, tagSize int) (*ccm, error) {
	if block.BlockSize() != ccmBlockSize {
		return nil, errors.New("CCM needs a block cipher with blocks of 16 bytes")
	}
	if nonceSize < 7 || nonceSize > 13 {
		return nil, fmt.Errorf("invalid CCM nonce size %d", nonceSize)
	}
	if tagSize < 4 || tagSize > 16 || tagSize%2 != 0 {
		return nil, fmt.Errorf("invalid CCM tag size %d", tagSize)
	}
	return &ccm{block: block, nonceSize: nonceSize, tagSize: tagSize}, nil
}

func (c *ccm) NonceSize() int { return c.nonceSize }

func (c *ccm) Overhead() int { return c.tagSize }

// Seal implements cipher.AEAD.
func (c *ccm) Seal(dst, nonce, plaintext, additionalData []byte) []byte {
	if uint64(len(plaintext)) > c.maxPlaintext() {
		panic("suite: plaintext too long for CCM")
	}
	c.start(nonce, len(plaintext), additionalData)

	head := len(dst)
	dst = slices.Grow(dst, len(plaintext)+c.tagSize)[:head+len(plaintext)+c.tagSize]
	out := dst[head:]
	c.seal(out, plaintext)

	subtle.XORBytes(c.mac[:], c.mac[:], c.tagMask[:])
	copy(out[len(plaintext):], c.mac[:])
	return dst
}

// Open implements cipher.AEAD.
func (c *ccm) Open(dst, nonce, ciphertext, additionalData []byte) ([]byte, error) {
	n := len(ciphertext) - c.tagSize
	if n < 0 || uint64(n) > c.maxPlaintext() {
		return nil, ErrOpen
	}
	c.start(nonce, n, additionalData)

	head := len(dst)
	dst = slices.Grow(dst, n)[:head+n]
	out := dst[head:]
	c.open(out, ciphertext[:n])

	subtle.XORBytes(c.mac[:], c.mac[:], c.tagMask[:])
	if subtle.ConstantTimeCompare(c.mac[:c.tagSize], ciphertext[n:]) != 1 {
		clear(out)
		return nil, ErrOpen
	}
	return dst, nil
}

// lengthSize is L, the width in bytes of the counter and of the length field.
func (c *ccm) lengthSize() int { return ccmBlockSize - 1 - c.nonceSize }

func (c *ccm) maxPlaintext() uint64 {
	if c.lengthSize() >= 8 {
		return math.MaxInt
	}
	return 1<<(8*c.lengthSize()) - 1
}

// start prepares counter and tag mask and feeds the MAC with everything that
// precedes the message: RFC 3610, Sections 2.2 and 2.3.
func (c *ccm) start(nonce []byte, length int, additionalData []byte) {
	if len(nonce) != c.nonceSize {
		panic("suite: wrong nonce length for CCM")
	}
	var first [ccmBlockSize]byte // A_0
	first[0] = byte(c.lengthSize() - 1)
	copy(first[1:], nonce)
	c.prefix = binary.BigEndian.Uint64(first[8:])
	for i := range ccmBatch {
		copy(c.counters[i*ccmBlockSize:], first[:])
	}
	c.block.Encrypt(c.tagMask[:], c.counters[:ccmBlockSize])

	// B_0 is A_0 with more flags, and the length where the counter was.
	c.mac = first
	c.mac[0] |= byte(c.tagSize-2) / 2 << 3
	if len(additionalData) > 0 {
		c.mac[0] |= 1 << 6
	}
	binary.BigEndian.PutUint64(c.mac[8:], c.prefix|uint64(length))
	c.block.Encrypt(c.mac[:], c.mac[:])
	if len(additionalData) > 0 {
		c.absorbAdditionalData(additionalData)
	}
}

// absorbAdditionalData feeds the MAC with the length of b and b, padded with
// zeros.
func (c *ccm) absorbAdditionalData(b []byte) {
	var used int
	if len(b) < 1<<16-1<<8 {
		c.mac[0] ^= byte(len(b) >> 8)
		c.mac[1] ^= byte(len(b))
		used = 2
	} else {
		// 0xfffe announces a length of four bytes; the form with eight is
		// for messages that no machine here could hold.
		c.mac[0] ^= 0xff
		c.mac[1] ^= 0xfe
		length := binary.BigEndian.Uint32(c.mac[2:]) ^ uint32(len(b))
		binary.BigEndian.PutUint32(c.mac[2:], length)
		used = 6
	}
	n := subtle.XORBytes(c.mac[used:], c.mac[used:], b)
	c.block.Encrypt(c.mac[:], c.mac[:])
	for b = b[n:]; len(b) > 0; b = b[min(ccmBlockSize, len(b)):] {
		c.absorb(b)
	}
}

// seal encrypts src into dst and feeds it to the MAC. The two encryptions of a
// round do not depend on each other, so that the processor overlaps them.
func (c *ccm) seal(dst, src []byte) {
	for number := c.prefix; len(src) > 0; number += ccmBatch {
		batch := src[:min(len(src), len(c.keystream))]
		c.setCounters(number)
		for i := 0; i < len(batch); i += ccmBlockSize {
			c.block.Encrypt(c.keystream[i:], c.counters[i:])
			c.absorb(batch[i:])
		}
		subtle.XORBytes(dst, batch, c.keystream[:])
		src, dst = src[len(batch):], dst[len(batch):]
	}
}

// open decrypts src into dst and feeds the result to the MAC. The MAC has to
// wait for the plaintext here, so the keystream is made one batch ahead of it.
func (c *ccm) open(dst, src []byte) {
	number := c.prefix
	c.setCounters(number)
	for i := 0; i < min(len(src), len(c.keystream)); i += ccmBlockSize {
		c.block.Encrypt(c.keystream[i:], c.counters[i:])
	}
	for len(src) > 0 {
		n := subtle.XORBytes(dst, src, c.keystream[:])
		batch := dst[:n]
		src, dst = src[n:], dst[n:]
		number += ccmBatch
		c.setCounters(number)
		for i := 0; i < n; i += ccmBlockSize {
			if i < len(src) {
				c.block.Encrypt(c.keystream[i:], c.counters[i:])
			}
			c.absorb(batch[i:])
		}
	}
}

// setCounters fills the batch of counter blocks with those that follow number.
// Written one by one, each would still be on its way to memory when the cipher
// reads it.
func (c *ccm) setCounters(number uint64) {
	for i := range ccmBatch {
		binary.BigEndian.PutUint64(c.counters[i*ccmBlockSize+8:], number+uint64(i)+1)
	}
}

// absorb feeds the MAC with the first block of b, padded with zeros if b is
// shorter.
func (c *ccm) absorb(b []byte) {
	subtle.XORBytes(c.mac[:], c.mac[:], b)
	c.block.Encrypt(c.mac[:], c.mac[:])
}
