package gate

import (
	"encoding/binary"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// spoofed returns the address of the i-th sender of a flood, all over the Internet.
func spoofed(i int) netip.Addr {
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], uint32(i)*2654435761)
	return netip.AddrFrom4(a)
}

// siteOf returns an address of one of 100 networks.
func siteOf(i int) netip.Addr { return netip.AddrFrom4([4]byte{100, 64, byte(i % 100), byte(i / 100)}) }

// A deluge is a flood at a rate, with a hello of one client in each tick.
type deluge struct {
	rate   int // a second
	from   func(i int) netip.Addr
	client netip.Addr
}

// pour lets a second pass. It returns how many hellos of the flood were answered, and of the client's ten.
func (d deluge) pour(a *answers, now time.Time) (flood, client int) {
	for i := range d.rate {
		at := now.Add(time.Duration(i) * time.Second / time.Duration(d.rate))
		if a.allow(at, d.from(i)) {
			flood++
		}
		if i%(d.rate/10) == d.rate/20 && a.allow(at, d.client) {
			client++
		}
	}
	return flood, client
}

func TestAnswersHaveARate(t *testing.T) {
	a := newAnswers(1000, Networks{})
	now := start
	for second := range 5 {
		flood, _ := deluge{100_000, spoofed, alice.Addr()}.pour(&a, now)
		now = now.Add(time.Second)
		if most := 1000 + 200; flood > most || flood < 900 {
			t.Errorf("second %d: %d answers at a rate of 1000", second, flood)
		}
	}
}

func TestEveryHelloIsAnsweredBelowTheRate(t *testing.T) {
	for _, from := range []func(int) netip.Addr{spoofed, siteOf} {
		a := newAnswers(0, Networks{})
		for second := range 3 {
			const rate = 20_000
			flood, client := deluge{rate, from, alice.Addr()}.pour(&a, start.Add(time.Duration(second)*time.Second))
			if flood != rate || client != 10 {
				t.Errorf("%d of %d, and %d of 10 of a client", flood, rate, client)
			}
		}
	}
}

func TestAClientOfAQuietNetworkIsHeardInAFlood(t *testing.T) {
	a := newAnswers(1000, Networks{})
	deluge{100_000, siteOf, alice.Addr()}.pour(&a, start)
	_, client := deluge{100_000, siteOf, alice.Addr()}.pour(&a, start.Add(time.Second))
	if client != 10 {
		t.Errorf("%d of 10 hellos of a network that sends one a tick, while 100 others send a thousand each", client)
	}
}

func TestAClientThatWasHereBeforeIsHeardInAFlood(t *testing.T) {
	a := newAnswers(1000, Networks{})
	a.welcome(start, alice.Addr())
	for second := range 3 {
		d := deluge{100_000, spoofed, alice.Addr()}
		if _, client := d.pour(&a, start.Add(time.Duration(second)*time.Second)); client != 10 {
			t.Errorf("second %d: %d of 10 hellos of an address that has shown a cookie", second, client)
		}
	}
}

// One client that gets in opens the door for its neighbours.
func TestANeighbourOfAClientIsHeardInAFlood(t *testing.T) {
	for _, pair := range [][2]string{{"198.51.100.7", "198.51.100.200"}, {"2001:db8:1:200::1", "2001:db8:1:2ff:ffff::2"}} {
		known, neighbour := netip.MustParseAddr(pair[0]), netip.MustParseAddr(pair[1])
		a := newAnswers(1000, Networks{})
		a.welcome(start, known)
		d := deluge{100_000, spoofed, neighbour}
		if _, client := d.pour(&a, start); client != 10 {
			t.Errorf("%d of 10 hellos of %v, a neighbour of %v", client, neighbour, known)
		}
	}
}

func TestAFloodInTheNameOfAnAcquaintanceHasAPart(t *testing.T) {
	a := newAnswers(1000, Networks{})
	a.welcome(start, alice.Addr())
	a.welcome(start, bob.Addr().Next().Next())
	quiet := netip.MustParseAddr("203.0.113.1")
	a.welcome(start, quiet)
	for second := range 3 {
		d := deluge{100_000, func(int) netip.Addr { return alice.Addr() }, quiet}
		if _, client := d.pour(&a, start.Add(time.Duration(second)*time.Second)); client != 10 {
			t.Errorf("second %d: %d of 10 hellos of another acquaintance", second, client)
		}
	}
}

