package wire

import (
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
		if other.IsHelloRetryRequest() {
			t.Errorf("random with another byte %d", i)
		}
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
