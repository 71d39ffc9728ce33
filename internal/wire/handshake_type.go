package wire

import "strconv"

// A HandshakeType names a handshake message.
type HandshakeType uint8

// The handshake messages of DTLS 1.2.
const (
	TypeHelloRequest       HandshakeType = 0  // RFC 5246, Section 7.4
	TypeClientHello        HandshakeType = 1  // RFC 5246, Section 7.4
	TypeServerHello        HandshakeType = 2  // RFC 5246, Section 7.4
	TypeHelloVerifyRequest HandshakeType = 3  // RFC 6347, Section 4.3.2
	TypeNewSessionTicket   HandshakeType = 4  // RFC 5077, Section 3.3
	TypeCertificate        HandshakeType = 11 // RFC 5246, Section 7.4
	TypeServerKeyExchange  HandshakeType = 12 // RFC 5246, Section 7.4
	TypeCertificateRequest HandshakeType = 13 // RFC 5246, Section 7.4
	TypeServerHelloDone    HandshakeType = 14 // RFC 5246, Section 7.4
	TypeCertificateVerify  HandshakeType = 15 // RFC 5246, Section 7.4
	TypeClientKeyExchange  HandshakeType = 16 // RFC 5246, Section 7.4
	TypeFinished           HandshakeType = 20 // RFC 5246, Section 7.4
	TypeCertificateStatus  HandshakeType = 22 // RFC 6066, Section 8
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
	}
	return "handshake_type " + strconv.Itoa(int(t))
}
