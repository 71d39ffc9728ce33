package engine_test

import (
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// RFC 8446, Sections 5.1, 5.4 and 6.2.
func TestContentOf13ThatMustNotBeEndsTheAssociation(t *testing.T) {
	header := late(wire.TypeKeyUpdate, 0, []byte{0})
	for name, tt := range map[string]struct {
		typ     wire.ContentType
		content []byte
		want    wire.AlertDescription
	}{
		"an empty handshake record":    {wire.ContentHandshake, nil, wire.AlertUnexpectedMessage},
		"an empty alert":               {wire.ContentAlert, nil, wire.AlertUnexpectedMessage},
		"half an alert":                {wire.ContentAlert, []byte{1}, wire.AlertDecodeError},
		"two alerts":                   {wire.ContentAlert, []byte{1, 0, 1, 0}, wire.AlertDecodeError},
		"half a header of a fragment":  {wire.ContentHandshake, header[:7], wire.AlertDecodeError},
		"a fragment without its bytes": {wire.ContentHandshake, header[:12], wire.AlertDecodeError},
		"change_cipher_spec":           {wire.ContentChangeCipherSpec, []byte{1}, wire.AlertUnexpectedMessage},
		"a type that nobody knows":     {99, []byte{1}, wire.AlertUnexpectedMessage},
	} {
		p := connected(t, dtls13)
		p.ToServer(p.Client.SealAs(tt.typ, tt.content))
		wantAlertAtClient(t, p, tt.want, name)

		p = connected(t, dtls13)
		p.ToServer(plaintext(tt.typ, tt.content))
		wantAlive(t, p, name+" in plaintext")
	}
}
