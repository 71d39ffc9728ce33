package interop

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// packages.txt is what `make test` installs.
func TestPackageListHasWhatIsRequired(t *testing.T) {
	text, err := os.ReadFile("packages.txt")
	if err != nil {
		t.Fatal(err)
	}
	var required []string
	for _, need := range [][]requirement{needOpenSSL, needGnuTLS, needMbedTLS, needWolfSSL, needLibcoap, needQt, needBrowser} {
		for _, r := range need {
			required = append(required, r.debian)
		}
	}
	slices.Sort(required)
	if required, listed := slices.Compact(required), strings.Fields(string(text)); !slices.Equal(required, listed) {
		t.Errorf("packages.txt lists %v; required are %v", listed, required)
	}
}

func TestMissingNamesEachPackageOnce(t *testing.T) {
	got := missing([]requirement{{"sh", "dash"}, {"no-such-program", "nowhere"}, {"/no/such/*", "nowhere"}, {"/bin/*", "coreutils"}})
	if !slices.Equal(got, []string{"nowhere"}) {
		t.Errorf("missing: %v", got)
	}
}
