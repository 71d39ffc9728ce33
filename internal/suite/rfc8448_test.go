package suite

import (
	"bytes"
	"crypto"
	"slices"
	"testing"
)

// tls13 derives as TLS 1.3 does, of which RFC 8448 is about.
var tls13 = keyDerivation{crypto.SHA256, "tls13 "}

// RFC 8448, Section 3, without record headers. The server's flight is
// EncryptedExtensions, Certificate, CertificateVerify and, on its own here,
// Finished.
const (
	simpleClientHello = "010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef" +
		"6283024dece7000006130113031302010000910000000b000900000673657276" +
		"6572ff01000100000a00140012001d0017001800190100010101020103010400" +
		"230000003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e" +
		"51c13cae4d5413691e529aaf2c002b0003020304000d0020001e040305030603" +
		"020308040805080604010501060102010402050206020202002d00020101001c" +
		"00024001"
	simpleServerHello = "020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155" +
		"772ed3e2692800130100002e00330024001d0020c9828876112095fe66762bdb" +
		"f7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304"
	simpleServerFlight = "080000240022000a00140012001d00170018001901000101010201030104001c" +
		"00024001000000000b0001b9000001b50001b0308201ac30820115a003020102" +
		"020102300d06092a864886f70d01010b0500300e310c300a0603550403130372" +
		"7361301e170d3136303733303031323335395a170d3236303733303031323335" +
		"395a300e310c300a0603550403130372736130819f300d06092a864886f70d01" +
		"0101050003818d0030818902818100b4bb498f8279303d980836399b36c6988c" +
		"0c68de55e1bdb826d3901a2461eafd2de49a91d015abbc9a95137ace6c1af19e" +
		"aa6af98c7ced43120998e187a80ee0ccb0524b1b018c3e0b63264d449a6d38e2" +
		"2a5fda430846748030530ef0461c8ca9d9efbfae8ea6d1d03e2bd193eff0ab9a" +
		"8002c47428a6d35a8d88d79f7f1e3f0203010001a31a301830090603551d1304" +
		"023000300b0603551d0f0404030205a0300d06092a864886f70d01010b050003" +
		"81810085aad2a0e5b9276b908c65f73a7267170618a54c5f8a7b337d2df7a594" +
		"365417f2eae8f8a58c8f8172f9319cf36b7fd6c55b80f21a03015156726096fd" +
		"335e5e67f2dbf102702e608ccae6bec1fc63a42a99be5c3eb7107c3c54e9b9eb" +
		"2bd5203b1c3b84e0a8b2f759409ba3eac9d91d402dcc0cc8f8961229ac9187b4" +
		"2b4de100000f000084080400805a747c5d88fa9bd2e55ab085a61015b7211f82" +
		"4cd484145ab3ff52f1fda8477b0b7abc90db78e2d33a5c141a078653fa6bef78" +
		"0c5ea248eeaaa785c4f394cab6d30bbe8d4859ee511f602957b15411ac027671" +
		"459e46445c9ea58c181e818e95b8c3fb0bf3278409d3be152a3da5043e063dda" +
		"65cdf5aea20d53dfacd42f74f3"
	simpleServerFinished = "140000209b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718"
	simpleClientFinished = "14000020a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61"
)

