package gate

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// longHello returns a hello of some hundred bytes, with a cookie of g for alice.
func longHello(t *testing.T, g *Gate) wire.ClientHello {
	t.Helper()
	hello := newHello()
	hello.Extensions = wire.ClientExtensions{ServerName: "example.org", Padding: 500}.AppendTo(nil)
	hello.Cookie = wantCookie(t, g, start, alice, datagramOf(hello, position{}), position{})
	return hello
}

func TestFirstFragmentIsAnsweredAtOnce(t *testing.T) {
	g := newGate(t, Config{})
	hello := longHello(t, g)
	cookie := hello.Cookie
	hello.Cookie = nil
	fragments := fragmentsOf(hello.AppendTo(nil), 0, 200)
	if got := wantCookie(t, g, start, alice, recordOf(4, fragments[0]), position{4, 0}); string(got) != string(cookie) {
		t.Errorf("cookie %x, want that of the whole hello %x", got, cookie)
	}
	// The rest cannot complete it, and the second hello takes the slot over.
	for i, f := range fragments[1:] {
		wantKept(t, g, start, alice, recordOf(uint64(5+i), f))
	}
	hello.Cookie = cookie
	fragments = fragmentsOf(hello.AppendTo(nil), 1, 200)
	last := len(fragments) - 1
	for i, f := range fragments[:last] {
		wantKept(t, g, start, alice, recordOf(uint64(10+i), f))
	}
	wantAdmit(t, g, start, alice, recordOf(20, fragments[last]), hello, position{20, 1})
}

func TestFirstFragmentWithOtherVersionIsNotKept(t *testing.T) {
	hello := newHello()
	hello.Version = 0x0303
	hello.Extensions = make([]byte, 100)
	fragments := fragmentsOf(hello.AppendTo(nil), 0, 80)
	wantDrop(t, newGate(t, Config{}), start, alice, recordOf(0, fragments[0]), wire.DropUnsupportedVersion)
}

func TestFragmentsArriveInAnyOrder(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 200 {
		g := newGate(t, Config{})
		hello := longHello(t, g)
		fragments := fragmentsOf(hello.AppendTo(nil), 1, 1+random.IntN(300))
		fragments = append(fragments, fragments[random.IntN(len(fragments))]) // one comes twice
		random.Shuffle(len(fragments), func(i, j int) { fragments[i], fragments[j] = fragments[j], fragments[i] })
		missing := make(map[uint32]bool)
		for _, f := range fragments {
			missing[f.Offset] = true
		}
		for i, f := range fragments {
			datagram := recordOf(uint64(i), f)
			if delete(missing, f.Offset); len(missing) == 0 {
				wantAdmit(t, g, start, alice, datagram, hello, position{uint64(i), 1})
				break
			}
			wantKept(t, g, start, alice, datagram)
		}
		if t.Failed() {
			t.Fatalf("seed %d, round %d", seed, round)
		}
	}
}

func TestFragmentsOverlap(t *testing.T) {
	g := newGate(t, Config{})
	hello := longHello(t, g)
	body := hello.AppendTo(nil)
	part := func(from, to int) []byte {
		f := wholeFragment(body, 1)
		f.Offset, f.Body = uint32(from), body[from:to]
		return recordOf(0, f)
	}
	wantKept(t, g, start, alice, part(100, 300))
	wantKept(t, g, start, alice, part(150, 200))
	wantKept(t, g, start, alice, part(64, 128))
	wantKept(t, g, start, alice, part(250, len(body)))
	wantAdmit(t, g, start, alice, part(0, 65), hello, position{0, 1})
}

func TestPackedFragmentsAreAllTaken(t *testing.T) {
	body := newHello().AppendTo(nil)
	cookie := wantCookie(t, newGate(t, Config{}), start, alice, recordOf(3, fragmentsOf(body, 0, 1)...), position{3, 0})
	// In a record each, as well.
	var datagram []byte
	for i, f := range fragmentsOf(body, 0, 1) {
		datagram = append(datagram, recordOf(uint64(i), f)...)
	}
	again := wantCookie(t, newGate(t, Config{}), start, alice, datagram, position{uint64(len(body) - 1), 0})
	if string(cookie) != string(again) {
		t.Errorf("cookies %x and %x for one hello", cookie, again)
	}
}

func TestReplyIsNotLongerThanTheLastFragment(t *testing.T) {
	g := newGate(t, Config{})
	body := newHello().AppendTo(nil)
	fragments := fragmentsOf(body, 0, len(body)-1)
	wantKept(t, g, start, alice, recordOf(0, fragments[1]))
	// The first fragment lacks a byte of the extensions only, and is answered.
	wantCookie(t, g, start, alice, recordOf(1, fragments[0]), position{1, 0})

	fragments = fragmentsOf(body, 0, 20)
	last := len(fragments) - 1
	for i, f := range fragments[:last] {
		wantKept(t, g, start, bob, recordOf(uint64(i), f))
	}
	wantDrop(t, g, start, bob, recordOf(uint64(last), fragments[last]), wire.DropReplyTooLong)
}

