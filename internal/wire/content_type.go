package wire

import "strconv"

// A ContentType says what a record carries.
type ContentType uint8

// The content types of DTLS.
const (
	ContentChangeCipherSpec ContentType = 20 // RFC 5246, Section 6.2.1
	ContentAlert            ContentType = 21 // RFC 5246, Section 6.2.1
	ContentHandshake        ContentType = 22 // RFC 5246, Section 6.2.1
	ContentApplicationData  ContentType = 23 // RFC 5246, Section 6.2.1
	ContentCID              ContentType = 25 // RFC 9146, Section 4
	ContentACK              ContentType = 26 // RFC 9147, Section 7

	ContentReturnRoutabilityCheck ContentType = 27 // RFC 9853, Section 4
)

func (t ContentType) String() string {
	switch t {
	case ContentChangeCipherSpec:
		return "change_cipher_spec"
	case ContentAlert:
		return "alert"
	case ContentHandshake:
		return "handshake"
	case ContentApplicationData:
		return "application_data"
	case ContentCID:
		return "tls12_cid"
	case ContentACK:
		return "ack"
	case ContentReturnRoutabilityCheck:
		return "return_routability_check"
	}
	return "content_type " + strconv.Itoa(int(t))
}