// Where all clients are in one network, as behind a carrier's address translation, they
// may have half of the answers. Where they are in several, each has its part.
func TestKnownNetworksShareHalfOfTheAnswers(t *testing.T) {
	for _, networks := range []int{1, 2, 10} {
		a := newAnswers(10_000, Networks{})
		for i := range networks {
			a.welcome(start, siteOf(i))
		}
		answered := make([]int, networks)
		for tick := range 10 {
			for i := range 10_000 {
				now := start.Add(time.Duration(tick)*answerTick + time.Duration(i)*answerTick/10_000)
				a.allow(now, spoofed(tick*10_000+i))
				if site := i / 10 % networks; i%10 == 0 && a.allow(now, siteOf(site)) {
					answered[site]++
				}
			}
		}
		for i, n := range answered {
			if part := 5000 / networks; n < part*9/10 || n > part*5/4 {
				t.Errorf("network %d of %d: %d answers in a second at a rate of 10,000", i, networks, n)
			}
		}
	}
}

func TestFewerAreAnsweredWhileTheServerIsBehind(t *testing.T) {
	a := newAnswers(10_000, Networks{})
	d := deluge{100_000, siteOf, alice.Addr()}
	d.pour(&a, start)
	for i, pressure := range []Pressure{Behind, FarBehind} {
		a.pressure = pressure
		flood, client := d.pour(&a, start.Add(time.Duration(1+i)*time.Second))
		if want := 10_000 / int(prices[pressure]); flood > want*3/2 || flood < want/2 || client != 10 {
			t.Errorf("pressure %d: %d answers at a rate of 10,000, and %d of 10 to a client of a quiet network", pressure, flood, client)
		}
	}
}

// However low the rate is, somebody new is answered after a while.
func TestALowRateStarvesNobody(t *testing.T) {
	for pressure := range FarBehind + 1 {
		a := newAnswers(1, Networks{})
		a.pressure = pressure
		answered := 0
		for second := range 60 {
			if a.allow(start.Add(time.Duration(second)*time.Second), spoofed(second)) {
				answered++
			}
		}
		if answered < 3 {
			t.Errorf("pressure %d: %d answers in a minute at a rate of one a second", pressure, answered)
		}
	}
}

func TestAnswersWithoutALimit(t *testing.T) {
	a := newAnswers(-1, Networks{})
	for i := range 100_000 {
		if !a.allow(start, spoofed(i)) {
			t.Fatalf("hello %d of a moment is not answered", i)
		}
	}
}

func TestAnswersOutliveAClockThatGoesBack(t *testing.T) {
	a := newAnswers(1000, Networks{})
	d := deluge{10_000, siteOf, alice.Addr()}
	d.pour(&a, start.Add(time.Hour))
	d.pour(&a, start)
	if flood, _ := d.pour(&a, start.Add(2*time.Hour)); flood == 0 {
		t.Error("nothing is answered any more")
	}
}

func TestMemoryOfAnswersIsFixed(t *testing.T) {
	a := newAnswers(0, Networks{})
	size := reflect.TypeFor[answers]().Size() + 2*reflect.TypeFor[generation]().Size()
	if size > 64<<10 {
		t.Errorf("%d bytes", size)
	}
	i := 0
	if n := testing.AllocsPerRun(1_000_000, func() {
		i++
		a.allow(start.Add(time.Duration(i)*time.Microsecond), spoofed(i))
		a.welcome(start, spoofed(i))
	}); n != 0 {
		t.Errorf("%v allocations a hello", n)
	}
}

func TestGateDropsHellosBeyondTheBudget(t *testing.T) {
	for _, version := range []wire.Version{wire.VersionDTLS12, wire.VersionDTLS13} {
		cfg := Config{AnswerRate: 10}
		g, first := newGate(t, cfg), datagramOf(newHello(), position{})
		if version == wire.VersionDTLS13 {
			hello := newHello13()
			g, first = newGate13(t, cfg), hello.datagram(position{})
		}
		answered := 0
		for i := range 100 {
			v, reply := g.Receive(start, netip.AddrPortFrom(siteOf(i%5), 4000), first, nil)
			switch {
			case v.Action == Reply:
				answered++
			case v.Action != Drop || v.Drop != wire.DropAnswerLimit || reply != nil:
				t.Fatalf("%v, reason %v, reply %x", v.Action, v.Drop, reply)
			}
		}
		if answered == 0 || answered > leastBurst {
			t.Errorf("%v: %d answers at once", version, answered)
		}
	}
}

// The refusal of a hello without hope is an answer like any other.
func TestGate13RefusesWithinTheBudget(t *testing.T) {
	g, hello := newGate13(t, Config{AnswerRate: 10}), newHello13()
	hello.CipherSuites = hello.CipherSuites[4:]
	counts := map[Action]int{}
	for range 100 {
		v, _ := g.Receive(start, alice, hello.datagram(position{}), nil)
		counts[v.Action]++
	}
	if counts[Refuse] == 0 || counts[Refuse] > leastBurst || counts[Refuse]+counts[Drop] != 100 {
		t.Errorf("%v", counts)
	}
}

func BenchmarkAnswers(b *testing.B) {
	a := newAnswers(0, Networks{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a.allow(start, spoofed(i))
	}
}
