package wire

import "golang.org/x/crypto/cryptobyte"

// readDistinguishedNames reads a vector of DistinguishedNames, which may be empty in DTLS 1.2 only:
// RFC 5246, Section 7.4.4; RFC 8446, Section 4.2.4.
func readDistinguishedNames(s *cryptobyte.String, names *[][]byte) bool {
	var list cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return false
	}
	for !list.Empty() {
		var name []byte
		if !readOpaque16(&list, &name) || len(name) == 0 {
			return false
		}
		*names = append(*names, name)
	}
	return true
}

// appendDistinguishedNames appends a vector of DistinguishedNames.
func appendDistinguishedNames(b []byte, names [][]byte) []byte {
	return vec16(b, func(b []byte) []byte {
		for _, name := range names {
			b = opaque16(b, name)
		}
		return b
	})
}

func appendCertificateAuthorities(b []byte, names [][]byte) []byte {
	return appendExtension(b, ExtensionCertificateAuthorities, func(b []byte) []byte {
		return appendDistinguishedNames(b, names)
	})
}
