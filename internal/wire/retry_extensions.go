package wire

import "golang.org/x/crypto/cryptobyte"

// RetryExtensions are the extensions of a ClientHello on which the choice of a version and a
// HelloRetryRequest depend. They are a part of ClientExtensions, and mean what they mean there.
type RetryExtensions struct {
	SupportedVersions   Uint16List
	SupportedGroups     Uint16List
	SignatureAlgorithms Uint16List
	HasKeyShare         bool
	KeyShares           KeyShareList // a group may come twice
	PSKKeyExchangeModes []byte
	Cookie              []byte
	PreSharedKey        OfferedPSKs
}

// ParseRetryExtensions parses the extensions of a ClientHello of anybody's as far as an answer without
// state needs them. It is quick, never allocates, and accepts whatever ParseClientExtensions13 accepts;
// beyond that, it skips what other extensions contain, and does not look for shares of the same group.
func ParseRetryExtensions(raw []byte) (RetryExtensions, error) {
	var e RetryExtensions
	var seen uint64 // a bit for each extension that is read, whose numbers are all below 64
	for s := cryptobyte.String(raw); !s.Empty(); {
		var id Extension
		var body cryptobyte.String
		if !s.ReadUint16((*uint16)(&id)) || !s.ReadUint16LengthPrefixed(&body) {
			return RetryExtensions{}, ParseError{"client_hello", "extensions"}
		}
		// RFC 8446, Section 4.2.11: "The "pre_shared_key" extension MUST be the last extension in the
		// ClientHello".
		if e.PreSharedKey.present() {
			return RetryExtensions{}, IllegalError{"client_hello", "pre_shared_key"}
		}
		read, err := e.parseOne(id, &body)
		if err != nil {
			return RetryExtensions{}, err
		}
		if !read {
			continue
		}
		if bit := uint64(1) << id; seen&bit == 0 {
			seen |= bit
		} else {
			return RetryExtensions{}, ParseError{"client_hello", "an extension twice"}
		}
	}
	return e, nil
}

// parseOne reads one extension if it is one of those. Errors are literals, as they must not allocate.
func (e *RetryExtensions) parseOne(id Extension, s *cryptobyte.String) (read bool, err error) {
	switch id {
	case ExtensionSupportedGroups:
		if !readList16(s, &e.SupportedGroups) || !s.Empty() {
			return true, ParseError{"client_hello", "supported_groups"}
		}
	case ExtensionSignatureAlgorithms:
		if !readList16(s, &e.SignatureAlgorithms) || !s.Empty() {
			return true, ParseError{"client_hello", "signature_algorithms"}
		}
	case ExtensionPreSharedKey:
		ok, legal := e.PreSharedKey.read(s)
		if !ok || !s.Empty() {
			return true, ParseError{"client_hello", "pre_shared_key"}
		}
		if !legal {
			return true, IllegalError{"client_hello", "pre_shared_key"}
		}
	case ExtensionSupportedVersions:
		if !readList8(s, &e.SupportedVersions) || !s.Empty() {
			return true, ParseError{"client_hello", "supported_versions"}
		}
	case ExtensionCookie:
		if !readOpaque16(s, &e.Cookie) || len(e.Cookie) == 0 || !s.Empty() {
			return true, ParseError{"client_hello", "cookie"}
		}
	case ExtensionPSKKeyExchangeModes:
		if !readOpaque8(s, &e.PSKKeyExchangeModes) || len(e.PSKKeyExchangeModes) == 0 || !s.Empty() {
			return true, ParseError{"client_hello", "psk_key_exchange_modes"}
		}
	case ExtensionKeyShare:
		e.HasKeyShare = true
		if !readOpaque16(s, (*[]byte)(&e.KeyShares)) || !e.KeyShares.wellFormed() || !s.Empty() {
			return true, ParseError{"client_hello", "key_share"}
		}
	default:
		return false, nil
	}
	return true, nil
}
