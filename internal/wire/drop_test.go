package wire

import (
	"regexp"
	"testing"
)

func TestEveryDropHasALabelOfItsOwn(t *testing.T) {
	label := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := make(map[string]Drop)
	for d := range Drop(NumDrops) {
		name := d.String()
		if !label.MatchString(name) {
			t.Errorf("drop %d: label %q", d, name)
		}
		if other, ok := seen[name]; ok {
			t.Errorf("drops %d and %d are both %q", other, d, name)
		}
		seen[name] = d
	}
	if got := Drop(NumDrops).String(); label.MatchString(got) {
		t.Errorf("a drop that does not exist is called %q", got)
	}
}
