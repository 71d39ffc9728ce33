package wire

import "golang.org/x/crypto/cryptobyte"

// A UseSRTP negotiates protection profiles for SRTP: RFC 5764, Section 4.1.1.
type UseSRTP struct {
	Profiles Uint16List // the client's in its order of preference; of a server exactly one
	MKI      []byte     // srtp_mki, at most 255 bytes, mostly empty
}

func readUseSRTP(s *cryptobyte.String, out **UseSRTP) bool {
	var u UseSRTP
	if !readList16(s, &u.Profiles) || !readOpaque8(s, &u.MKI) {
		return false
	}
	*out = &u
	return true
}

func appendUseSRTP(b []byte, u *UseSRTP) []byte {
	return appendExtension(b, ExtensionUseSRTP, func(b []byte) []byte {
		return opaque8(opaque16(b, u.Profiles), u.MKI)
	})
}
