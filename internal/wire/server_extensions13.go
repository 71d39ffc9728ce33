package wire

import "golang.org/x/crypto/cryptobyte"

// ParseServerExtensions13 parses the extensions that a server sends in DTLS 1.3. in is the one message
// that they come from: InServerHello13, InHelloRetryRequest or InEncryptedExtensions. The content of
// unknown extensions, and of known ones that are not allowed there, is skipped; the others must be
// well-formed, and none may come twice. Slices in the result are views into raw.
func ParseServerExtensions13(in MessageSet, raw []byte) (ServerExtensions, error) {
	message := "server_hello"
	switch in {
	case InHelloRetryRequest:
		message = "hello_retry_request"
	case InEncryptedExtensions:
		message = "encrypted_extensions"
	}
	return parseServerExtensions(in, message, raw)
}

// parseOne13 reads an extension that only DTLS 1.3 gives a meaning.
func (e *ServerExtensions) parseOne13(in MessageSet, id Extension, s *cryptobyte.String) (ok, legal bool) {
	ok, legal = true, true
	switch id {
	case ExtensionSupportedVersions:
		ok = s.ReadUint16((*uint16)(&e.SelectedVersion))
		legal = e.SelectedVersion != 0
	case ExtensionKeyShare:
		if in == InHelloRetryRequest {
			ok = s.ReadUint16((*uint16)(&e.SelectedGroup))
			legal = e.SelectedGroup != 0
		} else {
			ok = e.KeyShare.read(s)
		}
	case ExtensionCookie:
		ok = readOpaque16(s, &e.Cookie) && len(e.Cookie) > 0
	case ExtensionPreSharedKey:
		e.HasSelectedIdentity = true
		ok = s.ReadUint16(&e.SelectedIdentity)
	case ExtensionSupportedGroups:
		ok = readList16(s, &e.SupportedGroups)
	case ExtensionEarlyData:
		e.EarlyData = true
	}
	return ok, legal
}

// append13 appends the extensions that parseOne13 reads.
func (e *ServerExtensions) append13(b []byte) []byte {
	if e.SelectedVersion != 0 {
		b = appendRaw(b, ExtensionSupportedVersions, AppendUint16s(nil, e.SelectedVersion))
	}
	if len(e.KeyShare.KeyExchange) > 0 {
		b = appendExtension(b, ExtensionKeyShare, func(b []byte) []byte {
			return opaque16(append16(b, uint16(e.KeyShare.Group)), e.KeyShare.KeyExchange)
		})
	}
	if e.SelectedGroup != 0 {
		b = appendRaw(b, ExtensionKeyShare, AppendUint16s(nil, e.SelectedGroup))
	}
	if len(e.Cookie) > 0 {
		b = appendVector16(b, ExtensionCookie, e.Cookie)
	}
	if e.HasSelectedIdentity {
		b = appendRaw(b, ExtensionPreSharedKey, AppendUint16s(nil, e.SelectedIdentity))
	}
	if len(e.SupportedGroups) > 0 {
		b = appendVector16(b, ExtensionSupportedGroups, e.SupportedGroups)
	}
	if e.EarlyData {
		b = appendFlag(b, ExtensionEarlyData)
	}
	return b
}
