package interop

import (
	"slices"
	"testing"
)

// peerTables are the suites of all peers.
var peerTables = map[string]suiteTable{
	"OpenSSL": openSSLSuites, "GnuTLS": gnuTLSSuites, "Mbed TLS": mbedTLSSuites, "wolfSSL": wolfSSLSuites, "pion/dtls": pionSuites, "Qt": qtSuites,
}

func TestPeersTablesHaveOneNameForEachSuite(t *testing.T) {
	for peer, table := range peerTables {
		seen := make(map[string]Suite)
		for suite, name := range table {
			if other, twice := seen[name]; twice {
				t.Errorf("%s calls both %v and %v %q", peer, suite, other, name)
			}
			seen[name] = suite
			if got, err := table.byName(name); err != nil || got != suite {
				t.Errorf("%s: %q is %v, %v; want %v", peer, name, got, err, suite)
			}
		}
	}
}

// Five suites are spoken by none of the peers at hand. They are tested by vectors only, which docs/interop.md says.
func TestSuitesThatNoPeerSpeaks(t *testing.T) {
	var alone []Suite
	for _, row := range suites {
		spoken := false
		for _, table := range peerTables {
			_, has := table[row.id]
			spoken = spoken || has
		}
		if !spoken {
			alone = append(alone, row.id)
		}
	}
	if want := []Suite{0xd002, 0xd003, 0xd005, 0x1304, 0x1305}; !slices.Equal(alone, want) {
		t.Errorf("no peer speaks %v; expected that of %v", alone, want)
	}
}
