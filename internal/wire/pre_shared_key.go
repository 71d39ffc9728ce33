package wire

import (
	"iter"

	"golang.org/x/crypto/cryptobyte"
)

// The values of psk_key_exchange_modes: RFC 8446, Section 4.2.9.
const (
	PSKModeKE    uint8 = 0 // the pre-shared key alone
	PSKModeDHEKE uint8 = 1 // together with key shares
)

// OfferedPSKs is the pre_shared_key extension of a client: RFC 8446, Section 4.2.11. The zero value means
// that the extension is absent.
type OfferedPSKs struct {
	Identities PSKIdentityList
	Binders    Opaque8List // as many as identities, in the same order
}

// BindersLen returns how many bytes the list of binders takes at the end of a ClientHello. The binders
// are computed over the hello without these bytes.
//
// RFC 8446, Section 4.2.11.2.
func (p OfferedPSKs) BindersLen() int { return 2 + len(p.Binders) }

// present reports whether the extension is there, which has at least one identity.
func (p OfferedPSKs) present() bool { return len(p.Identities) > 0 }

// read reads an OfferedPsks. legal reports that identities and binders are as many.
func (p *OfferedPSKs) read(s *cryptobyte.String) (ok, legal bool) {
	if !readOpaque16(s, (*[]byte)(&p.Identities)) || !readOpaque16(s, (*[]byte)(&p.Binders)) {
		return false, true
	}
	identities, ok := p.Identities.count()
	if !ok || identities == 0 {
		return false, true
	}
	// RFC 8446, Section 4.2.11 has binders of 32 bytes and more. Clients send shorter ones with tickets of
	// DTLS 1.2, which nobody looks at; others do not match.
	binders, ok := p.Binders.count(1)
	return ok && binders > 0, identities == binders
}

func (p OfferedPSKs) appendTo(b []byte) []byte {
	return appendExtension(b, ExtensionPreSharedKey, func(b []byte) []byte {
		return opaque16(opaque16(b, p.Identities), p.Binders)
	})
}

// A PSKIdentity names a pre-shared key or is a ticket.
type PSKIdentity struct {
	Identity            []byte // at least one byte
	ObfuscatedTicketAge uint32 // in milliseconds, plus the ticket's AgeAdd; 0 for an external key
}

func (i *PSKIdentity) read(s *cryptobyte.String) bool {
	return readOpaque16(s, &i.Identity) && len(i.Identity) > 0 && s.ReadUint32(&i.ObfuscatedTicketAge)
}

// A PSKIdentityList is a view of the identities of a client, its preference first.
type PSKIdentityList []byte

// AppendPSKIdentities appends the encoding of identities to b, and is never nil unless one of them is too
// long; PSKIdentityList(AppendPSKIdentities(nil, identities...)) is a list of them.
func AppendPSKIdentities(b []byte, identities ...PSKIdentity) []byte {
	b = begin(b)
	for _, i := range identities {
		b = append32(opaque16(b, i.Identity), i.ObfuscatedTicketAge)
	}
	return b
}

// All returns the identities in order, as views into l.
func (l PSKIdentityList) All() iter.Seq[PSKIdentity] {
	return func(yield func(PSKIdentity) bool) {
		var i PSKIdentity
		for s := cryptobyte.String(l); i.read(&s); {
			if !yield(i) {
				return
			}
		}
	}
}

// count returns the number of identities, if l consists of whole ones.
func (l PSKIdentityList) count() (n int, ok bool) {
	var i PSKIdentity
	s := cryptobyte.String(l)
	for ; !s.Empty(); n++ {
		if !i.read(&s) {
			return 0, false
		}
	}
	return n, true
}
