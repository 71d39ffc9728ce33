package gate

import (
	"hash/maphash"
	"testing"
	"time"
)

func TestAcquaintances(t *testing.T) {
	a := newAcquaintances(maphash.MakeSeed())
	if a.know(alice.Addr()) {
		t.Error("a stranger is known")
	}
	a.add(start, alice.Addr())
	later := start.Add(acquaintanceTime)
	a.add(later, bob.Addr())
	if !a.know(alice.Addr()) || !a.know(bob.Addr()) {
		t.Error("somebody who was there within a minute is not known")
	}
	a.add(later.Add(acquaintanceTime), bob.Addr())
	if a.know(alice.Addr()) || !a.know(bob.Addr()) {
		t.Error("who comes again stays known, and who does not is forgotten")
	}
}

func TestManyAcquaintancesAreNotEverybody(t *testing.T) {
	a := newAcquaintances(maphash.MakeSeed())
	for i := range 1_000_000 {
		a.add(start.Add(time.Duration(i)*time.Microsecond), spoofed(i))
	}
	if !a.know(spoofed(999_999)) || !a.know(spoofed(999_999-acquaintanceMost/2)) {
		t.Error("somebody who was just there is not known")
	}
	strangers := 0
	for i := range 10_000 {
		if a.know(spoofed(2_000_000 + i)) {
			strangers++
		}
	}
	if strangers > 500 {
		t.Errorf("%d of 10000 strangers are known", strangers)
	}
}
