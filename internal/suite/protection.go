package suite

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// ErrOpen says that a record did not authenticate. It is one value for every
// cause, so that nothing tells a wrong tag from wrong padding.
var ErrOpen = errors.New("record does not authenticate")

// Keys is what protects the records of one direction: in DTLS 1.2 MAC key,
// cipher key and fixed IV from the key block, in DTLS 1.3 cipher key, IV and the
// key that hides numbers, one after the other, with the lengths of the suite. It
// is plain bytes, so that it can be stored.
type Keys []byte

// A Protection seals or opens the records of one direction. The zero value has no
// keys: see [Suite.Expand]. It has one owner: its methods use a scratch space,
// which it may share with others, and must not run at the same time as theirs.
type Protection struct {
	aead     cipher.AEAD // nil in CBC mode
	cbc      *cbc        // nil otherwise
	mask     numberMask  // of DTLS 1.3
	scratch  *Scratch
	iv       [12]byte
	tag      uint8 // bytes
	explicit bool  // a part of each nonce travels
}

// A Scratch is what protections write to on the way. Arguments of an interface
// method would otherwise be allocated for each record.
type Scratch struct {
	nonce [12]byte
	mask  [wire.MinCiphertext13]byte
	aad   [maxAdditionalData]byte
}

// maxAdditionalData is the length of what is authenticated of a record with the
// longest connection ID.
const maxAdditionalData = 8 + 3 + 2 + 8 + 255 + 2

// NewProtection is Expand into memory of its own.
func (s *Suite) NewProtection(k Keys, encryptThenMAC bool, rand io.Reader) (*Protection, error) {
	p := &Protection{}
	if err := s.Expand(p, &Scratch{}, k, encryptThenMAC, rand); err != nil {
		return nil, err
	}
	return p, nil
}

// Expand makes p the record protection of s with the keys k, which are copied. In
// CBC mode encryptThenMAC selects the construction of RFC 7366, and rand gives the
// 16 bytes from which explicit IVs are made; other modes use neither.
func (s *Suite) Expand(p *Protection, scratch *Scratch, k Keys, encryptThenMAC bool, rand io.Reader) error {
	if len(k) != s.bulk.keysLen() {
		return fmt.Errorf("%s takes %d bytes of keys, not %d", s.Name, s.bulk.keysLen(), len(k))
	}
	macKey, key, iv := k[:s.bulk.macKey], k[s.bulk.macKey:s.bulk.macKey+s.bulk.key], k[s.bulk.macKey+s.bulk.key:]
	*p = Protection{scratch: scratch}

	if s.bulk.mode == modeCBC {
		block, err := aes.NewCipher(key)
		if err != nil {
			return err
		}
		p.cbc, err = newCBC(block, s.Hash, macKey, encryptThenMAC, rand)
		return err
	}
	return p.expandAEAD(s.bulk, key, iv)
}

// expandAEAD is the part of Expand that both versions have in common.
func (p *Protection) expandAEAD(b bulk, key, iv []byte) (err error) {
	p.aead, err = b.newAEAD(key)
	p.tag = uint8(b.tagLen())
	p.explicit = len(iv) < len(p.iv)
	copy(p.iv[:], iv)
	return err
}

// Expanded reports whether p has keys.
func (p *Protection) Expanded() bool { return p.aead != nil || p.cbc != nil }

// overhead returns the largest number of bytes that a payload is longer than its
// content, and nonceLen how many of them come first.
func (p *Protection) overhead() int {
	if p.cbc != nil {
		return p.cbc.overhead()
	}
	return p.nonceLen() + int(p.tag)
}

func (p *Protection) nonceLen() int {
	switch {
	case p.cbc != nil:
		return p.cbc.nonceLen()
	case p.explicit:
		return explicitNonceLen
	default:
		return 0
	}
}

// sealedLen returns the length of the payload for n bytes of content.
func (p *Protection) sealedLen(n int) int {
	if p.cbc != nil {
		return p.cbc.sealedLen(n)
	}
	return n + p.overhead()
}

// seal appends a payload. The content may lie where its encryption goes, nonceLen
// bytes behind dst. The additional data ends in a length, which is filled in.
func (p *Protection) seal(dst []byte, number uint64, aad, content []byte) []byte {
	if p.cbc != nil {
		return p.cbc.seal(dst, number, aad, content)
	}
	return p.sealAEAD(dst, number, aad, content)
}

// open decrypts a payload in place.
func (p *Protection) open(payload []byte, number uint64, aad []byte) ([]byte, error) {
	if p.cbc != nil {
		return p.cbc.open(payload, aad)
	}
	return p.openAEAD(payload, number, aad)
}

// Fetch brings the keys into the cache of the processor.
func (p *Protection) Fetch() int {
	if p.aead == nil {
		return 0
	}
	return p.aead.Overhead()
}

// Overhead returns the largest number of bytes that Seal adds to a plaintext,
// besides the record header. SealCID adds the content type to them, and the
// connection ID to the header.
func (p *Protection) Overhead() int { return p.overhead() }

