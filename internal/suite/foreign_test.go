package suite

import (
	"slices"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestSuitesHaveTheNamesThatPeopleKnow(t *testing.T) {
	for id, want := range map[wire.CipherSuite]string{
		wire.TLS_PSK_WITH_AES_128_GCM_SHA256:   "PSK-AES128-GCM-SHA256",
		wire.TLS_AES_128_GCM_SHA256:            "TLS_AES_128_GCM_SHA256",
		0x00aa:                                 "DHE-PSK-AES128-GCM-SHA256",
		0xc024:                                 "ECDHE-ECDSA-AES256-SHA384",
		wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
		0x5600:                                 "TLS_FALLBACK_SCSV",
		0x0a0a:                                 "0x0A0A", // RFC 8701, Section 2: nobody's
	} {
		if got := Name(id); got != want {
			t.Errorf("%#04x is called %s, want %s", uint16(id), got, want)
		}
	}
}

// The table is searched by halves, and says nothing of our own.
func TestForeignSuitesAreSortedAndForeign(t *testing.T) {
	if !slices.IsSortedFunc(foreignSuites[:], func(a, b foreignSuite) int { return int(a.id) - int(b.id) }) {
		t.Error("not sorted")
	}
	for i, f := range foreignSuites {
		if Lookup(f.id) != nil || Lookup13(f.id) != nil || f.name == "" || i > 0 && f.id == foreignSuites[i-1].id {
			t.Errorf("row %d: %+v", i, f)
		}
	}
}
