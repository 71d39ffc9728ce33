package console

import (
	"fmt"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// The messages that have another form in DTLS 1.3, or exist only there.

// decode13 decodes them, and reports false for the others.
func (f *fields) decode13(typ wire.HandshakeType, body []byte) (known bool, err error) {
	switch typ {
	case wire.TypeEncryptedExtensions:
		return true, f.encryptedExtensions(body)
	case wire.TypeCertificate:
		return true, f.certificate13(body)
	case wire.TypeCertificateRequest:
		return true, f.certificateRequest13(body)
	case wire.TypeNewSessionTicket:
		return true, f.newSessionTicket13(body)
	case wire.TypeKeyUpdate:
		return true, f.keyUpdate(body)
	}
	return false, nil
}

func (f *fields) encryptedExtensions(body []byte) error {
	m, err := wire.ParseEncryptedExtensions(body)
	if err != nil {
		return err
	}
	if len(m.Extensions) == 0 {
		f.add("extensions", "none")
	}
	return f.extensions(m.Extensions, func(id wire.Extension, one []byte) error {
		return f.serverExtension(id, one, wire.InEncryptedExtensions)
	})
}

func (f *fields) certificate13(body []byte) error {
	m, err := wire.ParseCertificate13(body)
	if err != nil {
		return err
	}
	if len(m.Entries) == 0 {
		f.add("certificates", "none")
	}
	for i, entry := range m.Entries {
		f.add(fmt.Sprintf("certificate %d", i+1), certificateTexts(entry.Data)...)
		if len(entry.Extensions) > 0 {
			f.size(fmt.Sprintf("extensions of certificate %d", i+1), len(entry.Extensions))
		}
	}
	return nil
}

func (f *fields) certificateRequest13(body []byte) error {
	m, err := wire.ParseCertificateRequest13(body)
	if err != nil {
		return err
	}
	ext, err := wire.ParseCertificateRequestExtensions(m.Extensions)
	if err != nil {
		return err
	}
	f.add("signature schemes", names(ext.SignatureAlgorithms, wire.SignatureScheme.String)...)
	f.authorities(ext.CertificateAuthorities)
	return nil
}

func (f *fields) newSessionTicket13(body []byte) error {
	m, err := wire.ParseNewSessionTicket13(body)
	if err != nil {
		return err
	}
	f.add("lifetime", fmt.Sprintf("%d seconds", m.Lifetime))
	f.size("ticket", len(m.Ticket))
	return nil
}

func (f *fields) keyUpdate(body []byte) error {
	m, err := wire.ParseKeyUpdate(body)
	if err != nil {
		return err
	}
	text := "not requested"
	if m.Request {
		text = "requested"
	}
	f.add("new keys of the other side", text)
	return nil
}

// serverExtension13 shows an extension of a ServerHello or HelloRetryRequest that
// only DTLS 1.3 gives a meaning, and reports false for the others.
func (f *fields) serverExtension13(id wire.Extension, e *wire.ServerExtensions) bool {
	name := id.String()
	switch {
	case id == wire.ExtensionSupportedVersions:
		f.add(name, e.SelectedVersion.String())
	case id == wire.ExtensionKeyShare && e.SelectedGroup != 0:
		f.add(name, e.SelectedGroup.String()+", of which a share is asked for")
	case id == wire.ExtensionKeyShare:
		f.add(name, fmt.Sprintf("%v, %s", e.KeyShare.Group, sizeText(len(e.KeyShare.KeyExchange))))
	case id == wire.ExtensionCookie:
		f.size(name, len(e.Cookie))
	case id == wire.ExtensionPreSharedKey:
		f.add(name, fmt.Sprintf("key %d of those offered", int(e.SelectedIdentity)+1))
	default:
		return false
	}
	return true
}

// clientExtension13 is serverExtension13 for a ClientHello. Of pre-shared keys
// only the lengths of their names are shown, which may be tickets.
func (f *fields) clientExtension13(id wire.Extension, e *wire.ClientExtensions, chosen *choice) bool {
	name := id.String()
	switch id {
	case wire.ExtensionKeyShare:
		var shares []string
		for share := range e.KeyShares.All() {
			shares = append(shares, share.Group.String())
		}
		f.add(name, shares...)
		f.accept(chosen.group != 0, chosen.group.String())
	case wire.ExtensionCookie:
		f.size(name, len(e.Cookie))
	case wire.ExtensionPSKKeyExchangeModes:
		f.add(name, numbered(e.PSKKeyExchangeModes, "mode", "psk_ke", "psk_dhe_ke")...)
	case wire.ExtensionPreSharedKey:
		var keys []string
		for identity := range e.PreSharedKey.Identities.All() {
			keys = append(keys, "a name of "+sizeText(len(identity.Identity)))
		}
		f.add(name, keys...)
	default:
		return false
	}
	return true
}