// Seal appends one record, header included, to dst. The plaintext has at most
// wire.MaxPlaintext bytes and must not overlap the free space of dst. No number
// may be used twice under the same keys.
func (p *Protection) Seal(dst []byte, t wire.ContentType, epoch uint16, seq uint64, plaintext []byte) []byte {
	number := recordNumber(epoch, seq)
	aad := appendAdditionalData(p.scratch.aad[:0], t, wire.VersionDTLS12, number)
	dst = wire.AppendRecordHeader(dst, t, wire.VersionDTLS12, epoch, seq, p.sealedLen(len(plaintext)))
	return p.seal(dst, number, aad, plaintext)
}

// SealCID is Seal for a peer that wants its records with a connection ID. They
// share their numbers with those of Seal. The content type counts in the length
// of the plaintext.
//
// RFC 9146, Section 4.
func (p *Protection) SealCID(dst []byte, t wire.ContentType, epoch uint16, seq uint64, cid, plaintext []byte) []byte {
	aad := wire.AppendCIDAdditionalData(p.scratch.aad[:0], wire.VersionDTLS12, epoch, seq, cid, 0)
	sealed := p.sealedLen(len(plaintext) + 1)
	dst = wire.AppendCIDRecordHeader(dst, wire.VersionDTLS12, epoch, seq, cid, sealed)

	dst = slices.Grow(dst, sealed)
	at := len(dst) + p.nonceLen()
	inner := wire.AppendInnerPlaintext(dst[at:at], plaintext, t, 0)
	return p.seal(dst, recordNumber(epoch, seq), aad, inner)
}

// Open decrypts r.Payload in place and returns the plaintext, which lies inside
// it. The only error is ErrOpen; r.Payload may be overwritten then too. The
// length of the plaintext is not limited here.
func (p *Protection) Open(r wire.Record) ([]byte, error) {
	number := recordNumber(r.Epoch, r.Seq)
	aad := appendAdditionalData(p.scratch.aad[:0], r.Type, r.Version, number)
	return p.open(r.Payload, number, aad)
}

// OpenCID is Open for a record with a connection ID. The content comes without
// its padding, and with its type. Besides ErrOpen there is ErrNoContentType.
func (p *Protection) OpenCID(r wire.CIDRecord) (wire.ContentType, []byte, error) {
	aad := wire.AppendCIDAdditionalData(p.scratch.aad[:0], r.Version, r.Epoch, r.Seq, r.CID, 0)
	inner, err := p.open(r.Payload, recordNumber(r.Epoch, r.Seq), aad)
	if err != nil {
		return 0, nil, err
	}
	return openInner(inner)
}

// openInner splits a DTLSInnerPlaintext that authenticates.
func openInner(inner []byte) (wire.ContentType, []byte, error) {
	content, t, err := wire.ParseInnerPlaintext(inner)
	if err != nil {
		return 0, nil, ErrNoContentType
	}
	return t, content, nil
}

// maxKeysLen is the length of the longest keys of one direction, in bytes: those
// of AES-256-CBC with SHA-384.
const maxKeysLen = 48 + 32 + 16

// KeyBlock derives the keys of both directions. The PRF is that of the master
// secret.
//
// RFC 5246, Section 6.3.
func (p *PRF) KeyBlock(clientRandom, serverRandom *[32]byte) (client, server Keys) {
	b := &p.suite.bulk
	var room [2 * maxKeysLen]byte
	block := room[:2*b.keysLen()]
	p.Fill(block, labelKeyExpansion, serverRandom[:], clientRandom[:])
	defer clear(room[:])

	client = make(Keys, 0, b.keysLen())
	server = make(Keys, 0, b.keysLen())
	for _, n := range [...]int{b.macKey, b.key, b.iv} {
		client = append(client, block[:n]...)
		server = append(server, block[n:2*n]...)
		block = block[2*n:]
	}
	return client, server
}

// appendAdditionalData appends the number, type, version and length of a
// record, the order in which AEADs and MACs cover them; the length is still to
// be set. In place of the implicit sequence number of TLS stand epoch and
// sequence number together.
//
// RFC 5246, Section 6.2.3.3, and RFC 6347, Section 4.1.2.1.
func appendAdditionalData(b []byte, t wire.ContentType, v wire.Version, number uint64) []byte {
	b = binary.BigEndian.AppendUint64(b, number)
	return append(b, byte(t), byte(v>>8), byte(v), 0, 0)
}

// setLength fills in the length with which additional data ends.
func setLength(aad []byte, n int) {
	binary.BigEndian.PutUint16(aad[len(aad)-2:], uint16(n))
}

// recordNumber joins epoch and sequence number into the 64 bits that nonces
// and additional data use.
func recordNumber(epoch uint16, seq uint64) uint64 {
	return uint64(epoch)<<48 | seq&(1<<48-1)
}
