package suite

import (
	"bytes"
	"crypto"
	"slices"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// The expected values come from OpenSSL's TLS13-KDF with the prefix "dtls13",
// and from its HMAC.
func TestVectorsOfSecrets(t *testing.T) {
	tests := []struct {
		suite                                      wire.CipherSuite
		key, iv, sn                                string
		next, verifyData, ticket, export, exported string
	}{
		{
			wire.TLS_AES_128_GCM_SHA256,
			"41bcd0fab61adc09ea112c4862e633f0",
			"46e6a6725db5676501c32d3c",
			"299b4108e2c8303be677bbdcd5fa50cd",
			"61857200931307f3e9ac1f64c64cc04d12ffed0ab1c4f249db77d67e6e2af0c9",
			"8faf93df6d5e60cac02a61628fd6eda8e1bfcb3178b5fe50f800ef7b4d74197c",
			"cdc9ce853c1be30522ad556a15fb234db04b13224ff2370213dd17214e44d79e",
			"8fc210eae6f51dff195f2bd524d1c510337c175c88c010da66521b975efe7184280629d4d2fbd821",
			"90266e6f984f2085943d2899501ad50d06b7e1d74f2647d8f4c849982d86c32a8a9e425b8e1fac6ae2498e253a234ca8b5ddfa0f9bdac7e539cd47f9",
		},
		{
			wire.TLS_AES_256_GCM_SHA384,
			"82ab3e094cf644999b91beb3b3b5e875cfbc67dafcb29e754c2f980070327e63",
			"93162dd57f307a0d66dd5a39",
			"77ea35ff664c484f382966948a7a199aba5589fb7dd735b5aa296178238b61ab",
			"b9bf1e41ed1626d81917e8017eac2feef9d0cfe6aeabcc809aa0a946091b387b958514b095bbf6caae0d919037435fcb",
			"3d2c5ea7183db742ab1efac9aeded6c117ecd9df8df40bd7ec364a9d8fd1ffe2f0c99afc07d3650ac9e8820371aa36dc",
			"72fa3ae7b21b278a9989e75d3f43d9898984c871b2cd826c74a7255ed999078f0d5f45284e2c35dbcc3dea363dce43e3",
			"e504247b5dc29b4e8614f685ded89ca965d2e5f06b56b01b25277e8716c21f4bfee1ece4da4dec24",
			"2ef0681e8548f866bf9ea7b508c0091e05c0fb058c92b4d3d46e95cee941d62c5e8b9ac679892a9d8a868c4ac2abefdcd0344ebc5e003a37fa64304c",
		},
		{
			wire.TLS_CHACHA20_POLY1305_SHA256,
			"2704e81fcb2f013e7da6198c9e2fd273a900c12f6b4647e65f38b1a496d58f58",
			"46e6a6725db5676501c32d3c",
			"d52edb8a450623e1dcfdafe1195ef1c044b34e04c1456cf478f3ff7ed085059a",
			"61857200931307f3e9ac1f64c64cc04d12ffed0ab1c4f249db77d67e6e2af0c9",
			"8faf93df6d5e60cac02a61628fd6eda8e1bfcb3178b5fe50f800ef7b4d74197c",
			"cdc9ce853c1be30522ad556a15fb234db04b13224ff2370213dd17214e44d79e",
			"8fc210eae6f51dff195f2bd524d1c510337c175c88c010da66521b975efe7184280629d4d2fbd821",
			"90266e6f984f2085943d2899501ad50d06b7e1d74f2647d8f4c849982d86c32a8a9e425b8e1fac6ae2498e253a234ca8b5ddfa0f9bdac7e539cd47f9",
		},
	}
	for _, tt := range tests {
		s := Lookup13(tt.suite)
		secret, hash := Secret(count(64, s.Hash.Size())), count(0, s.Hash.Size())
		withContext, err := s.Exporter(secret, "EXPORTER-test", []byte("context"), 40)
		if err != nil {
			t.Fatal(err)
		}
		without, err := s.Exporter(secret, "EXTRACTOR-dtls_srtp", nil, 60)
		if err != nil {
			t.Fatal(err)
		}
		keys, finished := s.HandshakeKeys(secret)
		for _, c := range []struct {
			name, want string
			got        []byte
		}{
			{"keys of the handshake", tt.key + tt.iv + tt.sn, keys},
			{"keys", tt.key + tt.iv + tt.sn, s.TrafficKeys(secret)},
			{"next secret", tt.next, s.NextTraffic(secret)},
			{"verify data", tt.verifyData, s.VerifyData(finished, hash)},
			{"ticket", tt.ticket, s.TicketPSK(secret, []byte{1, 2})},
			{"export", tt.export, withContext},
			{"export without context", tt.exported, without},
		} {
			if !bytes.Equal(c.got, unhex(t, c.want)) {
				t.Errorf("%v: %s is %x, want %s", s, c.name, c.got, c.want)
			}
		}
		if !bytes.Equal(secret, count(64, s.Hash.Size())) {
			t.Errorf("%v: the secret was changed", s)
		}
	}
}

func TestExporter13TakesNoContextForAnEmptyOne(t *testing.T) {
	s, secret := Lookup13(wire.TLS_AES_128_GCM_SHA256), Secret(count(1, 32))
	none, err := s.Exporter(secret, "EXPORTER-test", nil, 20)
	if err != nil {
		t.Fatal(err)
	}
	if empty, err := s.Exporter(secret, "EXPORTER-test", []byte{}, 20); err != nil || !bytes.Equal(none, empty) {
		t.Errorf("no context exports %x, an empty one %x, %v", none, empty, err)
	}
	if other, err := s.Exporter(secret, "EXPORTER-test", []byte{0}, 20); err != nil || bytes.Equal(none, other) {
		t.Errorf("a context of one byte exports %x, %v", other, err)
	}
}

func TestExporter13Bounds(t *testing.T) {
	tests := []struct {
		name, label string
		n           int
		ok          bool
	}{
		{"longest label", strings.Repeat("x", 249), 32, true},
		{"longer label", strings.Repeat("x", 250), 32, false},
		{"no label", "", 32, true},
		{"no bytes", "EXPORTER-test", 0, true},
		{"negative length", "EXPORTER-test", -1, false},
		{"most that the hash gives", "EXPORTER-test", 255 * 32, true},
		{"one byte more", "EXPORTER-test", 255*32 + 1, false},
	}
	for _, tt := range tests {
		got, err := Lookup13(wire.TLS_AES_128_GCM_SHA256).Exporter(count(1, 32), tt.label, make([]byte, 1<<17), tt.n)
		if (err == nil) != tt.ok || err == nil && len(got) != tt.n {
			t.Errorf("%s: exports %d bytes, %v", tt.name, len(got), err)
		}
	}
}

// R10: keys never return, over updates in both directions and over tickets.
func TestR10UpdatesAndTicketsGiveFreshSecrets(t *testing.T) {
	for _, s := range All13() {
		seen := map[string]bool{}
		fresh := func(what string, secret []byte) {
			t.Helper()
			if seen[string(secret)] {
				t.Errorf("%v: %s repeats", s, what)
			}
			seen[string(secret)] = true
		}
		for _, secret := range []Secret{count(1, s.Hash.Size()), count(2, s.Hash.Size())} {
			for range 100 {
				fresh("traffic secret", secret)
				fresh("keys", s.TrafficKeys(secret))
				secret = s.NextTraffic(secret)
			}
		}
		for nonce := range 100 {
			fresh("ticket", s.TicketPSK(count(3, s.Hash.Size()), []byte{byte(nonce)}))
		}
	}
}

// The prefix is no detail: RFC 9147, Section 5.9 keeps DTLS apart from TLS.
func TestLabelsAreThoseOfDTLS(t *testing.T) {
	secret := count(1, 32)
	ours := Lookup13(wire.TLS_AES_128_GCM_SHA256).NextTraffic(secret)
	if theirs := (keyDerivation{crypto.SHA256, "tls13 "}).expandLabel(secret, "traffic upd", nil, 32); slices.Equal(ours, theirs) {
		t.Error("the secrets are those of TLS")
	}
}
