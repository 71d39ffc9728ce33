package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"
)

// The messages of the simple 1-RTT handshake, without their headers: RFC 8448, Section 3. Those of DTLS
// have the same bodies, but for the legacy_cookie of a ClientHello.
var rfc8448Messages = []struct {
	name      string
	handshake HandshakeType
	reencode  func(body []byte) ([]byte, error)
	body      string // hex
}{
	{"ClientHello", TypeClientHello, reencodeTLSClientHello,
		"0303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece70000061301130313020100009100" +
			"00000b0009000006736572766572ff01000100000a00140012001d001700180019010001010102010301040023000000" +
			"3300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304" +
			"000d0020001e040305030603020308040805080604010501060102010402050206020202002d00020101001c00024001"},
	{"ServerHello", TypeServerHello, reencode(ParseServerHello),
		"0303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e00330024001d0020" +
			"c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304"},
	{"EncryptedExtensions", TypeEncryptedExtensions, reencode(ParseEncryptedExtensions),
		"0022000a00140012001d00170018001901000101010201030104001c0002400100000000"},
	{"Certificate", TypeCertificate, reencode(ParseCertificate13),
		"000001b50001b0308201ac30820115a003020102020102300d06092a864886f70d01010b0500300e310c300a06035504" +
			"031303727361301e170d3136303733303031323335395a170d3236303733303031323335395a300e310c300a06035504" +
			"03130372736130819f300d06092a864886f70d010101050003818d0030818902818100b4bb498f8279303d980836399b" +
			"36c6988c0c68de55e1bdb826d3901a2461eafd2de49a91d015abbc9a95137ace6c1af19eaa6af98c7ced43120998e187" +
			"a80ee0ccb0524b1b018c3e0b63264d449a6d38e22a5fda430846748030530ef0461c8ca9d9efbfae8ea6d1d03e2bd193" +
			"eff0ab9a8002c47428a6d35a8d88d79f7f1e3f0203010001a31a301830090603551d1304023000300b0603551d0f0404" +
			"030205a0300d06092a864886f70d01010b05000381810085aad2a0e5b9276b908c65f73a7267170618a54c5f8a7b337d" +
			"2df7a594365417f2eae8f8a58c8f8172f9319cf36b7fd6c55b80f21a03015156726096fd335e5e67f2dbf102702e608c" +
			"cae6bec1fc63a42a99be5c3eb7107c3c54e9b9eb2bd5203b1c3b84e0a8b2f759409ba3eac9d91d402dcc0cc8f8961229" +
			"ac9187b42b4de10000"},
	{"CertificateVerify", TypeCertificateVerify, reencode(ParseCertificateVerify),
		"080400805a747c5d88fa9bd2e55ab085a61015b7211f824cd484145ab3ff52f1fda8477b0b7abc90db78e2d33a5c141a" +
			"078653fa6bef780c5ea248eeaaa785c4f394cab6d30bbe8d4859ee511f602957b15411ac027671459e46445c9ea58c18" +
			"1e818e95b8c3fb0bf3278409d3be152a3da5043e063dda65cdf5aea20d53dfacd42f74f3"},
	{"server's Finished", TypeFinished, reencodeFinished13,
		"9b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718"},
	{"client's Finished", TypeFinished, reencodeFinished13,
		"a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61"},
	{"NewSessionTicket", TypeNewSessionTicket, reencode(ParseNewSessionTicket13),
		"0000001efad6aac502000000b22c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a34cb33fa90bf1b0070ad" +
			"3c498883c9367c09a2be785abc55cd226097a3a982117283f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce" +
			"145077d454a3664d4e6da4d29ee03725a6a4dafcd0fc67d2aea70529513e3da2677fa5906c5b3f7d8f92f228bda40dda" +
			"721470f9fbf297b5aea617646fac5c03272e970727c621a79141ef5f7de6505e5bfbc388e93343694093934ae4d35700" +
			"08002a000400000400"},
}

// retryTrace is a HelloRetryRequest with a cookie: RFC 8448, Section 5.
const retryTrace = "0303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c001301000084003300020017002c" +
	"0074007271dcd04bb88bc3189119398a00000000eefafc76c146b823b096f8aacad365dd0030953f4edf625636e5f21b" +
	"b2e23fcc654b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d6e50781b5eda4aa15b0c8be778257d16aa3030e9" +
	"e7841dd9e4c0342267e8ca0caf571fb2b7cff0f934b0002b00020304"

// reencodeTLSClientHello does what reencode does for a ClientHello of TLS, which has no cookie.
func reencodeTLSClientHello(body []byte) ([]byte, error) {
	const cookie = 2 + 32 + 1 // behind an empty session_id
	m, err := ParseClientHello(slices.Insert(bytes.Clone(body), cookie, 0))
	again := m.AppendTo(nil)
	return append(again[:cookie:cookie], again[cookie+1:]...), err
}

func rfc8448Body(t testing.TB, name string) []byte {
	t.Helper()
	for _, m := range rfc8448Messages {
		if m.name == name {
			return unhex(t, m.body)
		}
	}
	t.Fatal("no message is called " + name)
	return nil
}

