package gate

import (
	"bytes"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// Whatever arrives, nobody gets more than he sent, and nobody is admitted without a cookie. The input is
// two datagrams, so that fragments meet.
func FuzzReceive13(f *testing.F) {
	first := newHello13()
	hybrid := hybridHello()
	fragments := fragmentsOf(hybrid.body(), 0, 1200)
	withCookie := hybrid
	withCookie.ext.Cookie = make([]byte, cookie13HeadLen+32+cookie13MACLen)
	hopeless := first
	hopeless.CipherSuites = hopeless.CipherSuites[4:]
	keys := first
	keys.offerKeys(2, wire.PSKModeKE, wire.PSKModeDHEKE)
	f.Add(first.datagram(position{}), withCookie.datagram(position{1, 1}))
	f.Add(hybrid.datagram(position{}), keys.datagram(position{1, 1}))
	f.Add(hopeless.datagram(position{}), datagramOf(newHello(), position{1, 1}))
	f.Add(recordOf(0, fragments[0]), recordOf(1, fragments[1]))
	f.Add(recordOf(0, fragments[1]), recordOf(1, fragments[0]))

	f.Fuzz(func(t *testing.T, first, second []byte) {
		g, paid := newGate13(t, Config{RingSlots: 2, RingSlotSize: 4096}), 0
		for _, datagram := range [][]byte{first, second} {
			before := bytes.Clone(datagram)
			paid += len(datagram)
			v, reply := g.Receive(start, alice, datagram, []byte{0xee})
			sent := len(reply) - 1
			switch v.Action {
			case Admit:
				t.Fatalf("admitted without a cookie: %x", datagram)
			case Reply:
				if sent > paid || sent > MaxReply || sent > len(datagram) && !inFragments(datagram) {
					t.Fatalf("reply of %d bytes to %d", sent, len(datagram))
				}
			case Refuse:
				if sent != alertLen || sent > len(datagram) || v.Drop == wire.DropNone || v.Err.Error() == "" {
					t.Fatalf("refused for %v, %v: reply of %d bytes to %d", v.Drop, v.Err, sent, len(datagram))
				}
			case Drop:
				if sent != 0 || v.Drop == wire.DropNone {
					t.Fatalf("dropped for %v, reply %x", v.Drop, reply)
				}
			}
			if !bytes.Equal(datagram, before) {
				t.Fatal("the datagram was changed")
			}
		}
	})
}

// inFragments reports whether there is a part of a hello in the datagram.
func inFragments(datagram []byte) bool {
	for len(datagram) > 0 {
		record, rest, err := wire.ParseRecord(datagram)
		if err != nil {
			return false
		}
		for payload := record.Payload; len(payload) > 0; {
			f, after, err := wire.ParseFragment(payload)
			if err != nil {
				break
			}
			if f.Type == wire.TypeClientHello && !f.Whole() {
				return true
			}
			payload = after
		}
		datagram = rest
	}
	return false
}

// The first datagram asks for a cookie; the second is built from it and from what the fuzzer says. It is
// admitted exactly if neither the cookie nor anything that it covers has changed.
func FuzzCookie13(f *testing.F) {
	f.Add([]byte{1, 2, 3}, []byte{4, 5}, []byte{0x13, 1, 0x13, 2, 0, 0xa8}, []byte{0}, []byte{}, uint8(0))
	f.Add([]byte{1, 2, 3}, []byte{4, 5}, []byte{0x13, 1, 0x13, 2, 0, 0xa8}, []byte{0}, []byte{0, 0, 0, 1}, uint8(0))
	f.Add([]byte{1, 2, 3}, []byte{4}, []byte{0x13, 1}, []byte{0, 1}, []byte{}, uint8(1))
	f.Fuzz(func(t *testing.T, random, sessionID, suites, compression, flips []byte, cut uint8) {
		g, first := newGate13(t, Config{RingSlots: 1, RingSlotSize: 64}), newHello13()
		request := wantRetry(t, g, start, alice, first.datagram(position{}), position{})
		second := first.again(request)
		second.Random, second.SessionID, second.CipherSuites, second.CompressionMethods = [32]byte{}, sessionID, suites, compression
		copy(second.Random[:], random)
		cookie := bytes.Clone(request.Cookie)
		for i := range min(len(flips), len(cookie)) {
			cookie[i] ^= flips[i]
		}
		second.ext.Cookie = cookie[:len(cookie)-int(cut)%len(cookie)]
		body := second.body()
		if len(body) == 0 || len(body) > 1<<14 {
			return
		}
		v, _ := g.Receive(start, alice, second.datagram(position{1, 1}), nil)
		same := second.Random == first.Random && bytes.Equal(second.ext.Cookie, request.Cookie) &&
			bytes.Equal(sessionID, first.SessionID) && bytes.Equal(suites, first.CipherSuites) &&
			bytes.Equal(compression, first.CompressionMethods)
		if (v.Action == Admit) != same {
			t.Errorf("%v of %+v, same as before: %v", v.Action, second, same)
		}
	})
}
