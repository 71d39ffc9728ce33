package suite

import (
	"crypto"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"slices"
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

// extract is HKDF-Extract.
func (d keyDerivation) extract(salt, secret []byte) []byte {
	prk, err := hkdf.Extract(newHash(d.hash), secret, salt)
	if err != nil {
		panic("suite: " + err.Error()) // a hash that FIPS 140 does not approve
	}
	return prk
}

// An expander derives values from one secret, by HKDF-Expand-Label. All are made
// with one HMAC, which package hkdf would key again for each: for the four values of
// a traffic secret that is four times as slow, with 40 allocations instead of 12.
type expander struct {
	keyDerivation
	mac  hash.Hash
	used bool // the MAC has something written into it
	info []byte
	room [maxInfo]byte // for info
}

// maxInfo is how long the info of what a handshake derives can be, in bytes: a
// label of 20, and the longest hash.
const maxInfo = 2 + 1 + 20 + 1 + 48 + 1

// expander returns what derives from secret. It panics where that is not one:
// derived from nothing or from zeros, all that follows would be known to everybody.
func (d keyDerivation) expander(secret []byte) *expander {
	if len(secret) != d.hash.Size() || allZero(secret) {
		panic("suite: keys derived without a secret")
	}
	return &expander{keyDerivation: d, mac: hmac.New(newHash(d.hash), secret)}
}

// appendLabel appends HKDF-Expand-Label to out. The label with its prefix and the
// context have at most 255 bytes each.
//
// RFC 8446, Section 7.1, and RFC 5869, Section 2.3: each block is the MAC of the
// one before, the info and the number of the block.
func (x *expander) appendLabel(out []byte, label string, context []byte, length int) []byte {
	x.describe(label, context, length)
	end, size := len(out)+length, x.mac.Size()
	out = slices.Grow(out, (length+size-1)/size*size)
	var before []byte
	for n := byte(1); len(out) < end; n++ {
		if x.used {
			x.mac.Reset()
		}
		x.used = true
		x.info[len(x.info)-1] = n
		x.mac.Write(before)
		x.mac.Write(x.info)
		at := len(out)
		out = x.mac.Sum(out)
		before = out[at:]
	}
	clear(out[end:])
	return out[:end]
}

// describe puts together the info, with room for the number of a block at its end.
func (x *expander) describe(label string, context []byte, length int) {
	full := len(x.prefix) + len(label)
	switch {
	case full > 255 || len(context) > 255:
		panic("suite: label or context too long")
	case length > 255*x.hash.Size():
		panic("suite: more keying material than there is")
	}
	info := append(x.room[:0], byte(length>>8), byte(length), byte(full))
	info = append(info, x.prefix...)
	info = append(info, label...)
	info = append(info, byte(len(context)))
	info = append(info, context...)
	x.info = append(info, 0)
}

// derive is Derive-Secret, given the hash of the messages.
func (x *expander) derive(label string, transcriptHash []byte) Secret {
	if len(transcriptHash) != x.hash.Size() {
		panic("suite: a transcript that is not hashed with " + x.hash.String())
	}
	return x.appendLabel(nil, label, transcriptHash, x.hash.Size())
}

// deriveFromNothing is Derive-Secret without messages.
func (x *expander) deriveFromNothing(label string) Secret {
	return x.derive(label, x.hash.New().Sum(nil))
}

// expandLabel is HKDF-Expand-Label of a secret from which nothing else is derived.
func (d keyDerivation) expandLabel(secret []byte, label string, context []byte, length int) []byte {
	return d.expander(secret).appendLabel(nil, label, context, length)
}

// finishedKey is the key of verifyData.
func (x *expander) finishedKey() Secret {
	return x.appendLabel(nil, "finished", nil, x.hash.Size())
}

// verifyData is the content of a Finished message, and a PSK binder: RFC 8446,
// Section 4.4.4.
func (d keyDerivation) verifyData(finished, transcriptHash []byte) []byte {
	if len(finished) != d.hash.Size() || allZero(finished) {
		panic("suite: verify data without a key")
	}
	mac := hmac.New(newHash(d.hash), finished)
	mac.Write(transcriptHash)
	return mac.Sum(nil)
}

// newHash returns the function that makes hashes of a kind: what package hmac
// wants to know them by. Only the hashes of suites are asked for.
func newHash(h crypto.Hash) func() hash.Hash {
	switch h {
	case crypto.SHA256:
		return sha256.New
	case crypto.SHA384:
		return sha512.New384
	default:
		return h.New
	}
}

// allZero takes the same time for all values of b.
func allZero(b []byte) bool {
	var or byte
	for _, v := range b {
		or |= v
	}
	return subtle.ConstantTimeByteEq(or, 0) == 1
}
