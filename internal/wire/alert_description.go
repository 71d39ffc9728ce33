package wire

import "strconv"

// An AlertDescription says what an alert is about.
type AlertDescription uint8

// The alerts of the TLS Alerts registry that a DTLS peer may send. The reserved ones of older versions
// are here to be named when they arrive.
const (
	AlertCloseNotify                  AlertDescription = 0   // RFC 5246, Section 7.2.1
	AlertUnexpectedMessage            AlertDescription = 10  // RFC 5246, Section 7.2.2
	AlertBadRecordMAC                 AlertDescription = 20  // RFC 5246, Section 7.2.2
	AlertDecryptionFailed             AlertDescription = 21  // RFC 5246, Section 7.2.2, reserved
	AlertRecordOverflow               AlertDescription = 22  // RFC 5246, Section 7.2.2
	AlertDecompressionFailure         AlertDescription = 30  // RFC 5246, Section 7.2.2
	AlertHandshakeFailure             AlertDescription = 40  // RFC 5246, Section 7.2.2
	AlertNoCertificate                AlertDescription = 41  // RFC 5246, Section 7.2.2, reserved
	AlertBadCertificate               AlertDescription = 42  // RFC 5246, Section 7.2.2
	AlertUnsupportedCertificate       AlertDescription = 43  // RFC 5246, Section 7.2.2
	AlertCertificateRevoked           AlertDescription = 44  // RFC 5246, Section 7.2.2
	AlertCertificateExpired           AlertDescription = 45  // RFC 5246, Section 7.2.2
	AlertCertificateUnknown           AlertDescription = 46  // RFC 5246, Section 7.2.2
	AlertIllegalParameter             AlertDescription = 47  // RFC 5246, Section 7.2.2
	AlertUnknownCA                    AlertDescription = 48  // RFC 5246, Section 7.2.2
	AlertAccessDenied                 AlertDescription = 49  // RFC 5246, Section 7.2.2
	AlertDecodeError                  AlertDescription = 50  // RFC 5246, Section 7.2.2
	AlertDecryptError                 AlertDescription = 51  // RFC 5246, Section 7.2.2
	AlertTooManyCIDsRequested         AlertDescription = 52  // RFC 9147, Section 10
	AlertExportRestriction            AlertDescription = 60  // RFC 5246, Section 7.2.2, reserved
	AlertProtocolVersion              AlertDescription = 70  // RFC 5246, Section 7.2.2
	AlertInsufficientSecurity         AlertDescription = 71  // RFC 5246, Section 7.2.2
	AlertInternalError                AlertDescription = 80  // RFC 5246, Section 7.2.2
	AlertInappropriateFallback        AlertDescription = 86  // RFC 7507, Section 2
	AlertUserCanceled                 AlertDescription = 90  // RFC 5246, Section 7.2.2
	AlertNoRenegotiation              AlertDescription = 100 // RFC 5246, Section 7.2.2
	AlertMissingExtension             AlertDescription = 109 // RFC 8446, Section 6.2
	AlertUnsupportedExtension         AlertDescription = 110 // RFC 5246, Section 7.2.2
	AlertCertificateUnobtainable      AlertDescription = 111 // RFC 6066, Section 9
	AlertUnrecognizedName             AlertDescription = 112 // RFC 6066, Section 9
	AlertBadCertificateStatusResponse AlertDescription = 113 // RFC 6066, Section 9
	AlertBadCertificateHashValue      AlertDescription = 114 // RFC 6066, Section 9
	AlertUnknownPSKIdentity           AlertDescription = 115 // RFC 4279, Section 6
	AlertCertificateRequired          AlertDescription = 116 // RFC 8446, Section 6.2
	AlertNoApplicationProtocol        AlertDescription = 120 // RFC 7301, Section 3.2
)

// String returns the name in the registry.
func (d AlertDescription) String() string {
	if name := d.name(); name != "" {
		return name
	}
	return "alert " + strconv.Itoa(int(d))
}

func (d AlertDescription) name() string {
	switch d {
	case AlertCloseNotify:
		return "close_notify"
	case AlertUnexpectedMessage:
		return "unexpected_message"
	case AlertBadRecordMAC:
		return "bad_record_mac"
	case AlertDecryptionFailed:
		return "decryption_failed"
	case AlertRecordOverflow:
		return "record_overflow"
	case AlertDecompressionFailure:
		return "decompression_failure"
	case AlertHandshakeFailure:
		return "handshake_failure"
	case AlertNoCertificate:
		return "no_certificate"
	case AlertBadCertificate:
		return "bad_certificate"
	case AlertUnsupportedCertificate:
		return "unsupported_certificate"
	case AlertCertificateRevoked:
		return "certificate_revoked"
	case AlertCertificateExpired:
		return "certificate_expired"
	case AlertCertificateUnknown:
		return "certificate_unknown"
	case AlertIllegalParameter:
		return "illegal_parameter"
	case AlertUnknownCA:
		return "unknown_ca"
	case AlertAccessDenied:
		return "access_denied"
	case AlertDecodeError:
		return "decode_error"
	case AlertDecryptError:
		return "decrypt_error"
	}
	return d.laterName()
}

// laterName names the alerts from 52 on.
func (d AlertDescription) laterName() string {
	switch d {
	case AlertTooManyCIDsRequested:
		return "too_many_cids_requested"
	case AlertExportRestriction:
		return "export_restriction"
	case AlertProtocolVersion:
		return "protocol_version"
	case AlertInsufficientSecurity:
		return "insufficient_security"
	case AlertInternalError:
		return "internal_error"
	case AlertInappropriateFallback:
		return "inappropriate_fallback"
	case AlertUserCanceled:
		return "user_canceled"
	case AlertNoRenegotiation:
		return "no_renegotiation"
	case AlertMissingExtension:
		return "missing_extension"
	case AlertUnsupportedExtension:
		return "unsupported_extension"
	case AlertCertificateUnobtainable:
		return "certificate_unobtainable"
	case AlertUnrecognizedName:
		return "unrecognized_name"
	case AlertBadCertificateStatusResponse:
		return "bad_certificate_status_response"
	case AlertBadCertificateHashValue:
		return "bad_certificate_hash_value"
	case AlertUnknownPSKIdentity:
		return "unknown_psk_identity"
	case AlertCertificateRequired:
		return "certificate_required"
	case AlertNoApplicationProtocol:
		return "no_application_protocol"
	}
	return ""
}