// RFC 8448, Section 5.
const (
	retryClientHello1 = "010000b00303b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee92" +
		"58a346677b6f000006130113031302010000810000000b000900000673657276" +
		"6572ff01000100000a00080006001d00170018003300260024001d0020e8e8e3" +
		"f3b93a25ed97a14a7dcacb8a272c6288e585c6484d05262fcad062ad1f002b00" +
		"03020304000d0020001e04030503060302030804080508060401050106010201" +
		"0402050206020202002d00020101001c00024001"
	retryRequest = "020000ac0303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e" +
		"09e2c8a8339c001301000084003300020017002c0074007271dcd04bb88bc318" +
		"9119398a00000000eefafc76c146b823b096f8aacad365dd0030953f4edf6256" +
		"36e5f21bb2e23fcc654b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d" +
		"6e50781b5eda4aa15b0c8be778257d16aa3030e9e7841dd9e4c0342267e8ca0c" +
		"af571fb2b7cff0f934b0002b00020304"
	// followed by 175 bytes of padding
	retryClientHello2 = "010001fc0303b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee92" +
		"58a346677b6f000006130113031302010001cd0000000b000900000673657276" +
		"6572ff01000100000a00080006001d001700180033004700450017004104a6da" +
		"7392ec591e17abfd535964b99894d13befb221b3def2ebe3830eac8f01518126" +
		"77c4d6d2237e85cf01d6910cfb83954e76ba7352830534159897e8065780002b" +
		"0003020304000d0020001e040305030603020308040805080604010501060102" +
		"010402050206020202002c0074007271dcd04bb88bc3189119398a00000000ee" +
		"fafc76c146b823b096f8aacad365dd0030953f4edf625636e5f21bb2e23fcc65" +
		"4b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d6e50781b5eda4aa15b" +
		"0c8be778257d16aa3030e9e7841dd9e4c0342267e8ca0caf571fb2b7cff0f934" +
		"b0002d00020101001c00024001001500af"
	retryServerHello = "020000770303bb341d847fd789c47c387172dc0c9bf147fccacb5043d86ca4c5" +
		"98d3ff571b9800130100004f003300450017004104583e054b7a66672ae020ad" +
		"9d2686fcc85b5ad41a134a0f03ee72b893052bd85b4c8de6776f5b04ac07d835" +
		"40eab3e3d9c547bc6528c4317d294686093a6cad7d002b00020304"
)