func TestConflictingFragmentStartsTheSlotAnew(t *testing.T) {
	conflicts := []struct {
		name   string
		change func(f *wire.Fragment)
	}{
		{"length", func(f *wire.Fragment) { f.Length++ }},
		{"message_seq", func(f *wire.Fragment) { f.Seq++ }},
	}
	for _, c := range conflicts {
		t.Run(c.name, func(t *testing.T) {
			g := newGate(t, Config{})
			hello := longHello(t, g)
			fragments := fragmentsOf(hello.AppendTo(nil), 1, 300)
			wantKept(t, g, start, alice, recordOf(0, fragments[0]))
			other := fragments[1]
			c.change(&other)
			wantKept(t, g, start, alice, recordOf(1, other))
			wantKept(t, g, start, alice, recordOf(2, fragments[1]))
			wantKept(t, g, start, alice, recordOf(3, fragments[2]))
			wantAdmit(t, g, start, alice, recordOf(4, fragments[0]), hello, position{4, 1})
		})
	}
}

func TestFragmentsDoNotWaitForever(t *testing.T) {
	g := newGate(t, Config{})
	hello := longHello(t, g)
	fragments := fragmentsOf(hello.AppendTo(nil), 1, 400)
	wantKept(t, g, start, alice, recordOf(0, fragments[0]))
	late := start.Add(slotPatience + time.Second)
	wantKept(t, g, late, alice, recordOf(1, fragments[1]))
	wantAdmit(t, g, late, alice, recordOf(2, fragments[0]), hello, position{2, 1})
}

func TestFragmentsOfTwoSendersAreKeptApart(t *testing.T) {
	g := newGate(t, Config{Cookies: Never})
	one, two := newHello(), newHello()
	two.Random = [32]byte{9}
	ofOne, ofTwo := fragmentsOf(one.AppendTo(nil), 0, 50), fragmentsOf(two.AppendTo(nil), 0, 50)
	wantKept(t, g, start, alice, recordOf(0, ofOne[0]))
	wantKept(t, g, start, bob, recordOf(0, ofTwo[0]))
	wantAdmit(t, g, start, alice, recordOf(1, ofOne[1]), one, position{1, 0})
	wantAdmit(t, g, start, bob, recordOf(1, ofTwo[1]), two, position{1, 0})
}

func TestOldestSlotIsTakenOver(t *testing.T) {
	const slots = 4
	g := newGate(t, Config{Cookies: Never, RingSlots: slots})
	hello := newHello()
	fragments := fragmentsOf(hello.AppendTo(nil), 0, 50)
	sender := func(i int) netip.AddrPort { return netip.AddrPortFrom(alice.Addr(), uint16(1000+i)) }
	for i := range slots {
		wantKept(t, g, start, sender(i), recordOf(0, fragments[0]))
	}
	// The second one leaves; its slot is taken before anybody else's.
	wantAdmit(t, g, start, sender(1), recordOf(1, fragments[1]), hello, position{1, 0})
	wantKept(t, g, start, sender(slots), recordOf(0, fragments[0]))
	// None is free now: the first is the oldest, and then the third.
	wantKept(t, g, start, sender(slots+1), recordOf(0, fragments[0]))
	wantKept(t, g, start, sender(slots+2), recordOf(0, fragments[0]))
	for _, i := range []int{3, slots, slots + 1, slots + 2} {
		wantAdmit(t, g, start, sender(i), recordOf(1, fragments[1]), hello, position{1, 0})
	}
	for _, i := range []int{0, 2} {
		wantKept(t, g, start, sender(i), recordOf(1, fragments[1]))
	}
}

func TestFragmentsOfAnAdmittedHelloAreForgotten(t *testing.T) {
	g := newGate(t, Config{})
	hello := longHello(t, g)
	fragments := fragmentsOf(hello.AppendTo(nil), 1, 400)
	wantKept(t, g, start, alice, recordOf(0, fragments[0]))
	wantAdmit(t, g, start, alice, recordOf(1, fragments[1]), hello, position{1, 1})
	wantKept(t, g, start, alice, recordOf(2, fragments[1]))
}

func TestOnlyAFirstFragmentIsReadAsAHello(t *testing.T) {
	f := wholeFragment(newHello().AppendTo(nil), 0)
	f.Offset, f.Length = 1, f.Length+1
	wantKept(t, newGate(t, Config{}), start, alice, recordOf(0, f))
}

func TestFragmentsThatCannotBeKept(t *testing.T) {
	g := newGate(t, Config{RingSlotSize: 100})
	body := make([]byte, 101)
	wantDrop(t, g, start, alice, recordOf(0, fragmentsOf(body, 0, 50)[1]), wire.DropReassemblyLimit)
	empty := wholeFragment(body[:50], 0)
	empty.Body = nil
	wantDrop(t, g, start, alice, recordOf(0, empty), wire.DropMalformedHello)
	for _, s := range g.ring.slots {
		if s.taken != 0 {
			t.Error("a slot is taken")
		}
	}
}

func TestMalformedHelloInFragmentsFreesItsSlot(t *testing.T) {
	g := newGate(t, Config{})
	fragments := fragmentsOf(make([]byte, 100), 0, 50)
	wantKept(t, g, start, alice, recordOf(0, fragments[0]))
	wantDrop(t, g, start, alice, recordOf(1, fragments[1]), wire.DropMalformedHello)
	if g.ring.slots[0].taken != 0 {
		t.Error("the slot is taken")
	}
}
