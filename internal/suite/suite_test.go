package suite

import (
	"crypto"
	"slices"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// The suites by code point, from the registry of TLS cipher suites.
var registry = map[wire.CipherSuite]string{
	0x00a8: "TLS_PSK_WITH_AES_128_GCM_SHA256",
	0x00a9: "TLS_PSK_WITH_AES_256_GCM_SHA384",
	0x00ae: "TLS_PSK_WITH_AES_128_CBC_SHA256",
	0x00af: "TLS_PSK_WITH_AES_256_CBC_SHA384",
	0xc02b: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	0xc02c: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	0xc02f: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	0xc030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	0xc037: "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256",
	0xc038: "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384",
	0xc0a4: "TLS_PSK_WITH_AES_128_CCM",
	0xc0a5: "TLS_PSK_WITH_AES_256_CCM",
	0xc0a8: "TLS_PSK_WITH_AES_128_CCM_8",
	0xc0a9: "TLS_PSK_WITH_AES_256_CCM_8",
	0xc0ac: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
	0xc0ad: "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
	0xc0ae: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
	0xc0af: "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8",
	0xcca8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	0xcca9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	0xccab: "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256",
	0xccac: "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256",
	0xd001: "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256",
	0xd002: "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384",
	0xd003: "TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256",
	0xd005: "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256",
}

func TestTableHoldsTheRegisteredSuites(t *testing.T) {
	for id, name := range registry {
		if s := Lookup(id); s == nil || s.Name != name {
			t.Errorf("%v is %v, want %s", id, s, name)
		}
	}
	if len(All()) != len(registry) {
		t.Errorf("%d suites, want %d", len(All()), len(registry))
	}
	if s := Lookup(wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV); s != nil {
		t.Errorf("the renegotiation signal is suite %v", s)
	}
}

// A name says everything else about a suite, so the fields must follow from it.
func TestFieldsFollowFromTheName(t *testing.T) {
	modes := map[mode]string{modeGCM: "_GCM", modeCCM: "_CCM", modeCBC: "_CBC_", modeChaCha: "_CHACHA20_POLY1305_"}
	for _, s := range All() {
		if !strings.HasPrefix(s.Name, "TLS_"+s.KeyExchange.String()+"_WITH_") {
			t.Errorf("%v has key exchange %v", s, s.KeyExchange)
		}
		want := crypto.SHA256
		if strings.HasSuffix(s.Name, "_SHA384") {
			want = crypto.SHA384
		}
		if s.Hash != want || !s.Hash.Available() {
			t.Errorf("%v has hash %v", s, s.Hash)
		}
		if !strings.Contains(s.Name, modes[s.bulk.mode]) {
			t.Errorf("%v has mode %d", s, s.bulk.mode)
		}
		if is256 := strings.Contains(s.Name, "AES_256") || s.bulk.mode == modeChaCha; is256 != (s.bulk.key == 32) {
			t.Errorf("%v has a key of %d bytes", s, s.bulk.key)
		}
		if short := strings.Contains(s.Name, "_CCM_8"); short != (s.bulk.tag == 8) {
			t.Errorf("%v has a tag of %d bytes", s, s.bulk.tag)
		}
		if s.CBC() && s.bulk.macKey != s.Hash.Size() {
			t.Errorf("%v has a MAC key of %d bytes", s, s.bulk.macKey)
		}
	}
}

func TestByNameTakesEveryFormOfAName(t *testing.T) {
	for _, s := range All() {
		hex := strings.TrimPrefix(s.ID.String(), "0x")
		for _, name := range []string{s.Name, s.OpenSSLName, "0x" + hex, hex} {
			for _, name := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
				if got := ByName(name); got != s {
					t.Errorf("ByName(%q) = %v, want %v", name, got, s)
				}
			}
		}
	}
	for _, name := range []string{"", "0x", "c02", "0xc02bb", "x02b", "-02b", "0x0xc02b", "1301", "TLS_AES_128_GCM_SHA256"} {
		if got := ByName(name); got != nil {
			t.Errorf("ByName(%q) = %v, want nothing", name, got)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]*Suite{}
	for _, s := range All() {
		for _, name := range []string{s.Name, s.OpenSSLName, s.ID.String()} {
			if other := seen[name]; other != nil {
				t.Errorf("%q names %v and %v", name, other, s)
			}
			seen[name] = s
		}
	}
}

func TestDefaultPrefersForwardSecrecyAndLeavesOutCBC(t *testing.T) {
	suites := Default()
	plainPSK := false
	for _, s := range suites {
		if s.CBC() {
			t.Errorf("%v is on by default", s)
		}
		if plainPSK && s.KeyExchange.UsesECDHE() {
			t.Errorf("%v comes after a suite without forward secrecy", s)
		}
		plainPSK = plainPSK || s.KeyExchange == PSK
	}
	if len(suites) != len(All())-4 {
		t.Errorf("%d suites are on by default, want all but the four in CBC mode", len(suites))
	}
}

func TestSlicesOfSuitesBelongToTheCaller(t *testing.T) {
	want := Default()
	slices.Reverse(Default())
	slices.Reverse(All())
	if !slices.Equal(Default(), want) {
		t.Error("reordering the result of All or Default changes the next result")
	}
}
