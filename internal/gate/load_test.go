package gate

import (
	"bytes"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestCookiesUnderLoad(t *testing.T) {
	g, first := newGate(t, Config{Cookies: UnderLoad}), newHello()
	now, asked := start, 0
	for range 10 * loadHellos {
		now = now.Add(time.Millisecond)
		v, reply := g.Receive(now, alice, datagramOf(first, position{}), nil)
		switch {
		case v.Action == Reply:
			asked++
			first.Cookie = bytes.Clone(reply[len(reply)-cookieLen:])
		case v.Action != Admit || v.Proven:
			t.Fatalf("%v for %v, address proven: %v", v.Action, v.Drop, v.Proven)
		case asked > 0:
			t.Fatal("asked for a cookie, and then no more")
		}
		second := first
		first.Cookie = nil
		if asked == 0 {
			continue
		}
		if v, _ := g.Receive(now, alice, datagramOf(second, position{1, 1}), nil); v.Action != Admit || !v.Proven {
			t.Fatalf("a good cookie: %v for %v, address proven: %v", v.Action, v.Drop, v.Proven)
		}
	}
	if want := 9 * loadHellos; asked < want {
		t.Errorf("%d hellos of a thousand a second are asked for a cookie, want %d", asked, want)
	}
	now = now.Add(loadTime)
	if v, _ := g.Receive(now, alice, datagramOf(first, position{}), nil); v.Action != Admit || v.Proven {
		t.Errorf("when the load is over: %v", v.Action)
	}
}

func TestCrowdedServerAsksForCookies(t *testing.T) {
	crowded := false
	g := newGate13(t, Config{Cookies: UnderLoad, Crowded: func() bool { return crowded }})
	hello, old := newHello13(), newHello()
	receive := func(now time.Time, datagram []byte, want Action) {
		t.Helper()
		if v, _ := g.Receive(now, alice, datagram, nil); v.Action != want || v.Proven || v.Retry != nil {
			t.Errorf("%v, address proven: %v, retry %v; want %v", v.Action, v.Proven, v.Retry, want)
		}
	}
	receive(start, hello.datagram(position{}), Admit)
	receive(start, datagramOf(old, position{}), Admit)
	crowded = true
	receive(start, hello.datagram(position{}), Reply)
	receive(start, datagramOf(old, position{}), Reply)
	crowded = false
	receive(start.Add(loadTime-1), hello.datagram(position{}), Reply)
	receive(start.Add(loadTime), hello.datagram(position{}), Admit)
}

// A client that was asked for a cookie shows it when the load is over.
func TestCookieOfALoadThatIsOver(t *testing.T) {
	crowded := true
	g, first := newGate13(t, Config{Cookies: UnderLoad, Crowded: func() bool { return crowded }}), newHello13()
	_, reply := g.Receive(start, alice, first.datagram(position{}), nil)
	m, _ := wire.ParseServerHello(reply[wire.RecordHeaderLen+wire.FragmentHeaderLen:])
	e, _ := wire.ParseServerExtensions13(wire.InHelloRetryRequest, m.Extensions)
	crowded = false
	second := first.again(wire.HelloRetryRequest{Cookie: bytes.Clone(e.Cookie)})
	v, _ := g.Receive(start.Add(loadTime), alice, second.datagram(position{1, 1}), nil)
	if v.Action != Admit || !v.Proven || v.Retry == nil {
		t.Errorf("%v for %v, address proven: %v, retry %v", v.Action, v.Drop, v.Proven, v.Retry)
	}
}
