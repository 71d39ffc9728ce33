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

// readCertificateStatus reads the CertificateStatus that goes with a certificate in DTLS 1.3:
// RFC 8446, Section 4.4.2.1. The response is for OCSP, the one kind that anybody asks for.
func readCertificateStatus(s *cryptobyte.String, response *[]byte) bool {
	var statusType uint8
	return s.ReadUint8(&statusType) && statusType == statusOCSP && readOpaque24(s, response) && len(*response) > 0
}

func appendCertificateStatus(b, response []byte) []byte {
	return appendExtension(b, ExtensionStatusRequest, func(b []byte) []byte {
		return opaque24(append8(b, statusOCSP), response)
	})
}
