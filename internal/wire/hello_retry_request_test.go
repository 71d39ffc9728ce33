package wire

import (
	"bytes"
	"crypto/sha256"
	"testing"
)

func TestHelloRetryRequestIsKnownByItsRandom(t *testing.T) {
	if want := sha256.Sum256([]byte("HelloRetryRequest")); HelloRetryRequestRandom() != want {
		t.Errorf("random %x, want %x", HelloRetryRequestRandom(), want)
	}
	m := ServerHello{Random: HelloRetryRequestRandom()}
	if !m.IsHelloRetryRequest() {
		t.Error("is no hello_retry_request")
	}
	for i := range m.Random {
		other := m
		other.Random[i] ^= 1
		if other.IsHelloRetryRequest() || MessageName(TypeServerHello, other.AppendTo(nil)) != "server_hello" {
			t.Errorf("random with another byte %d", i)
		}
	}
	body := m.AppendTo(nil)
	for n, want := range map[int]string{len(body): "hello_retry_request", 34: "hello_retry_request", 33: "server_hello", 0: "server_hello"} {
		if name := MessageName(TypeServerHello, body[:n]); name != want {
			t.Errorf("%d bytes of it are called %s, want %s", n, name, want)
		}
	}
	if name := MessageName(TypeClientHello, body); name != "client_hello" {
		t.Errorf("a client_hello is called %s", name)
	}
}

// RFC 8446, Section 4.1.3: 44 4F 57 4E 47 52 44 01 and 44 4F 57 4E 47 52 44 00.
func TestDowngradeSentinels(t *testing.T) {
	tests := []struct {
		end  string
		want bool
	}{
		{"444f574e47524401", true},
		{"444f574e47524400", true},
		{"444f574e47524402", false},
		{"454f574e47524401", false},
		{"0000000000000000", false},
	}
	for _, test := range tests {
		var m ServerHello
		copy(m.Random[24:], unhex(t, test.end))
		if got := m.HasDowngradeSentinel(); got != test.want {
			t.Errorf("%s: %v", test.end, got)
		}
	}
}

func TestSelectedVersion(t *testing.T) {
	tests := []struct {
		name, extensions string
		want             Version
		err              string
	}{
		{"no extensions", "", VersionDTLS12, ""},
		{"other extensions", "0017 0000", VersionDTLS12, ""},
		{"DTLS 1.3", "0017 0000 002b 0002 fefc", VersionDTLS13, ""},
		{"a list", "002b 0003 02 fefc", 0, "malformed server_hello: supported_versions"},
		{"a byte", "002b 0001 fe", 0, "malformed server_hello: supported_versions"},
		{"twice", "002b 0002 fefc 002b 0002 fefc", 0, "malformed server_hello: supported_versions twice"},
		{"cut off", "002b 0002 fe", 0, "malformed server_hello: extensions"},
	}
	for _, test := range tests {
		got, err := ServerHello{Version: VersionDTLS12, Extensions: unhex(t, test.extensions)}.SelectedVersion()
		checkError(t, test.name, err, test.err)
		if got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// The order of the extensions is part of the form: who sends the message keeps nothing of it, and writes it
// again for the transcript.
func TestHelloRetryRequestByteForByte(t *testing.T) {
	const start = "fefd cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c 00 1301 00"
	tests := []struct {
		name string
		m    HelloRetryRequest
		want string
	}{
		{"share and cookie", HelloRetryRequest{TLS_AES_128_GCM_SHA256, GroupX25519MLKEM768, []byte{0xc1, 0xc2}}, start + "0014 002b 0002 fefc 0033 0002 11ec 002c 0004 0002 c1c2"},
		{"cookie", HelloRetryRequest{TLS_AES_128_GCM_SHA256, 0, []byte{0xc1, 0xc2}}, start + "000e 002b 0002 fefc 002c 0004 0002 c1c2"},
		{"share", HelloRetryRequest{TLS_AES_128_GCM_SHA256, GroupP384, nil}, start + "000c 002b 0002 fefc 0033 0002 0018"},
		{"neither", HelloRetryRequest{CipherSuite: TLS_AES_128_GCM_SHA256}, start + "0006 002b 0002 fefc"},
	}
	for _, test := range tests {
		if got, want := test.m.AppendTo([]byte{9}), append([]byte{9}, unhex(t, test.want)...); !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %x\nwant %x", test.name, got, want)
		}
	}
	for _, long := range []int{1<<16 - 1, 1 << 16} {
		if got := (HelloRetryRequest{Cookie: make([]byte, long)}).AppendTo(nil); got != nil {
			t.Errorf("cookie of %d bytes: %d bytes", long, len(got))
		}
	}
}

func TestHelloRetryRequestParsesAsAServerHello(t *testing.T) {
	for _, want := range []HelloRetryRequest{
		{TLS_AES_128_GCM_SHA256, GroupX25519, []byte("cookie")},
		{TLS_AES_256_GCM_SHA384, 0, make([]byte, 70)},
		{TLS_CHACHA20_POLY1305_SHA256, GroupP256, nil},
	} {
		m, err := ParseServerHello(want.AppendTo(nil))
		if err != nil || !m.IsHelloRetryRequest() || m.Version != VersionDTLS12 || len(m.SessionID) != 0 || m.CompressionMethod != 0 {
			t.Errorf("%+v: parsed %+v, %v", want, m, err)
		}
		e, err := ParseServerExtensions13(InHelloRetryRequest, m.Extensions)
		if err != nil || e.SelectedVersion != VersionDTLS13 || len(e.Present) > 3 {
			t.Errorf("%+v: parsed %+v, %v", want, e, err)
		}
		if m.CipherSuite != want.CipherSuite || e.SelectedGroup != want.Group || !bytes.Equal(e.Cookie, want.Cookie) {
			t.Errorf("%+v: parsed %v, %v, %x", want, m.CipherSuite, e.SelectedGroup, e.Cookie)
		}
	}
}

func TestHelloRetryRequestDoesNotAllocateWhereThereIsRoom(t *testing.T) {
	m := HelloRetryRequest{TLS_AES_128_GCM_SHA256, GroupX25519, make([]byte, 54)}
	b := make([]byte, 0, 256)
	if allocs := testing.AllocsPerRun(100, func() { b = m.AppendTo(b[:0]) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
