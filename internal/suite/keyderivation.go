package suite

import (
	"crypto"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/subtle"
	"encoding/binary"
	"hash"
)

// dtls13 is what labels begin with: RFC 9147, Section 5.9. It has no space at
// the end, unlike "tls13 ", for which it stands.
const dtls13 = "dtls13"

// keyDerivation is the pair of functions that all of the key schedule is made
// of: RFC 8446, Section 7.1.
type keyDerivation struct {
	hash   crypto.Hash
	prefix string // of every label
}

// newHash is what package hkdf wants to know the hash by.
func (d keyDerivation) newHash() hash.Hash { return d.hash.New() }

// extract is HKDF-Extract.
func (d keyDerivation) extract(salt, secret []byte) []byte {
	prk, err := hkdf.Extract(d.newHash, secret, salt)
	if err != nil {
		panic("suite: " + err.Error()) // a hash that FIPS 140 does not approve
	}
	return prk
}

// expandLabel is HKDF-Expand-Label. The label with its prefix and the context
// have at most 255 bytes each. It panics where secret is not one: derived from
// nothing or from zeros, all that follows would be known to everybody.
func (d keyDerivation) expandLabel(secret []byte, label string, context []byte, length int) []byte {
	if len(secret) != d.hash.Size() || allZero(secret) {
		panic("suite: keys derived without a secret")
	}
	full := d.prefix + label
	if len(full) > 255 || len(context) > 255 {
		panic("suite: label or context too long")
	}
	info := make([]byte, 0, 4+len(full)+len(context))
	info = binary.BigEndian.AppendUint16(info, uint16(length))
	info = append(info, byte(len(full)))
	info = append(info, full...)
	info = append(info, byte(len(context)))
	info = append(info, context...)

	out, err := hkdf.Expand(d.newHash, secret, string(info), length)
	if err != nil {
		panic("suite: " + err.Error()) // more than 255 hashes are asked for
	}
	return out
}

// derive is Derive-Secret, given the hash of the messages.
func (d keyDerivation) derive(secret []byte, label string, transcriptHash []byte) Secret {
	if len(transcriptHash) != d.hash.Size() {
		panic("suite: a transcript that is not hashed with " + d.hash.String())
	}
	return d.expandLabel(secret, label, transcriptHash, d.hash.Size())
}

// deriveFromNothing is Derive-Secret without messages.
func (d keyDerivation) deriveFromNothing(secret []byte, label string) Secret {
	return d.derive(secret, label, d.newHash().Sum(nil))
}

// verifyData is the content of a Finished message, and a PSK binder: RFC 8446,
// Section 4.4.4.
func (d keyDerivation) verifyData(base, transcriptHash []byte) []byte {
	finished := Secret(d.expandLabel(base, "finished", nil, d.hash.Size()))
	defer finished.Wipe()
	mac := hmac.New(d.newHash, finished)
	mac.Write(transcriptHash)
	return mac.Sum(nil)
}

// allZero takes the same time for all values of b.
func allZero(b []byte) bool {
	var or byte
	for _, v := range b {
		or |= v
	}
	return subtle.ConstantTimeByteEq(or, 0) == 1
}
