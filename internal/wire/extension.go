package wire

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
)

// An Extension is an ExtensionType: RFC 5246, Section 7.4.1.4.
type Extension uint16

// The extensions that dtlsd reads or writes.
const (
	ExtensionServerName              Extension = 0     // RFC 6066, Section 3
	ExtensionMaxFragmentLength       Extension = 1     // RFC 6066, Section 4
	ExtensionStatusRequest           Extension = 5     // RFC 6066, Section 8
	ExtensionSupportedGroups         Extension = 10    // RFC 8422, Section 5.1.1
	ExtensionPointFormats            Extension = 11    // RFC 8422, Section 5.1.2
	ExtensionSignatureAlgorithms     Extension = 13    // RFC 5246, Section 7.4.1.4.1
	ExtensionUseSRTP                 Extension = 14    // RFC 5764, Section 4.1
	ExtensionALPN                    Extension = 16    // RFC 7301, Section 3.1
	ExtensionClientCertificateType   Extension = 19    // RFC 7250, Section 3
	ExtensionServerCertificateType   Extension = 20    // RFC 7250, Section 3
	ExtensionPadding                 Extension = 21    // RFC 7685, Section 3
	ExtensionEncryptThenMAC          Extension = 22    // RFC 7366, Section 2
	ExtensionExtendedMasterSecret    Extension = 23    // RFC 7627, Section 5.1
	ExtensionRecordSizeLimit         Extension = 28    // RFC 8449, Section 4
	ExtensionSessionTicket           Extension = 35    // RFC 5077, Section 3.2
	ExtensionPreSharedKey            Extension = 41    // RFC 8446, Section 4.2.11
	ExtensionEarlyData               Extension = 42    // RFC 8446, Section 4.2.10
	ExtensionSupportedVersions       Extension = 43    // RFC 8446, Section 4.2.1
	ExtensionCookie                  Extension = 44    // RFC 8446, Section 4.2.2
	ExtensionPSKKeyExchangeModes     Extension = 45    // RFC 8446, Section 4.2.9
	ExtensionCertificateAuthorities  Extension = 47    // RFC 8446, Section 4.2.4
	ExtensionOIDFilters              Extension = 48    // RFC 8446, Section 4.2.5
	ExtensionPostHandshakeAuth       Extension = 49    // RFC 8446, Section 4.2.6
	ExtensionSignatureAlgorithmsCert Extension = 50    // RFC 8446, Section 4.2.3
	ExtensionKeyShare                Extension = 51    // RFC 8446, Section 4.2.8
	ExtensionConnectionID            Extension = 54    // RFC 9146, Section 3
	ExtensionRRC                     Extension = 61    // RFC 9853, Section 3
	ExtensionRenegotiationInfo       Extension = 65281 // RFC 5746, Section 3.2
)

// The values of the certificate type extensions: RFC 7250, Section 3.
const (
	CertificateTypeX509         uint8 = 0
	CertificateTypeRawPublicKey uint8 = 2
)

// PointFormatUncompressed is the one point format left: RFC 8422, Section 5.1.2.
const PointFormatUncompressed uint8 = 0

// A MessageSet is a set of the messages that carry extensions.
type MessageSet uint8

// The messages. A ServerHello counts as two, as DTLS 1.3 moved most of its extensions into
// EncryptedExtensions.
const (
	InClientHello         MessageSet = 1 << iota // of every version
	InServerHello                                // of DTLS 1.2
	InServerHello13                              // RFC 8446, Section 4.1.3
	InHelloRetryRequest                          // RFC 8446, Section 4.1.4
	InEncryptedExtensions                        // RFC 8446, Section 4.3.1
	InCertificate                                // an entry of it in DTLS 1.3: RFC 8446, Section 4.4.2
	InCertificateRequest                         // of DTLS 1.3: RFC 8446, Section 4.3.2
	InNewSessionTicket                           // of DTLS 1.3: RFC 8446, Section 4.6.1
)

// The sets that many extensions share.
const (
	inHellos    = InClientHello | InServerHello
	inEncrypted = InClientHello | InServerHello | InEncryptedExtensions
)

