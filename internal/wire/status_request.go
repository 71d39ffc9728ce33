package wire

import "golang.org/x/crypto/cryptobyte"

// statusOCSP is the CertificateStatusType of OCSP: RFC 6066, Section 8.
const statusOCSP = 1

// readStatusRequest reads a CertificateStatusRequest and sets present if it is one for OCSP. The content
// of other kinds is unknown and skipped.
func readStatusRequest(s *cryptobyte.String, present *bool) bool {
	var statusType uint8
	if !s.ReadUint8(&statusType) {
		return false
	}
	if statusType != statusOCSP {
		return s.Skip(len(*s))
	}
	*present = true
	var responders, extensions []byte
	return readOpaque16(s, &responders) && readOpaque16(s, &extensions)
}

// appendStatusRequest asks for OCSP with no responder and no extension in particular.
func appendStatusRequest(b []byte) []byte {
	return appendRaw(b, ExtensionStatusRequest, []byte{statusOCSP, 0, 0, 0, 0})
}
