package wire

import (
	"bytes"
	"slices"
	"testing"
)

// pskSample is a pre_shared_key extension with two identities: RFC 8446, Section 4.2.11.
const pskSample = "0029 0058 0011 0003 a1a2a3 00000007 0002 b1b2" + "00000000" +
	"0043 21" + sampleRandom + "f0 20" + sampleRandom

func TestPreSharedKeyOfAClient(t *testing.T) {
	e, err := ParseClientExtensions13(unhex(t, pskSample))
	if err != nil {
		t.Fatal(err)
	}
	identities := slices.Collect(e.PreSharedKey.Identities.All())
	if len(identities) != 2 || string(identities[0].Identity) != "\xa1\xa2\xa3" || identities[0].ObfuscatedTicketAge != 7 ||
		string(identities[1].Identity) != "\xb1\xb2" || identities[1].ObfuscatedTicketAge != 0 {
		t.Errorf("identities %v", identities)
	}
	binders := slices.Collect(e.PreSharedKey.Binders.All())
	if len(binders) != 2 || len(binders[0]) != 33 || !bytes.Equal(binders[1], unhex(t, sampleRandom)) {
		t.Errorf("binders %x", binders)
	}
	built := OfferedPSKs{AppendPSKIdentities(nil, identities...), AppendOpaque8s(nil, binders...)}
	if again := (ClientExtensions{PreSharedKey: built}).AppendTo(nil); !bytes.Equal(again, unhex(t, pskSample)) {
		t.Errorf("built again: %x", again)
	}
	if got := AppendPSKIdentities(nil, PSKIdentity{Identity: make([]byte, 1<<16)}); got != nil {
		t.Errorf("too long: %d bytes", len(got))
	}
	for i := range e.PreSharedKey.Identities.All() {
		if i.ObfuscatedTicketAge != 7 {
			t.Fatalf("went on to %v", i)
		}
		break
	}
}

// RFC 8446, Section 4.2.11.2: what is hashed ends after the identities.
func TestBindersAreTheEndOfTheHello(t *testing.T) {
	e := ClientExtensions{
		Padding:       20,
		RRC:           true,
		KeyShares:     AppendKeyShares(nil, KeyShare{GroupX25519, []byte{1}}),
		HasKeyShare:   true,
		PreSharedKey:  OfferedPSKs{AppendPSKIdentities(nil, PSKIdentity{[]byte("me"), 0}), AppendOpaque8s(nil, make([]byte, 32))},
		SessionTicket: nil,
	}
	hello := ClientHello{Version: VersionDTLS12, CipherSuites: []byte{0x13, 1}, CompressionMethods: []byte{0}, Extensions: e.AppendTo(nil)}
	body := hello.AppendTo(nil)
	n := e.PreSharedKey.BindersLen()
	if n != 35 || !bytes.Equal(body[len(body)-n:], append([]byte{0, 33, 32}, make([]byte, 32)...)) {
		t.Errorf("%d bytes: %x", n, body[len(body)-n:])
	}
	if !bytes.HasSuffix(body[:len(body)-n], unhex(t, "0008 0002 6d65 00000000")) {
		t.Errorf("before the binders: %x", body[:len(body)-n])
	}
}

func TestMalformedPreSharedKeysAreNamed(t *testing.T) {
	binder := "20" + sampleRandom
	const malformed, illegal = "malformed client_hello: pre_shared_key", "illegal value in client_hello: pre_shared_key"
	tests := []struct{ name, raw, want string }{
		{"nothing", "0029 0000", malformed},
		{"no identity", "0029 0025 0000 0021" + binder, malformed},
		{"an empty identity", "0029 002b 0006 0000 00000000 0021" + binder, malformed},
		{"an identity without age", "0029 0028 0003 0001 a1 0021" + binder, malformed},
		{"no binder", "0029 000b 0007 0001 a1 00000000 0000", malformed},
		{"an empty binder", "0029 000c 0007 0001 a1 00000000 0001 00", malformed},
		{"a binder cut off", "0029 002b 0007 0001 a1 00000000 0020 20" + sampleRandom[2:], malformed},
		{"more after the binders", "0029 002d 0007 0001 a1 00000000 0021" + binder + "00", malformed},
		{"a binder more than identities", "0029 004d 0007 0001 a1 00000000 0042" + binder + binder, illegal},
		{"an identity more than binders", "0029 0033 000e 0001 a1 00000000 0001 a2 00000000 0021" + binder, illegal},
		{"another extension behind it", pskSample + "0017 0000", illegal},
		{"an unknown extension behind it", pskSample + "0a0a 0000", illegal},
	}
	for _, test := range tests {
		_, err := ParseClientExtensions13(unhex(t, test.raw))
		checkError(t, test.name, err, test.want)
	}
}
