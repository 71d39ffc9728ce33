package suite

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
)

// appendKey appends n bytes of expandLabel without a context, at most 32. It
// allocates nothing: keys are made anew whenever an association wakes.
//
// RFC 5869, Section 2.3: so short an output is the start of one HMAC, of the info
// and a 1. RFC 2104 says what that is.
func (d keyDerivation) appendKey(keys, secret []byte, label string, n int) []byte {
	if len(secret) != d.hash.Size() || allZero(secret) {
		panic("suite: keys derived without a secret")
	}
	var memory [maxHashBlock + 64]byte
	inner := appendPad(memory[:0], secret, d.hash, 0x36)
	inner = binary.BigEndian.AppendUint16(inner, uint16(n))
	inner = append(inner, byte(len(d.prefix)+len(label)))
	inner = append(inner, d.prefix...)
	inner = append(inner, label...)
	inner = append(inner, 0, 1)
	sum := shortSum(d.hash, inner)

	outer := appendPad(memory[:0], secret, d.hash, 0x5c)
	outer = append(outer, sum[:d.hash.Size()]...)
	sum = shortSum(d.hash, outer)
	clear(memory[:])
	return append(keys, sum[:n]...)
}

// maxHashBlock is the largest block of a hash that suites have, in bytes.
const maxHashBlock = sha512.BlockSize

// appendPad appends a key that fills a block of the hash with zeros, XORed with
// pad.
func appendPad(b, key []byte, h crypto.Hash, pad byte) []byte {
	block := sha256.BlockSize
	if h == crypto.SHA384 {
		block = sha512.BlockSize
	}
	for i := range block {
		v := pad
		if i < len(key) {
			v ^= key[i]
		}
		b = append(b, v)
	}
	return b
}

// shortSum returns the hash of b, and zeros behind it.
func shortSum(h crypto.Hash, b []byte) (sum [sha512.Size384]byte) {
	if h == crypto.SHA384 {
		return sha512.Sum384(b)
	}
	short := sha256.Sum256(b)
	copy(sum[:], short[:])
	return sum
}
