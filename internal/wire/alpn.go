package wire

import "golang.org/x/crypto/cryptobyte"

// readProtocolNames reads a ProtocolNameList: RFC 7301, Section 3.1.
func readProtocolNames(s *cryptobyte.String, names *[][]byte) bool {
	var list cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) || list.Empty() {
		return false
	}
	for !list.Empty() {
		var name []byte
		if !readOpaque8(&list, &name) || len(name) == 0 {
			return false
		}
		*names = append(*names, name)
	}
	return true
}

// readOneProtocolName reads the ProtocolNameList of a server.
//
// RFC 7301, Section 3.1: it "MUST contain exactly one ProtocolName".
func readOneProtocolName(s *cryptobyte.String, name *[]byte) bool {
	var list cryptobyte.String
	return s.ReadUint16LengthPrefixed(&list) && readOpaque8(&list, name) && len(*name) > 0 && list.Empty()
}

func appendProtocolNames(b []byte, names [][]byte) []byte {
	return appendExtension(b, ExtensionALPN, func(b []byte) []byte {
		return vec16(b, func(b []byte) []byte {
			for _, name := range names {
				b = opaque8(b, name)
			}
			return b
		})
	})
}
