package wire

import "golang.org/x/crypto/cryptobyte"

// ParseClientExtensions13 parses the extensions of a ClientHello as a server that speaks DTLS 1.3 knows
// them, whatever version it chooses in the end: those that ParseClientExtensions reads, and those that only
// DTLS 1.3 gives a meaning.
func ParseClientExtensions13(raw []byte) (ClientExtensions, error) {
	var e ClientExtensions
	err := visitExtensions("client_hello", raw, func(id Extension, body cryptobyte.String) error {
		// RFC 8446, Section 4.2.11: "The "pre_shared_key" extension MUST be the last extension in the
		// ClientHello".
		if e.PreSharedKey.present() {
			return IllegalError{"client_hello", "pre_shared_key"}
		}
		return e.parseOne(id, &body, true)
	})
	if err != nil {
		return ClientExtensions{}, err
	}
	return e, nil
}

// parseOne13 reads an extension that only DTLS 1.3 gives a meaning, and skips what is none.
func (e *ClientExtensions) parseOne13(id Extension, s *cryptobyte.String) (ok, legal bool) {
	ok, legal = true, true
	switch id {
	case ExtensionKeyShare:
		e.HasKeyShare = true
		ok, legal = readKeyShares(s, &e.KeyShares)
	case ExtensionPSKKeyExchangeModes:
		ok = readOpaque8(s, &e.PSKKeyExchangeModes) && len(e.PSKKeyExchangeModes) > 0
	case ExtensionCookie:
		ok = readOpaque16(s, &e.Cookie) && len(e.Cookie) > 0
	case ExtensionEarlyData:
		e.EarlyData = true
	case ExtensionPostHandshakeAuth:
		e.PostHandshakeAuth = true
	case ExtensionCertificateAuthorities:
		ok = readDistinguishedNames(s, &e.CertificateAuthorities) && len(e.CertificateAuthorities) > 0
	case ExtensionPreSharedKey:
		ok, legal = e.PreSharedKey.read(s)
	default:
		ok = s.Skip(len(*s))
	}
	return ok, legal
}

// append13 appends the extensions that parseOne13 reads, but for pre_shared_key, which must come last.
func (e *ClientExtensions) append13(b []byte) []byte {
	if e.HasKeyShare {
		b = appendVector16(b, ExtensionKeyShare, e.KeyShares)
	}
	if len(e.PSKKeyExchangeModes) > 0 {
		b = appendVector8(b, ExtensionPSKKeyExchangeModes, e.PSKKeyExchangeModes)
	}
	if len(e.Cookie) > 0 {
		b = appendVector16(b, ExtensionCookie, e.Cookie)
	}
	if e.EarlyData {
		b = appendFlag(b, ExtensionEarlyData)
	}
	if e.PostHandshakeAuth {
		b = appendFlag(b, ExtensionPostHandshakeAuth)
	}
	if len(e.CertificateAuthorities) > 0 {
		b = appendCertificateAuthorities(b, e.CertificateAuthorities)
	}
	return b
}
