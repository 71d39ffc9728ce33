package gate

import (
	"math/rand/v2"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// hybridHello returns a first hello that does not fit into a datagram of usual size.
func hybridHello() hello13 {
	h := newHello13()
	h.prefer(wire.GroupX25519MLKEM768)
	h.share(wire.GroupX25519MLKEM768, wire.GroupX25519)
	return h
}

// sendFragments gives the gate the fragments, and returns what it says about the last one. The others must be
// kept.
func sendFragments(t *testing.T, g *Gate, from uint64, fragments []wire.Fragment) (v Verdict, reply []byte) {
	t.Helper()
	last := len(fragments) - 1
	for i, f := range fragments[:last] {
		wantKept(t, g, start, alice, recordOf(from+uint64(i), f))
	}
	return g.Receive(start, alice, recordOf(from+uint64(last), fragments[last]), nil)
}

func TestHellosOfDTLS13ArriveInFragments(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 100 {
		g, first := newGate13(t, Config{}), hybridHello()
		fragments := fragmentsOf(first.body(), 0, 30+random.IntN(1400))
		random.Shuffle(len(fragments), func(i, j int) { fragments[i], fragments[j] = fragments[j], fragments[i] })
		v, reply := sendFragments(t, g, 0, fragments)
		if v.Action != Reply {
			t.Fatalf("seed %d, round %d: %v, reason %v", seed, round, v.Action, v.Drop)
		}
		request := checkRetry(t, reply, position{uint64(len(fragments) - 1), 0})

		second := first.again(request)
		fragments = fragmentsOf(second.body(), 1, 30+random.IntN(1400))
		random.Shuffle(len(fragments), func(i, j int) { fragments[i], fragments[j] = fragments[j], fragments[i] })
		v, reply = sendFragments(t, g, 100, fragments)
		if v.Action != Admit || reply != nil || v.MessageSeq != 1 || v.RecordSeq != uint64(99+len(fragments)) {
			t.Fatalf("seed %d, round %d: %v, reason %v", seed, round, v.Action, v.Drop)
		}
		checkRetried(t, v, first, request)
	}
}

// With post-quantum shares it is common that the last fragment is smaller than the answer. The client has
// paid for that with all of them.
func TestR24AnswerIsPaidForByAllFragments(t *testing.T) {
	g, first := newGate13(t, Config{}), hybridHello()
	body := first.body()
	fragments := fragmentsOf(body, 0, len(body)-10)
	v, reply := sendFragments(t, g, 0, fragments)
	if v.Action != Reply || len(reply) > len(body) {
		t.Fatalf("%v, reason %v, reply of %d bytes to %d", v.Action, v.Drop, len(reply), len(body))
	}
	// It is spent now: the small one alone brings nothing.
	wantKept(t, g, start, alice, recordOf(2, fragments[1]))

	short := newHello13()
	short.SessionID, short.ext.ServerName, short.ext.ALPN = nil, "", nil
	short.share()
	fragments = fragmentsOf(short.body(), 0, 20)
	if v, reply := sendFragments(t, g, 0, fragments); v.Action != Drop || v.Drop != wire.DropReplyTooLong || reply != nil {
		t.Errorf("%v, reason %v, reply of %d bytes to %d", v.Action, v.Drop, len(reply), len(short.body()))
	}
}

func TestRefusalsOfHellosInFragments(t *testing.T) {
	g, first := newGate13(t, Config{}), hybridHello()
	first.ext.Cookie = make([]byte, 54)
	v, reply := sendFragments(t, g, 0, fragmentsOf(first.body(), 1, 1000))
	if v.Action != Refuse || v.Drop != wire.DropBadCookie || len(reply) != alertLen {
		t.Errorf("%v, reason %v, reply %x", v.Action, v.Drop, reply)
	}
}

// Its first fragment does not say that a hello is of DTLS 1.2.
func TestHelloOfDTLS12InFragmentsGoesThroughTheRing(t *testing.T) {
	g := newGate13(t, Config{})
	hello := newHello()
	hello.Extensions = wire.ClientExtensions{ServerName: "example.org", Padding: 500}.AppendTo(nil)
	fragments := fragmentsOf(hello.AppendTo(nil), 0, 200)
	v, reply := sendFragments(t, g, 0, fragments)
	if v.Action != Reply || len(reply) != challengeLen {
		t.Fatalf("%v, reason %v, reply %x", v.Action, v.Drop, reply)
	}
	hello.Cookie = reply[len(reply)-cookieLen:]
	fragments = fragmentsOf(hello.AppendTo(nil), 1, 200)
	if v, _ := sendFragments(t, g, 10, fragments); v.Action != Admit || v.Retry != nil {
		t.Errorf("%v, reason %v, retry %+v", v.Action, v.Drop, v.Retry)
	}
}
