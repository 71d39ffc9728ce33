package suite

import (
	"crypto/aes"
	"crypto/subtle"
)

// maxPadding is the largest padding of a CBC record, its length byte included.
const maxPadding = 256

// openMACThenEncrypt opens a record whose MAC is inside of the encryption,
// before the padding. There an attacker learns from any difference between
// wrong padding and a wrong MAC (RFC 7366, Section 1).
//
// Padding and MAC are checked without a branch or an index that depends on the
// plaintext, and a record costs the same number of hash compressions whatever
// its padding (RFC 5246, Section 6.2.3.2). What remains is that the hash
// copies its last, incomplete block, which takes a few cycles more or fewer
// with the length of the plaintext. Encrypt-then-MAC has no such residue.
func (p *cbc) openMACThenEncrypt(payload, aad []byte) ([]byte, error) {
	macSize := p.mac.Size()
	n := len(payload)
	if n%aes.BlockSize != 0 || n-aes.BlockSize < macSize+1 {
		return nil, ErrOpen
	}
	body := p.decrypt(payload)
	padding, good := cbcPadding(body)

	// With more padding than there is room for, go on as if there were none:
	// the MAC will not fit.
	room := len(body) - macSize
	fits := subtle.ConstantTimeLessOrEq(padding, room)
	good &= fits
	end := room - subtle.ConstantTimeSelect(fits, padding, 1)

	var tag [maxMACSize]byte
	extractMAC(tag[:macSize], body, end)
	setLength(aad, end)
	want := p.appendMAC(p.want[:0], aad, body[:end])
	p.equalise(len(aad)+end, len(aad)+room-1)

	good &= subtle.ConstantTimeCompare(want, tag[:macSize])
	if good != 1 {
		return nil, ErrOpen
	}
	return body[:end], nil
}

// cbcPadding returns the number of bytes at the end of body that are padding,
// length byte included, and 1 if all of them have the right value; else 1 byte
// and 0. body is not empty. Time depends on the length of body alone.
func cbcPadding(body []byte) (padding, good int) {
	last := body[len(body)-1]
	checked := min(maxPadding, len(body))
	var wrong byte
	for i := range checked {
		// All ones while byte i from the end belongs to the padding.
		mask := byte(-subtle.ConstantTimeLessOrEq(i, int(last)))
		wrong |= mask & (body[len(body)-1-i] ^ last)
	}
	good = subtle.ConstantTimeByteEq(wrong, 0)
	good &= subtle.ConstantTimeLessOrEq(int(last)+1, len(body))
	return subtle.ConstantTimeSelect(good, int(last)+1, 1), good
}

// maxMACSize is the length of the longest MAC, HMAC-SHA384.
const maxMACSize = 48

// extractMAC copies the len(tag) bytes that start at body[start] to tag. Which
// bytes are read, and in which order, does not depend on start.
func extractMAC(tag, body []byte, start int) {
	size := len(tag)
	first := max(0, len(body)-size-maxPadding) // no MAC starts before
	var rotated [maxMACSize]byte
	var shift int
	column := 0
	for i := first; i < len(body); i++ {
		inside := subtle.ConstantTimeLessOrEq(start, i) & subtle.ConstantTimeLessOrEq(i+1, start+size)
		rotated[column] |= byte(-inside) & body[i]
		shift |= -subtle.ConstantTimeEq(int32(i), int32(start)) & column
		if column++; column == size {
			column = 0
		}
	}
	for i := range size {
		from := shift + i
		from -= size & -subtle.ConstantTimeLessOrEq(size, from)
		var b byte
		for j := range size {
			b |= byte(-subtle.ConstantTimeEq(int32(j), int32(from))) & rotated[j]
		}
		tag[i] = b
	}
}

// equalise runs the hash compressions that a MAC over n bytes saves, compared
// with one over the longest possible number of them.
func (p *cbc) equalise(n, longest int) {
	saved := p.compressions(longest) - p.compressions(n)
	var zeros [2 * maxPadding]byte
	p.decoy.Reset()
	p.decoy.Write(zeros[:saved*p.decoy.BlockSize()])
}

// compressions returns how many blocks the inner hash of an HMAC has over n
// bytes. The hash itself adds one bit and its length in an eighth of a block.
func (p *cbc) compressions(n int) int {
	size := p.decoy.BlockSize()
	total := size + n + 1 + size/8
	if size == 128 {
		return (total + 127) >> 7
	}
	return (total + 63) >> 6
}