func TestMessagesOfRFC8448SurviveRoundTrip(t *testing.T) {
	for _, m := range rfc8448Messages {
		body := unhex(t, m.body)
		again, err := m.reencode(body)
		if err != nil || !bytes.Equal(again, body) {
			t.Errorf("%s: %v, written again:\n got %x\nfrom %x", m.name, err, again, body)
		}
	}
}

// What the key schedule of the trace hashes proves that headers and bodies are right.
func TestTranscriptOfRFC8448(t *testing.T) {
	hashes := map[string]string{
		"ServerHello":       "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8",
		"server's Finished": "9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13",
		"client's Finished": "209145a96ee8e2a122ff810047cc952684658d6049e86429426db87c54ad143d",
	}
	var transcript []byte
	for _, m := range rfc8448Messages {
		body := unhex(t, m.body)
		transcript = append(AppendMessageHeader13(transcript, m.handshake, len(body)), body...)
		sum := sha256.Sum256(transcript)
		if want := hashes[m.name]; want != "" && hex.EncodeToString(sum[:]) != want {
			t.Errorf("up to %s: %x, want %s", m.name, sum, want)
		}
	}
}

func TestClientHelloOfRFC8448(t *testing.T) {
	body := rfc8448Body(t, "ClientHello")
	hello, err := ParseClientHello(slices.Insert(body, 35, 0))
	if err != nil {
		t.Fatal(err)
	}
	if hello.CipherSuites.At(0) != uint16(TLS_AES_128_GCM_SHA256) || len(hello.SessionID)+len(hello.Cookie) != 0 {
		t.Errorf("%+v", hello)
	}
	e, err := ParseClientExtensions13(hello.Extensions)
	if err != nil {
		t.Fatal(err)
	}
	share, ok := e.KeyShares.Find(GroupX25519)
	if want := unhex(t, "99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c"); !ok || !bytes.Equal(share.KeyExchange, want) {
		t.Errorf("key share %x", share.KeyExchange)
	}
	if e.ServerName != "server" || !bytes.Equal(e.SupportedVersions, []byte{3, 4}) || e.RecordSizeLimit != 0x4001 ||
		!bytes.Equal(e.PSKKeyExchangeModes, []byte{PSKModeDHEKE}) || e.SupportedGroups.Len() != 9 || e.EarlyData {
		t.Errorf("%+v", e)
	}
}

func TestServerHelloOfRFC8448(t *testing.T) {
	hello, err := ParseServerHello(rfc8448Body(t, "ServerHello"))
	if err != nil {
		t.Fatal(err)
	}
	if hello.CipherSuite != TLS_AES_128_GCM_SHA256 || hello.IsHelloRetryRequest() || hello.HasDowngradeSentinel() {
		t.Errorf("%+v", hello)
	}
	if v, err := hello.SelectedVersion(); v != 0x0304 || err != nil {
		t.Errorf("selected version %v, %v", v, err)
	}
	e, err := ParseServerExtensions13(InServerHello13, hello.Extensions)
	if err != nil || e.SelectedVersion != 0x0304 || e.KeyShare.Group != GroupX25519 || len(e.KeyShare.KeyExchange) != 32 || e.HasSelectedIdentity {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestHelloRetryRequestOfRFC8448(t *testing.T) {
	body := unhex(t, retryTrace)
	hello, err := ParseServerHello(body)
	if err != nil || !hello.IsHelloRetryRequest() {
		t.Fatal(hello, err)
	}
	e, err := ParseServerExtensions13(InHelloRetryRequest, hello.Extensions)
	if err != nil || e.SelectedGroup != GroupP256 || len(e.Cookie) != 0x72 || e.SelectedVersion != 0x0304 {
		t.Errorf("%+v, %v", e, err)
	}
	if again := hello.AppendTo(nil); !bytes.Equal(again, body) {
		t.Errorf("written again: %x", again)
	}
}

func TestEncryptedExtensionsOfRFC8448(t *testing.T) {
	m, err := ParseEncryptedExtensions(rfc8448Body(t, "EncryptedExtensions"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := ParseServerExtensions13(InEncryptedExtensions, m.Extensions)
	if err != nil || e.SupportedGroups.Len() != 9 || e.RecordSizeLimit != 0x4001 || !e.ServerName {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestCertificateAndTicketOfRFC8448(t *testing.T) {
	certificate, err := ParseCertificate13(rfc8448Body(t, "Certificate"))
	if err != nil || len(certificate.Entries) != 1 || len(certificate.Entries[0].Data) != 432 {
		t.Errorf("%+v, %v", certificate, err)
	}
	verify, err := ParseCertificateVerify(rfc8448Body(t, "CertificateVerify"))
	if err != nil || verify.Scheme != PSSWithSHA256 || len(verify.Signature) != 128 {
		t.Errorf("%+v, %v", verify, err)
	}
	ticket, err := ParseNewSessionTicket13(rfc8448Body(t, "NewSessionTicket"))
	if err != nil || ticket.Lifetime != 30 || ticket.AgeAdd != 0xfad6aac5 || len(ticket.Ticket) != 0xb2 {
		t.Errorf("%+v, %v", ticket, err)
	}
	if e, err := ParseTicketExtensions(ticket.Extensions); err != nil || !e.HasEarlyData || e.MaxEarlyDataSize != 1024 {
		t.Errorf("%+v, %v", e, err)
	}
}
