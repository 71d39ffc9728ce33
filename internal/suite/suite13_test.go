package suite

import (
	"crypto"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// RFC 8446, Appendix B.4.
func TestTable13HoldsTheRegisteredSuites(t *testing.T) {
	registered := []struct {
		id   wire.CipherSuite
		name string
	}{
		{0x1301, "TLS_AES_128_GCM_SHA256"},
		{0x1302, "TLS_AES_256_GCM_SHA384"},
		{0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
		{0x1304, "TLS_AES_128_CCM_SHA256"},
		{0x1305, "TLS_AES_128_CCM_8_SHA256"},
	}
	for i, r := range registered {
		s := Lookup13(r.id)
		if s == nil || s.Name != r.name || s.ID != r.id || s != All13()[i] {
			t.Errorf("%v is %v, want %s at place %d", r.id, s, r.name, i)
		}
	}
	if len(All13()) != len(registered) {
		t.Errorf("%d suites, want %d", len(All13()), len(registered))
	}
	for _, id := range []wire.CipherSuite{0, 0x1300, 0x1306, wire.TLS_PSK_WITH_AES_128_GCM_SHA256} {
		if s := Lookup13(id); s != nil {
			t.Errorf("%v is suite %v", id, s)
		}
	}
}

func TestFieldsOf13FollowFromTheName(t *testing.T) {
	modes := map[mode]string{modeGCM: "_GCM_", modeCCM: "_CCM_", modeChaCha: "_CHACHA20_POLY1305_"}
	for _, s := range All13() {
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
		if short := strings.Contains(s.Name, "_CCM_8_"); short != s.ShortTag() {
			t.Errorf("%v has a tag of %d bytes", s, s.bulk.tag)
		}
	}
}

// RFC 8446, Section 5.5, and RFC 9147, Section 4.5.3.
func TestLimitsOfSuites(t *testing.T) {
	tests := []struct {
		id         wire.CipherSuite
		seal, open float64 // powers of two
	}{
		{wire.TLS_AES_128_GCM_SHA256, 24.5, 36},
		{wire.TLS_AES_256_GCM_SHA384, 24.5, 36},
		{wire.TLS_CHACHA20_POLY1305_SHA256, 48, 36},
		{wire.TLS_AES_128_CCM_SHA256, 23, 23.5},
		{wire.TLS_AES_128_CCM_8_SHA256, 23, 7},
	}
	within := func(limit uint64, power float64) bool {
		exact := math.Exp2(power)
		return float64(limit) <= exact && float64(limit) > exact-2
	}
	for _, tt := range tests {
		s := Lookup13(tt.id)
		if !within(s.SealLimit, tt.seal) || !within(s.OpenLimit, tt.open) {
			t.Errorf("%v: limits are %d and %d, want 2^%v and 2^%v", s, s.SealLimit, s.OpenLimit, tt.seal, tt.open)
		}
	}
	if len(tests) != len(All13()) {
		t.Errorf("%d suites tested of %d", len(tests), len(All13()))
	}
}

func TestByName13TakesEveryFormOfAName(t *testing.T) {
	for _, s := range All13() {
		hex := strings.TrimPrefix(s.ID.String(), "0x")
		for _, name := range []string{s.Name, "0x" + hex, hex} {
			for _, name := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
				if got := ByName13(name); got != s {
					t.Errorf("ByName13(%q) = %v, want %v", name, got, s)
				}
			}
		}
	}
	for _, name := range []string{"", "0x", "130", "0x13011", "-301", "c02b", "AES_128_GCM_SHA256", "TLS_PSK_WITH_AES_128_GCM_SHA256"} {
		if got := ByName13(name); got != nil {
			t.Errorf("ByName13(%q) = %v, want nothing", name, got)
		}
	}
}

func TestDefault13LeavesOutShortTags(t *testing.T) {
	want := All13()[:4]
	if !slices.Equal(Default13(), want) {
		t.Errorf("on by default are %v, want %v", Default13(), want)
	}
	slices.Reverse(Default13())
	slices.Reverse(All13())
	if !slices.Equal(Default13(), want) {
		t.Error("reordering the result of All13 or Default13 changes the next result")
	}
}
