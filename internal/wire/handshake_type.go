package wire

import "strconv"

// A HandshakeType names a handshake message.
type HandshakeType uint8

// The handshake messages of DTLS 1.2 and 1.3.
const (
	TypeHelloRequest        HandshakeType = 0   // RFC 5246, Section 7.4
	TypeClientHello         HandshakeType = 1   // RFC 5246, Section 7.4
	TypeServerHello         HandshakeType = 2   // RFC 5246, Section 7.4
	TypeHelloVerifyRequest  HandshakeType = 3   // RFC 6347, Section 4.3.2
	TypeNewSessionTicket    HandshakeType = 4   // RFC 5077, Section 3.3
	TypeEndOfEarlyData      HandshakeType = 5   // RFC 8446, Section 4.5; has no place in DTLS
	TypeEncryptedExtensions HandshakeType = 8   // RFC 8446, Section 4.3.1
	TypeRequestConnectionID HandshakeType = 9   // RFC 9147, Section 9
	TypeNewConnectionID     HandshakeType = 10  // RFC 9147, Section 9
	TypeCertificate         HandshakeType = 11  // RFC 5246, Section 7.4
	TypeServerKeyExchange   HandshakeType = 12  // RFC 5246, Section 7.4
	TypeCertificateRequest  HandshakeType = 13  // RFC 5246, Section 7.4
	TypeServerHelloDone     HandshakeType = 14  // RFC 5246, Section 7.4
	TypeCertificateVerify   HandshakeType = 15  // RFC 5246, Section 7.4
	TypeClientKeyExchange   HandshakeType = 16  // RFC 5246, Section 7.4
	TypeFinished            HandshakeType = 20  // RFC 5246, Section 7.4
	TypeCertificateStatus   HandshakeType = 22  // RFC 6066, Section 8
	TypeKeyUpdate           HandshakeType = 24  // RFC 8446, Section 4.6.3
	TypeMessageHash         HandshakeType = 254 // RFC 8446, Section 4.4.1; only in the transcript
)

func (t HandshakeType) String() string {
	switch t {
	case TypeHelloRequest:
		return "hello_request"
	case TypeClientHello:
		return "client_hello"
	case TypeServerHello:
		return "server_hello"
	case TypeHelloVerifyRequest:
		return "hello_verify_request"
	case TypeNewSessionTicket:
		return "new_session_ticket"
	case TypeEndOfEarlyData:
		return "end_of_early_data"
	case TypeEncryptedExtensions:
		return "encrypted_extensions"
	case TypeRequestConnectionID:
		return "request_connection_id"
	case TypeNewConnectionID:
		return "new_connection_id"
	case TypeCertificate:
		return "certificate"
	case TypeServerKeyExchange:
		return "server_key_exchange"
	case TypeCertificateRequest:
		return "certificate_request"
	case TypeServerHelloDone:
		return "server_hello_done"
	case TypeCertificateVerify:
		return "certificate_verify"
	case TypeClientKeyExchange:
		return "client_key_exchange"
	case TypeFinished:
		return "finished"
	case TypeCertificateStatus:
		return "certificate_status"
	case TypeKeyUpdate:
		return "key_update"
	case TypeMessageHash:
		return "message_hash"
	}
	return "handshake_type " + strconv.Itoa(int(t))
}
