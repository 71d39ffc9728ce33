package suite

import "crypto/hmac"

// The labels of RFC 5246, Sections 6.3, 7.4.9 and 8.1, and of RFC 7627,
// Section 4.
const (
	labelMasterSecret         = "master secret"
	labelExtendedMasterSecret = "extended master secret"
	labelKeyExpansion         = "key expansion"
	labelClientFinished       = "client finished"
	labelServerFinished       = "server finished"
)

// PRF fills out with the pseudorandom function of s over the label and the
// parts of seed, one after the other.
//
// RFC 5246, Section 5: A(0) is label and seed, A(i) is the MAC of A(i-1), and
// the output is the MAC of A(i), label and seed for i = 1, 2, ...
func (s *Suite) PRF(out, secret []byte, label string, seed ...[]byte) {
	mac := hmac.New(s.Hash.New, secret)
	writeSeed := func() {
		mac.Write([]byte(label))
		for _, part := range seed {
			mac.Write(part)
		}
	}

	a := make([]byte, 0, mac.Size())
	chunk := make([]byte, 0, mac.Size())
	writeSeed()
	a = mac.Sum(a)
	for {
		mac.Reset()
		mac.Write(a)
		writeSeed()
		chunk = mac.Sum(chunk[:0])
		n := copy(out, chunk)
		out = out[n:]
		if len(out) == 0 {
			break
		}
		mac.Reset()
		mac.Write(a)
		a = mac.Sum(a[:0])
	}
}

// MasterSecret derives the master secret of an association without the
// extended_master_secret extension.
//
// RFC 5246, Section 8.1.
func (s *Suite) MasterSecret(premaster []byte, clientRandom, serverRandom *[32]byte) [48]byte {
	var master [48]byte
	s.PRF(master[:], premaster, labelMasterSecret, clientRandom[:], serverRandom[:])
	return master
}

// ExtendedMasterSecret derives the master secret from the premaster secret and
// the hash of all handshake messages up to and including ClientKeyExchange.
//
// RFC 7627, Section 4.
func (s *Suite) ExtendedMasterSecret(premaster, sessionHash []byte) [48]byte {
	var master [48]byte
	s.PRF(master[:], premaster, labelExtendedMasterSecret, sessionHash)
	return master
}

// VerifyData returns the content of the Finished message that the client, or
// else the server, sends. Compare it in constant time.
//
// RFC 5246, Section 7.4.9.
func (s *Suite) VerifyData(master []byte, client bool, transcriptHash []byte) [12]byte {
	label := labelServerFinished
	if client {
		label = labelClientFinished
	}
	var data [12]byte
	s.PRF(data[:], master, label, transcriptHash)
	return data
}
