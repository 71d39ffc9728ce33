package suite

import (
	"crypto/hmac"
	"hash"
)

// The labels of RFC 5246, Sections 6.3, 7.4.9 and 8.1, and of RFC 7627,
// Section 4.
const (
	labelMasterSecret         = "master secret"
	labelExtendedMasterSecret = "extended master secret"
	labelKeyExpansion         = "key expansion"
	labelClientFinished       = "client finished"
	labelServerFinished       = "server finished"
)

// A PRF is the pseudorandom function of a suite under one secret. It is made for
// secrets that are used several times, and for one goroutine.
type PRF struct {
	suite *Suite
	mac   hash.Hash
	used  bool   // the MAC has something written into it
	seed  []byte // label and seed of this call
	a     []byte // A(i)
	chunk []byte
	room  [2*maxPRFHash + maxPRFSeed]byte // for the three of them
}

// The lengths that a PRF has room for from the beginning, in bytes: of the longest
// hash, and of the longest label and seed that a handshake needs.
const (
	maxPRFHash = 48
	maxPRFSeed = 96
)

// NewPRF returns the pseudorandom function of s under a secret.
func (s *Suite) NewPRF(secret []byte) *PRF {
	p := &PRF{suite: s, mac: hmac.New(newHash(s.Hash), secret)}
	p.a = p.room[:0:maxPRFHash]
	p.chunk = p.room[maxPRFHash : maxPRFHash : 2*maxPRFHash]
	p.seed = p.room[2*maxPRFHash : 2*maxPRFHash]
	return p
}

// Fill fills out from the label and the parts of seed, one after the other.
//
// RFC 5246, Section 5: A(0) is label and seed, A(i) is the MAC of A(i-1), and
// the output is the MAC of A(i), label and seed for i = 1, 2, ...
func (p *PRF) Fill(out []byte, label string, seed ...[]byte) {
	p.seed = append(p.seed[:0], label...)
	for _, part := range seed {
		p.seed = append(p.seed, part...)
	}
	p.a = p.sum(p.a, p.seed, nil)
	for {
		p.chunk = p.sum(p.chunk, p.a, p.seed)
		n := copy(out, p.chunk)
		out = out[n:]
		if len(out) == 0 {
			return
		}
		p.a = p.sum(p.a, p.a, nil)
	}
}

// sum puts the MAC of two byte strings, one after the other, into buf, which may
// be the first of them.
func (p *PRF) sum(buf, first, second []byte) []byte {
	if p.used {
		p.mac.Reset()
	}
	p.used = true
	p.mac.Write(first)
	p.mac.Write(second)
	return p.mac.Sum(buf[:0])
}

// PRF is Fill for a secret that is used once.
func (s *Suite) PRF(out, secret []byte, label string, seed ...[]byte) {
	s.NewPRF(secret).Fill(out, label, seed...)
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
// else the server, sends. The PRF is that of the master secret. Compare it in
// constant time.
//
// RFC 5246, Section 7.4.9.
func (p *PRF) VerifyData(client bool, transcriptHash []byte) [12]byte {
	label := labelServerFinished
	if client {
		label = labelClientFinished
	}
	var data [12]byte
	p.Fill(data[:], label, transcriptHash)
	return data
}
