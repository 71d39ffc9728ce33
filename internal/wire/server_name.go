package wire

import "golang.org/x/crypto/cryptobyte"

// hostName is the only NameType there is: RFC 6066, Section 3.
const hostName = 0

// readServerName reads a ServerNameList and sets name to its host_name. Names of other types are skipped.
func readServerName(s *cryptobyte.String, name *string) bool {
	var list cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) || list.Empty() {
		return false
	}
	for !list.Empty() {
		var nameType uint8
		var value []byte
		if !list.ReadUint8(&nameType) || !readOpaque16(&list, &value) || len(value) == 0 {
			return false
		}
		if nameType != hostName {
			continue
		}
		// RFC 6066, Section 3: "The ServerNameList MUST NOT contain more than one name of the same
		// name_type."
		if *name != "" {
			return false
		}
		*name = string(value)
	}
	return true
}

func appendServerName(b []byte, name string) []byte {
	return appendExtension(b, ExtensionServerName, func(b []byte) []byte {
		return vec16(b, func(b []byte) []byte {
			return opaque16(append8(b, hostName), []byte(name))
		})
	})
}
