package console

import (
	"fmt"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// The fields of the key exchange messages depend on the cipher suite. Without
// the ServerHello that tells it, only their lengths are known.

func (f *fields) serverKeyExchange(body []byte, chosen *choice) error {
	form := chosen.form()
	if form == 0 {
		f.size("body", len(body))
		return nil
	}
	m, err := wire.ParseServerKeyExchange(form, body)
	if err != nil {
		return err
	}
	if form&wire.FormPSK != 0 {
		f.add("identity hint", string(m.IdentityHint))
	}
	if form&wire.FormECDHE != 0 {
		f.add("group", m.Group.String())
		f.size("public key", len(m.PublicKey))
	}
	if form&wire.FormSigned != 0 {
		f.add("signature scheme", m.Scheme.String())
		f.size("signature", len(m.Signature))
	}
	return nil
}

func (f *fields) clientKeyExchange(body []byte, chosen *choice) error {
	form := chosen.form()
	if form == 0 {
		f.size("body", len(body))
		return nil
	}
	m, err := wire.ParseClientKeyExchange(form, body)
	if err != nil {
		return err
	}
	if form&wire.FormPSK != 0 {
		f.add("identity", string(m.Identity))
	}
	if form&wire.FormECDHE != 0 {
		f.size("public key", len(m.PublicKey))
	}
	return nil
}

func (f *fields) newSessionTicket(body []byte) error {
	m, err := wire.ParseNewSessionTicket(body)
	if err != nil {
		return err
	}
	lifetime := fmt.Sprintf("%d seconds", m.Lifetime)
	if m.Lifetime == 0 {
		lifetime = "as the client likes"
	}
	f.add("lifetime", lifetime)
	f.size("ticket", len(m.Ticket))
	return nil
}
