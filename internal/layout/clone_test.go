package layout

import (
	"regexp"
	"testing"
)

// A clone builds, passes its tests and explains itself alone: no file points at
// what lies outside the repository.
var outside = regexp.MustCompile(`\.\./shared\b|\b(design|style|requirements)\.md\b`)

func TestRepositoryStandsAlone(t *testing.T) {
	walk(t, func(name string) {
		for _, found := range outside.FindAll(read(t, name), -1) {
			t.Errorf("%s mentions %s, which is not in the repository", name, found)
		}
	})
}
