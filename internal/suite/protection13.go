package suite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// ErrNoContentType says that a record authenticates and is nothing but zeros,
// which only its owner can have made. The alert is unexpected_message.
//
// RFC 8446, Section 5.4.
var ErrNoContentType = errors.New("record without content type")

// A Protection13 seals or opens the records of one direction in one epoch of
// DTLS 1.3. It knows of a unified header only which bits of the number and
// whether a length is in it, at its end; a connection ID may be there or not.
// It has one owner: its methods use scratch space inside it and must not run at
// the same time.
type Protection13 Protection

// NewProtection is Expand into memory of its own.
func (s *Suite13) NewProtection(k Keys) (*Protection13, error) {
	p := &Protection13{}
	if err := s.Expand(p, &Scratch{}, k); err != nil {
		return nil, err
	}
	return p, nil
}

// Expand makes p the record protection of s with the keys k, which are copied:
// those of [Suite13.TrafficKeys].
func (s *Suite13) Expand(p *Protection13, scratch *Scratch, k Keys) error {
	if len(k) != s.bulk.keysLen13() {
		return fmt.Errorf("%s takes %d bytes of keys, not %d", s.Name, s.bulk.keysLen13(), len(k))
	}
	key, iv, sn := k[:s.bulk.key], k[s.bulk.key:s.bulk.key+s.bulk.iv], k[s.bulk.key+s.bulk.iv:]
	*p = Protection13{scratch: scratch}
	if err := (*Protection)(p).expandAEAD(s.bulk, key, iv); err != nil {
		return err
	}
	var err error
	p.mask, err = s.bulk.newNumberMask(sn)
	return err
}

// SealedLen returns the length of a record, header excluded, with n bytes of
// plaintext and, if it can be, padding zeros.
func (p *Protection13) SealedLen(n, padding int) int {
	return max(n+1+padding+int(p.tag), wire.MinCiphertext13)
}

// InnerLen returns how many bytes content, type and padding have together in a
// ciphertext of n bytes.
func (p *Protection13) InnerLen(n int) int { return n - int(p.tag) }

// Seal completes a record of which dst ends in the header, headerLen bytes of
// it, and returns dst with the rest appended. The bits of the number and the
// length, where the header has them, are filled in here. The plaintext has at
// most wire.MaxPlaintext bytes, must not overlap the free space of dst, and is
// followed by at least padding zeros. No number may be used twice under the
// same keys.
//
// RFC 9147, Section 4.2.3: "Senders MUST pad short plaintexts out [...] in order
// to make a suitable-length ciphertext."
func (p *Protection13) Seal(dst []byte, headerLen int, t wire.ContentType, seq uint64, plaintext []byte, padding int) []byte {
	head := len(dst) - headerLen
	start, sealed := len(dst), p.SealedLen(len(plaintext), padding)
	dst = slices.Grow(dst, sealed)
	header := dst[head:start]
	at, width := numberAt(header)
	putNumber(header[at:], width, seq)
	if header[0]&wire.UnifiedLength != 0 {
		binary.BigEndian.PutUint16(header[len(header)-2:], uint16(sealed))
	}

	inner := dst[start : start+sealed-int(p.tag)]
	n := copy(inner, plaintext)
	inner[n] = byte(t)
	clear(inner[n+1:])

	dst = p.aead.Seal(dst, p.setNonce(seq), inner, header)
	p.hide(header[at:], width, dst[start:])
	return dst
}

// RevealNumber takes away in place what hides the number in the header of a
// record, and returns the 8 or 16 bits of it. Called again it hides them again,
// which leaves the record as it was. It reports false, and changes nothing, for
// a record that is too short to open.
func (p *Protection13) RevealNumber(header, ciphertext []byte) (bits uint16, ok bool) {
	at, width := numberAt(header)
	if at < 1 || len(ciphertext) < wire.MinCiphertext13 {
		return 0, false
	}
	p.hide(header[at:], width, ciphertext)
	if width == 1 {
		return uint16(header[at]), true
	}
	return binary.BigEndian.Uint16(header[at:]), true
}

// Open decrypts in place the ciphertext of a record with a revealed number in
// its header, and returns its content without padding, which lies inside it.
// The errors are ErrOpen, after which the ciphertext may be overwritten, and
// ErrNoContentType. The length of the plaintext is not limited here.
func (p *Protection13) Open(header, ciphertext []byte, seq uint64) (wire.ContentType, []byte, error) {
	if len(ciphertext) < wire.MinCiphertext13 {
		return 0, nil, ErrOpen
	}
	inner, err := p.aead.Open(ciphertext[:0], p.setNonce(seq), ciphertext, header)
	if err != nil {
		return 0, nil, ErrOpen
	}
	return openInner(inner)
}

// setNonce makes the nonce of a record. In DTLS 1.3 the epoch is no part of it,
// because each has keys of its own.
//
// RFC 8446, Section 5.3, and RFC 9147, Section 4.
func (p *Protection13) setNonce(seq uint64) []byte { return (*Protection)(p).setNonce(seq) }

// hide XORs the bits of a number, one byte or two, with a mask.
func (p *Protection13) hide(number []byte, width int, ciphertext []byte) {
	mask := &p.scratch.mask
	p.mask.Encrypt(mask[:], ciphertext[:wire.MinCiphertext13])
	number[0] ^= mask[0]
	if width == 2 {
		number[1] ^= mask[1]
	}
}

// numberAt returns where in a unified header the bits of the number are, and
// how many bytes they fill. The place is below 1 in what is too short to be a
// header.
func numberAt(header []byte) (at, width int) {
	if len(header) == 0 {
		return 0, 0
	}
	at, width = len(header)-1, 1
	if header[0]&wire.UnifiedSeq16 != 0 {
		at, width = at-1, 2
	}
	if header[0]&wire.UnifiedLength != 0 {
		at -= 2
	}
	return at, width
}

func putNumber(b []byte, width int, seq uint64) {
	if width == 1 {
		b[0] = byte(seq)
		return
	}
	binary.BigEndian.PutUint16(b, uint16(seq))
}