// registry has a row for each extension above. The messages of DTLS 1.3 are those of the table in
// RFC 8446, Section 4.2.
var registry = [...]struct {
	id       Extension
	name     string
	messages MessageSet
}{
	{ExtensionServerName, "server_name", inEncrypted},
	{ExtensionMaxFragmentLength, "max_fragment_length", inEncrypted},
	{ExtensionStatusRequest, "status_request", inHellos | InCertificate | InCertificateRequest},
	{ExtensionSupportedGroups, "supported_groups", InClientHello | InEncryptedExtensions},
	{ExtensionPointFormats, "ec_point_formats", inHellos},
	{ExtensionSignatureAlgorithms, "signature_algorithms", InClientHello | InCertificateRequest},
	{ExtensionUseSRTP, "use_srtp", inEncrypted},
	{ExtensionALPN, "application_layer_protocol_negotiation", inEncrypted},
	{ExtensionClientCertificateType, "client_certificate_type", inEncrypted},
	{ExtensionServerCertificateType, "server_certificate_type", inEncrypted},
	{ExtensionPadding, "padding", InClientHello},
	{ExtensionEncryptThenMAC, "encrypt_then_mac", inHellos},
	{ExtensionExtendedMasterSecret, "extended_master_secret", inHellos},
	{ExtensionRecordSizeLimit, "record_size_limit", inEncrypted},
	{ExtensionSessionTicket, "session_ticket", inHellos},
	{ExtensionPreSharedKey, "pre_shared_key", InClientHello | InServerHello13},
	{ExtensionEarlyData, "early_data", InClientHello | InEncryptedExtensions | InNewSessionTicket},
	{ExtensionSupportedVersions, "supported_versions", InClientHello | InServerHello13 | InHelloRetryRequest},
	{ExtensionCookie, "cookie", InClientHello | InHelloRetryRequest},
	{ExtensionPSKKeyExchangeModes, "psk_key_exchange_modes", InClientHello},
	{ExtensionCertificateAuthorities, "certificate_authorities", InClientHello | InCertificateRequest},
	{ExtensionOIDFilters, "oid_filters", InCertificateRequest},
	{ExtensionPostHandshakeAuth, "post_handshake_auth", InClientHello},
	{ExtensionSignatureAlgorithmsCert, "signature_algorithms_cert", InClientHello | InCertificateRequest},
	{ExtensionKeyShare, "key_share", InClientHello | InServerHello13 | InHelloRetryRequest},
	{ExtensionConnectionID, "connection_id", inHellos | InServerHello13},
	{ExtensionRRC, "rrc", inHellos | InServerHello13},
	{ExtensionRenegotiationInfo, "renegotiation_info", inHellos},
}

// String returns the name in the registry.
func (e Extension) String() string {
	for i := range registry {
		if registry[i].id == e {
			return registry[i].name
		}
	}
	return fmt.Sprintf("extension 0x%04x", uint16(e))
}

// Known reports whether the registry has e.
func (e Extension) Known() bool { return e.In(^MessageSet(0)) }

// In reports whether e is known and may appear in one of those messages. Elsewhere, and when it is not
// known, parsers skip its content.
//
// RFC 8446, Section 4.2: in DTLS 1.3 an extension that is known, and is not specified for the message in
// which it appears, is an illegal_parameter. Whoever parses the message sees to that.
func (e Extension) In(messages MessageSet) bool {
	for i := range registry {
		if registry[i].id == e {
			return registry[i].messages&messages != 0
		}
	}
	return false
}

// visitExtensions calls visit for each extension in raw, the content of an extensions vector, until it
// returns an error. message names the message that raw comes from.
func visitExtensions(message string, raw []byte, visit func(Extension, cryptobyte.String) error) error {
	var seen numberSet
	for s := cryptobyte.String(raw); !s.Empty(); {
		var id uint16
		var body cryptobyte.String
		if !s.ReadUint16(&id) || !s.ReadUint16LengthPrefixed(&body) {
			return ParseError{message, "extensions"}
		}
		// RFC 5246, Section 7.4.1.4: "There MUST NOT be more than one extension of the same type."
		if !seen.add(id) {
			return ParseError{message, Extension(id).String() + " twice"}
		}
		if err := visit(Extension(id), body); err != nil {
			return err
		}
	}
	return nil
}

// A numberSet is a set of 16-bit numbers.
type numberSet [1 << 16 / 64]uint64

// add adds n, and reports whether it was not there before.
func (s *numberSet) add(n uint16) bool {
	word, bit := &s[n/64], uint64(1)<<(n%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}

// appendExtension appends an extension whose content body appends.
func appendExtension(b []byte, id Extension, body func(b []byte) []byte) []byte {
	return vec16(append16(b, uint16(id)), body)
}

// appendRaw appends an extension whose content is that, without a length of its own.
func appendRaw(b []byte, id Extension, content []byte) []byte {
	return opaque16(append16(b, uint16(id)), content)
}

// appendFlag appends an extension without content.
func appendFlag(b []byte, id Extension) []byte { return appendRaw(b, id, nil) }

// appendVector8 and appendVector16 append an extension whose content is one vector.
func appendVector8(b []byte, id Extension, content []byte) []byte {
	return appendExtension(b, id, func(b []byte) []byte { return opaque8(b, content) })
}

func appendVector16(b []byte, id Extension, content []byte) []byte {
	return appendExtension(b, id, func(b []byte) []byte { return opaque16(b, content) })
}
