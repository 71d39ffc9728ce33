package gate

import (
	"bytes"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// Whatever arrives, nobody gets more than he sent, and nobody is admitted without a cookie. The input is
// two datagrams, so that fragments meet.
func FuzzReceive(f *testing.F) {
	hello := newHello()
	body := hello.AppendTo(nil)
	fragments := fragmentsOf(body, 0, 50)
	f.Add(datagramOf(hello, position{}), datagramOf(hello, position{1, 1}))
	f.Add(recordOf(0, fragments[0]), recordOf(1, fragments[1]))
	f.Add(recordOf(0, fragments[1]), recordOf(1, fragments[0]))
	f.Add(recordOf(0, fragmentsOf(body, 0, 1)...), recordOf(0, fragmentsOf(body, 0, 30)...))
	hello.Cookie = make([]byte, cookieLen)
	f.Add(datagramOf(hello, position{}), []byte("junk"))

	f.Fuzz(func(t *testing.T, first, second []byte) {
		small := Config{RingSlots: 2, RingSlotSize: 4096}
		careful := newGate(t, small)
		small.Cookies = Never
		trusting := newGate(t, small)
		for _, datagram := range [][]byte{first, second} {
			before := bytes.Clone(datagram)
			v, reply := careful.Receive(start, alice, datagram, []byte{0xee})
			switch v.Action {
			case Admit:
				t.Fatalf("admitted without a cookie: %x", datagram)
			case Reply:
				if len(reply)-1 != challengeLen || len(reply)-1 > len(datagram) {
					t.Fatalf("reply of %d bytes to %d", len(reply)-1, len(datagram))
				}
			case Drop:
				if len(reply) != 1 || v.Drop == wire.DropNone {
					t.Fatalf("dropped for %v, reply %x", v.Drop, reply)
				}
			}
			if !bytes.Equal(datagram, before) {
				t.Fatal("the datagram was changed")
			}
			checkTrusting(t, trusting, datagram)
		}
	})
}

// checkTrusting checks that a gate without cookies admits only what parses, and never answers.
func checkTrusting(t *testing.T, g *Gate, datagram []byte) {
	t.Helper()
	v, reply := g.Receive(start, alice, datagram, nil)
	if v.Action == Reply || reply != nil {
		t.Fatalf("reply %x", reply)
	}
	if v.Action != Admit {
		return
	}
	if _, err := wire.ParseClientHello(v.Hello); err != nil || !bytes.HasSuffix(datagram, v.Rest) {
		t.Fatalf("admitted %x, rest %x: %v", v.Hello, v.Rest, err)
	}
}

// The first datagram asks for a cookie; the second is built from it and from what the fuzzer says. It is
// admitted exactly if nothing that the cookie covers has changed.
func FuzzCookie(f *testing.F) {
	f.Add(uint16(0xfefd), []byte{1, 2, 3}, []byte{4, 5}, []byte{0, 0xa8, 0xc0, 0xa8}, []byte{0}, []byte{0, 23, 0, 0})
	f.Add(uint16(0xfeff), []byte{1, 2, 3}, []byte{4}, []byte{0, 0xa8}, []byte{0, 1}, []byte{})
	f.Fuzz(func(t *testing.T, version uint16, random, sessionID, suites, compression, extensions []byte) {
		g, hello := newGate(t, Config{RingSlots: 1, RingSlotSize: 64}), newHello()
		_, reply := g.Receive(start, alice, datagramOf(hello, position{}), nil)

		changed := wire.ClientHello{
			Version:            wire.Version(version),
			SessionID:          sessionID,
			Cookie:             reply[len(reply)-cookieLen:],
			CipherSuites:       suites,
			CompressionMethods: compression,
			Extensions:         extensions,
		}
		copy(changed.Random[:], random)
		body := changed.AppendTo(nil)
		if len(body) == 0 || len(body) > 1<<14 {
			return
		}
		v, _ := g.Receive(start, alice, datagramOf(changed, position{1, 1}), nil)
		same := changed.Version == hello.Version && changed.Random == hello.Random &&
			bytes.Equal(sessionID, hello.SessionID) && bytes.Equal(suites, hello.CipherSuites) &&
			bytes.Equal(compression, hello.CompressionMethods)
		if (v.Action == Admit) != same {
			t.Errorf("%v of %+v, same as before: %v", v.Action, changed, same)
		}
	})
}
