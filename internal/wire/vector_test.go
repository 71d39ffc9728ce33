package wire

import (
	"bytes"
	"testing"
)

func TestVectorsWriteTheirLength(t *testing.T) {
	content := func(b []byte) []byte { return append(b, 0xaa, 0xbb) }
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		{"vec8", vec8([]byte{1}, content), "01 02 aabb"},
		{"vec16", vec16([]byte{1}, content), "01 0002 aabb"},
		{"vec24", vec24([]byte{1}, content), "01 000002 aabb"},
		{"opaque8", opaque8([]byte{1}, []byte{0xaa}), "01 01 aa"},
		{"opaque16", opaque16([]byte{1}, []byte{0xaa}), "01 0001 aa"},
		{"opaque24", opaque24([]byte{1}, []byte{0xaa}), "01 000001 aa"},
		{"nested", vec16([]byte{1}, func(b []byte) []byte { return vec8(b, content) }), "01 0003 02 aabb"},
		{"empty", vec8([]byte{}, func(b []byte) []byte { return b }), "00"},
	}
	for _, test := range tests {
		if want := unhex(t, test.want); !bytes.Equal(test.got, want) {
			t.Errorf("%s: %x, want %x", test.name, test.got, want)
		}
	}
}

func TestVectorsThatOutgrowTheirPrefixAreNil(t *testing.T) {
	start := []byte{1}
	fits, tooLong := make([]byte, 1<<8-1), make([]byte, 1<<8)
	if got := opaque8(start, fits); len(got) != 1+1+len(fits) || got[1] != 0xff {
		t.Errorf("longest 8-bit vector: %d bytes", len(got))
	}
	if got := opaque8(start, tooLong); got != nil {
		t.Errorf("8-bit vector of 256 bytes: %d bytes", len(got))
	}
	if got := opaque16(start, make([]byte, 1<<16)); got != nil {
		t.Errorf("16-bit vector of 65536 bytes: %d bytes", len(got))
	}
	if got := vec16(start, func(b []byte) []byte { return opaque8(b, tooLong) }); got != nil {
		t.Errorf("vector around a failed one: %d bytes", len(got))
	}
}

func TestAppendingToAFailedMessageLeavesItFailed(t *testing.T) {
	body := func(b []byte) []byte { return append(b, 1) }
	for i, got := range [][]byte{
		append8(nil, 1), append16(nil, 1), append32(nil, 1), appendBytes(nil, []byte{1}),
		opaque8(nil, nil), opaque16(nil, nil), opaque24(nil, nil), vec8(nil, body), vec16(nil, body), vec24(nil, body),
	} {
		if got != nil {
			t.Errorf("append %d: %x", i, got)
		}
	}
}

func TestMessagesWithOverlongFieldsAreNil(t *testing.T) {
	b256, b64k := make([]byte, 1<<8), make([]byte, 1<<16)
	tests := []struct {
		name string
		got  []byte
	}{
		{"session_id of a client", ClientHello{SessionID: b256}.AppendTo(nil)},
		{"cookie of a client", ClientHello{Cookie: b256}.AppendTo(nil)},
		{"cipher_suites", ClientHello{CipherSuites: b64k}.AppendTo(nil)},
		{"compression_methods", ClientHello{CompressionMethods: b256}.AppendTo(nil)},
		{"extensions of a client", ClientHello{Extensions: b64k}.AppendTo(nil)},
		{"cookie of a server", HelloVerifyRequest{Cookie: b256}.AppendTo(nil)},
		{"session_id of a server", ServerHello{SessionID: b256}.AppendTo(nil)},
		{"extensions of a server", ServerHello{Extensions: b64k}.AppendTo(nil)},
		{"identity hint", ServerKeyExchange{IdentityHint: b64k}.AppendTo(FormPSK|FormECDHE, nil)},
		{"public key of a server", ServerKeyExchange{PublicKey: b256}.AppendTo(FormECDHE|FormSigned, nil)},
		{"signed public key", ServerKeyExchange{PublicKey: b256}.AppendParams(nil)},
		{"signature of a server", ServerKeyExchange{Signature: b64k}.AppendTo(FormSigned, nil)},
		{"identity", ClientKeyExchange{Identity: b64k}.AppendTo(FormPSK|FormECDHE, nil)},
		{"public key of a client", ClientKeyExchange{PublicKey: b256}.AppendTo(FormECDHE, nil)},
		{"certificate types", CertificateRequest{Types: b256}.AppendTo(nil)},
		{"authority", CertificateRequest{Authorities: [][]byte{b64k}}.AppendTo(nil)},
		{"signature of a client", CertificateVerify{Signature: b64k}.AppendTo(nil)},
		{"ticket", NewSessionTicket{Ticket: b64k}.AppendTo(nil)},
		{"server_name", ClientExtensions{ServerName: string(b64k), EncryptThenMAC: true}.AppendTo(nil)},
		{"connection_id", ClientExtensions{HasConnectionID: true, ConnectionID: b256, Padding: 1}.AppendTo(nil)},
		{"protocol name", ServerExtensions{ALPN: b256, EncryptThenMAC: true}.AppendTo(nil)},
	}
	for _, test := range tests {
		if test.got != nil {
			t.Errorf("%s: %d bytes", test.name, len(test.got))
		}
	}
}