// sha256Of returns the SHA-256 of the parts, one after the other.
func sha256Of(parts ...[]byte) []byte {
	h := crypto.SHA256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// expecter returns a function that compares bytes with what the RFC has.
func expecter(t *testing.T) func(name string, got []byte, want string) {
	return func(name string, got []byte, want string) {
		t.Helper()
		if !bytes.Equal(got, unhex(t, want)) {
			t.Errorf("%s is %x, want %s", name, got, want)
		}
	}
}

func TestRFC8448SimpleHandshake(t *testing.T) {
	expect := expecter(t)
	hello := slices.Concat(unhex(t, simpleClientHello), unhex(t, simpleServerHello))
	verified := slices.Concat(hello, unhex(t, simpleServerFlight))
	serverDone := slices.Concat(verified, unhex(t, simpleServerFinished))
	clientDone := slices.Concat(serverDone, unhex(t, simpleClientFinished))
	expect("hash up to ServerHello", sha256Of(hello), "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8")

	early := newEarlySecret(tls13)
	expect("early secret", early.secret, "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a")
	handshake, err := early.HandshakeSecret(unhex(t, "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"))
	if err != nil {
		t.Fatal(err)
	}
	expect("handshake secret", handshake.secret, "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac")
	client, server := handshake.ClientTraffic(sha256Of(hello)), handshake.ServerTraffic(sha256Of(hello))
	expect("client_handshake_traffic_secret", client, "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21")
	expect("server_handshake_traffic_secret", server, "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
	expectKeys(t, client, "dbfaa693d1762c5b666af5d950258d01", "5bd3c71b836e0b76bb73265f")
	expectKeys(t, server, "3fce516009c21727d0f2e4e86ee403bc", "5d313eb2671276ee13000b30")
	expect("server's verify data", tls13.verifyData(tls13.expander(server).finishedKey(), sha256Of(verified)), simpleServerFinished[8:])
	expect("client's verify data", tls13.verifyData(tls13.expander(client).finishedKey(), sha256Of(serverDone)), simpleClientFinished[8:])

	master := handshake.MasterSecret()
	expect("master secret", master.secret, "18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919")
	client, server = master.ClientTraffic(sha256Of(serverDone)), master.ServerTraffic(sha256Of(serverDone))
	expect("client_application_traffic_secret_0", client, "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5")
	expect("server_application_traffic_secret_0", server, "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643")
	expectKeys(t, client, "17422dda596ed5d9acd890e3c63f5051", "5b78923dee08579033e523d9")
	expectKeys(t, server, "9f02283b6c9c07efc26bb9f2ac92e356", "cf782b88dd83549aadf1e984")
	expect("exporter_master_secret", master.Exporter(sha256Of(serverDone)), "fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50")
	resumption := master.Resumption(sha256Of(clientDone))
	expect("resumption_master_secret", resumption, "7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c")
	expect("key of the ticket", tls13.ticketPSK(resumption, []byte{0, 0}), "4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3")
}

func expectKeys(t *testing.T, secret Secret, key, iv string) {
	t.Helper()
	keys := suites13[0].bulk.trafficKeys(tls13.expander(secret))
	if want := unhex(t, key+iv); !bytes.Equal(keys[:len(want)], want) {
		t.Errorf("keys are %x, want %x and one for record numbers", keys, want)
	}
}

// RFC 8448, Section 4, but for what belongs to early data. The hashes are those
// that it prints.
func TestRFC8448ResumedHandshake(t *testing.T) {
	expect := expecter(t)
	psk, err := newPSKSecret(tls13, unhex(t, "4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3"))
	if err != nil {
		t.Fatal(err)
	}
	expect("early secret", psk.secret, "9b2188e9b2fc6d64d71dc329900e20bb41915000f678aa839cbb797cb7d8332c")
	expect("binder", psk.Binder(ResumptionPSK, unhex(t, "63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14")),
		"3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d")

	handshake, err := psk.HandshakeSecret(unhex(t, "f44194756ff9ec9d25180635d66ea6824c6ab3bf179977be37f723570e7ccb2e"))
	if err != nil {
		t.Fatal(err)
	}
	expect("handshake secret", handshake.secret, "005cb112fd8eb4ccc623bb88a07c64b3ede1605363fc7d0df8c7ce4ff0fb4ae6")
	hash := unhex(t, "f736cb34fe25e701551bee6fd24c1cc7102a7daf9405cb15d97aafe16f757d03")
	expect("client_handshake_traffic_secret", handshake.ClientTraffic(hash), "2faac08f851d35fea3604fcb4de82dc62c9b164a70974d0462e27f1ab278700f")
	expect("server_handshake_traffic_secret", handshake.ServerTraffic(hash), "fe927ae271312e8bf0275b581c54eef020450dc4ecffaa05a1a35d27518e7803")
}

func TestRFC8448HelloRetryRequest(t *testing.T) {
	expect := expecter(t)
	first := AppendMessageHash(nil, sha256Of(unhex(t, retryClientHello1)))
	second := append(unhex(t, retryClientHello2), make([]byte, 175)...)
	hash := sha256Of(first, unhex(t, retryRequest), second, unhex(t, retryServerHello))
	expect("hash up to ServerHello", hash, "8aa8e828ec2f8a884fec95a3139de01c15a3daa7ff5bfc3f4bfcc21b438d7bf8")

	handshake, err := newEarlySecret(tls13).HandshakeSecret(unhex(t, "c142ce13ca11b5c2233652e63ad3d97844f1621fbfb9de69d547dc8fedeabeb4"))
	if err != nil {
		t.Fatal(err)
	}
	expect("handshake secret", handshake.secret, "ce022e5e6e81e50736d773f2d3adfce8220d049bf510f0dbfac927ef4243b148")
	expect("client_handshake_traffic_secret", handshake.ClientTraffic(hash), "158aa7ab8855073582b41d674b4055cabcc534728f659314861b4e08e2011566")
	expect("server_handshake_traffic_secret", handshake.ServerTraffic(hash), "3403e781e2af7b6508da28574f6e95a1abf162de83a97927c37672a4a0cef8a1")
	expect("master secret", handshake.MasterSecret().secret, "1131545d0baf79ddce9b87f06945781a57dd18ef378dcd2060f8f9a569027ed8")
}

// RFC 8446, Section 4.4.1.
func TestMessageHashIsAMessage(t *testing.T) {
	for _, size := range []int{32, 48} {
		got := AppendMessageHash([]byte("so far"), count(1, size))
		want := slices.Concat([]byte("so far"), []byte{254, 0, 0, byte(size)}, count(1, size))
		if !bytes.Equal(got, want) {
			t.Errorf("hash of %d bytes: %x, want %x", size, got, want)
		}
	}
}
