package suite

import (
	"crypto/aes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

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

// A Protection seals or opens the records of one direction. It has one owner:
// its methods use scratch space inside it and must not run at the same time.
type Protection interface {
	// Overhead returns the largest number of bytes that Seal adds to a
	// plaintext, besides the record header.
	Overhead() int

	// Seal appends one record, header included, to dst. The plaintext has at
	// most wire.MaxPlaintext bytes and must not overlap the free space of
	// dst. No number may be used twice under the same keys.
	Seal(dst []byte, t wire.ContentType, epoch uint16, seq uint64, plaintext []byte) []byte

	// Open decrypts r.Payload in place and returns the plaintext, which lies
	// inside it. The only error is ErrOpen; r.Payload may be overwritten then
	// too. The length of the plaintext is not limited here.
	Open(r wire.Record) ([]byte, error)
}

// NewProtection returns the record protection of s with the keys k. In CBC
// mode encryptThenMAC selects the construction of RFC 7366, and rand gives the
// 16 bytes from which explicit IVs are made; other modes use neither.
func (s *Suite) NewProtection(k Keys, encryptThenMAC bool, rand io.Reader) (Protection, error) {
	if len(k) != s.bulk.keysLen() {
		return nil, fmt.Errorf("%s takes %d bytes of keys, not %d", s.Name, s.bulk.keysLen(), len(k))
	}
	macKey, key, iv := k[:s.bulk.macKey], k[s.bulk.macKey:s.bulk.macKey+s.bulk.key], k[s.bulk.macKey+s.bulk.key:]

	if s.bulk.mode == modeCBC {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		return newCBC(block, s.Hash, macKey, encryptThenMAC, rand)
	}
	aead, err := s.bulk.newAEAD(key)
	if err != nil {
		return nil, err
	}
	if s.bulk.mode == modeChaCha {
		return newMaskedNonce(aead, iv), nil
	}
	return newExplicitNonce(aead, iv), nil
}

// KeyBlock derives the keys of both directions from the master secret.
//
// RFC 5246, Section 6.3.
func (s *Suite) KeyBlock(master []byte, clientRandom, serverRandom *[32]byte) (client, server Keys) {
	b := s.bulk
	block := make([]byte, 2*b.keysLen())
	s.PRF(block, master, labelKeyExpansion, serverRandom[:], clientRandom[:])

	client = make(Keys, 0, b.keysLen())
	server = make(Keys, 0, b.keysLen())
	for _, n := range []int{b.macKey, b.key, b.iv} {
		client = append(client, block[:n]...)
		server = append(server, block[n:2*n]...)
		block = block[2*n:]
	}
	return client, server
}

// additionalDataLen is the length of what a record authenticates besides its
// content.
const additionalDataLen = 13

// putAdditionalData writes the number, type, version and length of a record,
// the order in which AEADs and MACs cover them. In place of the implicit
// sequence number of TLS stand epoch and sequence number together.
//
// RFC 5246, Section 6.2.3.3, and RFC 6347, Section 4.1.2.1.
func putAdditionalData(b *[additionalDataLen]byte, t wire.ContentType, v wire.Version, number uint64, length int) {
	binary.BigEndian.PutUint64(b[0:], number)
	b[8] = byte(t)
	binary.BigEndian.PutUint16(b[9:], uint16(v))
	binary.BigEndian.PutUint16(b[11:], uint16(length))
}

// recordNumber joins epoch and sequence number into the 64 bits that nonces
// and additional data use.
func recordNumber(epoch uint16, seq uint64) uint64 {
	return uint64(epoch)<<48 | seq&(1<<48-1)
}
