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
	AlertTooManyCIDsRequested         AlertDescription = 52  // RFC 9147, Section 9
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
	if int(d) < len(alertNames) && alertNames[d] != "" {
		return alertNames[d]
	}
	return "alert " + strconv.Itoa(int(d))
}

var alertNames = [...]string{
	AlertCloseNotify:                  "close_notify",
	AlertUnexpectedMessage:            "unexpected_message",
	AlertBadRecordMAC:                 "bad_record_mac",
	AlertDecryptionFailed:             "decryption_failed",
	AlertRecordOverflow:               "record_overflow",
	AlertDecompressionFailure:         "decompression_failure",
	AlertHandshakeFailure:             "handshake_failure",
	AlertNoCertificate:                "no_certificate",
	AlertBadCertificate:               "bad_certificate",
	AlertUnsupportedCertificate:       "unsupported_certificate",
	AlertCertificateRevoked:           "certificate_revoked",
	AlertCertificateExpired:           "certificate_expired",
	AlertCertificateUnknown:           "certificate_unknown",
	AlertIllegalParameter:             "illegal_parameter",
	AlertUnknownCA:                    "unknown_ca",
	AlertAccessDenied:                 "access_denied",
	AlertDecodeError:                  "decode_error",
	AlertDecryptError:                 "decrypt_error",
	AlertTooManyCIDsRequested:         "too_many_cids_requested",
	AlertExportRestriction:            "export_restriction",
	AlertProtocolVersion:              "protocol_version",
	AlertInsufficientSecurity:         "insufficient_security",
	AlertInternalError:                "internal_error",
	AlertInappropriateFallback:        "inappropriate_fallback",
	AlertUserCanceled:                 "user_canceled",
	AlertNoRenegotiation:              "no_renegotiation",
	AlertMissingExtension:             "missing_extension",
	AlertUnsupportedExtension:         "unsupported_extension",
	AlertCertificateUnobtainable:      "certificate_unobtainable",
	AlertUnrecognizedName:             "unrecognized_name",
	AlertBadCertificateStatusResponse: "bad_certificate_status_response",
	AlertBadCertificateHashValue:      "bad_certificate_hash_value",
	AlertUnknownPSKIdentity:           "unknown_psk_identity",
	AlertCertificateRequired:          "certificate_required",
	AlertNoApplicationProtocol:        "no_application_protocol",
}
