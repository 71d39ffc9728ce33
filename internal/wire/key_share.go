package wire

import (
	"iter"

	"golang.org/x/crypto/cryptobyte"
)

// A KeyShare is a KeyShareEntry, a public key of a group: RFC 8446, Section 4.2.8.
type KeyShare struct {
	Group       Group
	KeyExchange []byte // at least one byte
}

func (k *KeyShare) read(s *cryptobyte.String) bool {
	return s.ReadUint16((*uint16)(&k.Group)) && readOpaque16(s, &k.KeyExchange) && len(k.KeyExchange) > 0
}

// A KeyShareList is a view of the client_shares of a client, its preference first.
type KeyShareList []byte

// AppendKeyShares appends the encoding of shares to b, and is never nil unless one of them is too long;
// KeyShareList(AppendKeyShares(nil, shares...)) is a list of them.
func AppendKeyShares(b []byte, shares ...KeyShare) []byte {
	b = begin(b)
	for _, k := range shares {
		b = opaque16(append16(b, uint16(k.Group)), k.KeyExchange)
	}
	return b
}

// All returns the shares in order, as views into l.
func (l KeyShareList) All() iter.Seq[KeyShare] {
	return func(yield func(KeyShare) bool) {
		var k KeyShare
		for s := cryptobyte.String(l); k.read(&s); {
			if !yield(k) {
				return
			}
		}
	}
}

// Find returns the share of that group.
func (l KeyShareList) Find(g Group) (KeyShare, bool) {
	for k := range l.All() {
		if k.Group == g {
			return k, true
		}
	}
	return KeyShare{}, false
}

// wellFormed reports whether l consists of whole shares.
func (l KeyShareList) wellFormed() bool {
	var k KeyShare
	s := cryptobyte.String(l)
	for !s.Empty() {
		if !k.read(&s) {
			return false
		}
	}
	return true
}

// readKeyShares reads a KeyShareClientHello, which may be empty. legal reports that no group comes twice.
func readKeyShares(s *cryptobyte.String, out *KeyShareList) (ok, legal bool) {
	if !readOpaque16(s, (*[]byte)(out)) {
		return false, true
	}
	var seen numberSet
	for rest := cryptobyte.String(*out); !rest.Empty(); {
		var k KeyShare
		if !k.read(&rest) {
			return false, true
		}
		// RFC 8446, Section 4.2.8: "Clients MUST NOT offer multiple KeyShareEntry values for the same
		// group."
		if !seen.add(uint16(k.Group)) {
			return true, false
		}
	}
	return true, true
}
