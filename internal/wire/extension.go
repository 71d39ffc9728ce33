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
	ExtensionSupportedVersions       Extension = 43    // RFC 8446, Section 4.2.1
	ExtensionSignatureAlgorithmsCert Extension = 50    // RFC 8446, Section 4.2.3
	ExtensionConnectionID            Extension = 54    // RFC 9146, Section 3
	ExtensionRenegotiationInfo       Extension = 65281 // RFC 5746, Section 3.2
)

// The values of the certificate type extensions: RFC 7250, Section 3.
const (
	CertificateTypeX509         uint8 = 0
	CertificateTypeRawPublicKey uint8 = 2
)

// PointFormatUncompressed is the one point format left: RFC 8422, Section 5.1.2.
const PointFormatUncompressed uint8 = 0

// A messageSet is a set of the messages that carry extensions.
type messageSet uint8

const (
	inClientHello messageSet = 1 << iota
	inServerHello
)

// registry has a row for each extension above.
var registry = [...]struct {
	id       Extension
	name     string
	messages messageSet
}{
	{ExtensionServerName, "server_name", inClientHello | inServerHello},
	{ExtensionMaxFragmentLength, "max_fragment_length", inClientHello | inServerHello},
	{ExtensionStatusRequest, "status_request", inClientHello | inServerHello},
	{ExtensionSupportedGroups, "supported_groups", inClientHello},
	{ExtensionPointFormats, "ec_point_formats", inClientHello | inServerHello},
	{ExtensionSignatureAlgorithms, "signature_algorithms", inClientHello},
	{ExtensionUseSRTP, "use_srtp", inClientHello | inServerHello},
	{ExtensionALPN, "application_layer_protocol_negotiation", inClientHello | inServerHello},
	{ExtensionClientCertificateType, "client_certificate_type", inClientHello | inServerHello},
	{ExtensionServerCertificateType, "server_certificate_type", inClientHello | inServerHello},
	{ExtensionPadding, "padding", inClientHello},
	{ExtensionEncryptThenMAC, "encrypt_then_mac", inClientHello | inServerHello},
	{ExtensionExtendedMasterSecret, "extended_master_secret", inClientHello | inServerHello},
	{ExtensionRecordSizeLimit, "record_size_limit", inClientHello | inServerHello},
	{ExtensionSessionTicket, "session_ticket", inClientHello | inServerHello},
	{ExtensionSupportedVersions, "supported_versions", inClientHello},
	{ExtensionSignatureAlgorithmsCert, "signature_algorithms_cert", inClientHello},
	{ExtensionConnectionID, "connection_id", inClientHello | inServerHello},
	{ExtensionRenegotiationInfo, "renegotiation_info", inClientHello | inServerHello},
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

// AllowedIn reports whether this package reads e in messages of type t. Elsewhere, and for extensions
// that it does not know, the content is skipped.
func (e Extension) AllowedIn(t HandshakeType) bool {
	var in messageSet
	switch t {
	case TypeClientHello:
		in = inClientHello
	case TypeServerHello:
		in = inServerHello
	}
	for i := range registry {
		if registry[i].id == e {
			return registry[i].messages&in != 0
		}
	}
	return false
}

// visitExtensions calls visit for each extension in raw, the content of an extensions vector, until it
// returns an error. message names the message that raw comes from.
func visitExtensions(message string, raw []byte, visit func(Extension, cryptobyte.String) error) error {
	var seen [1 << 16 / 64]uint64
	for s := cryptobyte.String(raw); !s.Empty(); {
		var id uint16
		var body cryptobyte.String
		if !s.ReadUint16(&id) || !s.ReadUint16LengthPrefixed(&body) {
			return ParseError{message, "extensions"}
		}
		// RFC 5246, Section 7.4.1.4: "There MUST NOT be more than one extension of the same type."
		if seen[id/64]&(1<<(id%64)) != 0 {
			return ParseError{message, Extension(id).String() + " twice"}
		}
		seen[id/64] |= 1 << (id % 64)
		if err := visit(Extension(id), body); err != nil {
			return err
		}
	}
	return nil
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
