package engine

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

const (
	testLimit      = 8 << 10
	testMaxMessage = 32 << 10
)

func newReassembly() *reassembly {
	return &reassembly{limit: testLimit, maxMessage: testMaxMessage}
}

// part is bytes [start, end) of a certificate message.
func part(seq uint16, body []byte, start, end int) wire.Fragment {
	return wire.Fragment{
		Type:   wire.TypeCertificate,
		Length: uint32(len(body)),
		Seq:    seq,
		Offset: uint32(start),
		Body:   body[start:end],
	}
}

func numbered(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8)
	}
	return b
}

// checkBooks requires that what r says it keeps is what it keeps, and no more
// than it may.
func checkBooks(t testing.TB, r *reassembly) {
	t.Helper()
	cost, bytes := 0, 0
	for i := range r.slots {
		p := &r.slots[i]
		end, have := uint32(0), uint32(0)
		for j, c := range p.chunks {
			if j > 0 && c.offset < end {
				t.Fatalf("message %d: chunk at %d overlaps the one before it", i, c.offset)
			}
			end = c.end()
			have += uint32(len(c.data))
			bytes += len(c.data)
		}
		if have != p.have || end > p.length {
			t.Fatalf("message %d of %d bytes: chunks of %d bytes end at %d, books say %d", i, p.length, have, end, p.have)
		}
		cost += p.cost()
	}
	if cost != r.used || r.used > r.limit || bytes > r.limit {
		t.Fatalf("books say %d of %d bytes, messages cost %d and hold %d", r.used, r.limit, cost, bytes)
	}
}

func wantTaken(t *testing.T, r *reassembly, seq uint16, body []byte) {
	t.Helper()
	m, ok := r.take()
	if !ok || m.seq != seq || !bytes.Equal(m.body, body) {
		t.Errorf("took message %d with %d bytes: %v, want %d with %d", m.seq, len(m.body), ok, seq, len(body))
	}
}

func wantNone(t *testing.T, r *reassembly) {
	t.Helper()
	if m, ok := r.take(); ok {
		t.Errorf("took message %d too early", m.seq)
	}
}

func wantAnswer(t *testing.T, got, want wire.Drop, sentence string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", sentence, got, want)
	}
}

func TestR01FragmentsOfAMessageAgree(t *testing.T) {
	body := numbered(100)
	for _, test := range []struct {
		name   string
		change func(f *wire.Fragment)
	}{
		{"another type", func(f *wire.Fragment) { f.Type = wire.TypeClientKeyExchange }},
		{"a longer message", func(f *wire.Fragment) { f.Length = 101 }},
		{"a shorter message", func(f *wire.Fragment) { f.Length = 99 }},
		{"the longest message", func(f *wire.Fragment) { f.Length = testMaxMessage }},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newReassembly()
			wantAnswer(t, r.add(0, part(0, body, 0, 50)), wire.DropNone, "the first fragment decides")
			odd := part(0, body, 50, 80)
			test.change(&odd)
			wantAnswer(t, r.add(0, odd), wire.DropFragmentConflict, test.name)
			wantAnswer(t, r.add(0, part(0, body, 50, 100)), wire.DropNone, "the rest still fits")
			checkBooks(t, r)
			wantTaken(t, r, 0, body)
		})
	}
}

func TestR01AuthenticatedFragmentsOverruleWhatAnyoneMaySend(t *testing.T) {
	body := numbered(12)
	r := newReassembly()
	r.next = 5
	wantAnswer(t, r.add(0, part(6, body, 0, 4)), wire.DropNone, "a fragment that anyone may have sent")
	finished := wire.Fragment{Type: wire.TypeFinished, Length: 12, Seq: 6, Body: body}
	wantAnswer(t, r.add(1, finished), wire.DropNone, "an authenticated one in its place")
	wantAnswer(t, r.add(0, part(6, body, 4, 8)), wire.DropFragmentConflict, "the other's second half")
	checkBooks(t, r)
	r.add(0, part(5, nil, 0, 0))
	wantTaken(t, r, 5, nil)
	if m, ok := r.take(); !ok || m.typ != wire.TypeFinished || m.epoch != 1 {
		t.Errorf("took %v of epoch %d: %v", m.typ, m.epoch, ok)
	}
}

func TestR08MessageDoesNotSpanEpochs(t *testing.T) {
	body := numbered(100)
	r := newReassembly()
	r.add(0, part(0, body, 0, 60))
	wantAnswer(t, r.add(1, part(0, body, 60, 100)), wire.DropNone, "the second half, of another epoch")
	wantNone(t, r)
	wantAnswer(t, r.add(0, part(0, body, 0, 60)), wire.DropFragmentConflict, "the first half again")
	wantNone(t, r)
	checkBooks(t, r)
	r.add(1, part(0, body, 0, 60))
	wantTaken(t, r, 0, body)
}

func TestFragmentsInAnyOrderMakeTheMessage(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := newReassembly()
		body := numbered(1 + random.IntN(600))
		var order []wire.Fragment
		for start := 0; start < len(body); {
			end := min(len(body), start+1+random.IntN(60))
			// Most fragments reach into their neighbours.
			from, to := max(0, start-random.IntN(20)), min(len(body), end+random.IntN(20))
			order = append(order, part(0, body, from, to))
			if random.IntN(4) == 0 {
				order = append(order, part(0, body, start, start))
			}
			start = end
		}
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, f := range order {
			if drop := r.add(0, f); drop != wire.DropNone && drop != wire.DropDuplicateMessage {
				t.Fatalf("seed %d: fragment [%d, %d) dropped: %v", seed, f.Offset, int(f.Offset)+len(f.Body), drop)
			}
			checkBooks(t, r)
		}
		if m, ok := r.take(); !ok || !bytes.Equal(m.body, body) {
			t.Fatalf("seed %d: message complete: %v; %x, want %x", seed, ok, m.body, body)
		}
		if r.used != 0 {
			t.Fatalf("seed %d: %d bytes still in the books", seed, r.used)
		}
	}
}

func TestMessagesAreTakenInTheirOrder(t *testing.T) {
	r := newReassembly()
	r.next = 65533 // and so to the end of the numbers, which do not begin again
	bodies := [][]byte{numbered(10), nil, numbered(30)}
	for i := range slices.Backward(bodies) {
		wantNone(t, r)
		wantAnswer(t, r.add(0, part(65533+uint16(i), bodies[i], 0, len(bodies[i]))), wire.DropNone, "a whole message")
	}
	for i, body := range bodies {
		wantTaken(t, r, 65533+uint16(i), body)
	}
	wantNone(t, r)
	wantAnswer(t, r.add(0, part(0, bodies[2], 0, 30)), wire.DropDuplicateMessage, "a message taken before")

	r = newReassembly()
	r.next = 1
	wantAnswer(t, r.add(0, part(1+messageWindow-1, bodies[2], 0, 30)), wire.DropNone, "the furthest message that is kept")
	wantAnswer(t, r.add(0, part(1+messageWindow, bodies[2], 0, 30)), wire.DropFutureMessage, "one further")
}

func TestRepeatedFragmentsAreCountedAsSuch(t *testing.T) {
	r := newReassembly()
	body := numbered(100)
	r.add(0, part(0, body, 20, 60))
	wantAnswer(t, r.add(0, part(0, body, 30, 50)), wire.DropDuplicateMessage, "bytes that are all here")
	wantAnswer(t, r.add(0, part(0, body, 50, 70)), wire.DropNone, "bytes some of which are news")
	wantAnswer(t, r.add(0, part(0, body, 0, 0)), wire.DropDuplicateMessage, "no bytes")
	checkBooks(t, r)
}

func TestR02CapHoldsUnderAnyArrangement(t *testing.T) {
	long := numbered(testMaxMessage)
	single := func(i int) wire.Fragment { return part(0, long, i, i+1) }
	for _, test := range []struct {
		name string
		next func(i int) wire.Fragment
	}{
		{"single bytes in order", single},
		{"single bytes backwards", func(i int) wire.Fragment { return single(len(long) - 1 - i) }},
		{"every second byte", func(i int) wire.Fragment { return single(2 * i % len(long)) }},
		{"no bytes at all", func(i int) wire.Fragment { return part(uint16(i), long, i, i) }},
		{"the longest fragments of each message", func(i int) wire.Fragment { return part(uint16(i%messageWindow), long, 0, 1400) }},
		{"fragments that overlap by one byte", func(i int) wire.Fragment { return part(uint16(i%messageWindow), long, i*7, i*7+9) }},
		{"whole messages to come", func(i int) wire.Fragment { return part(1+uint16(i%7), long[:1200], 0, 1200) }},
		{"messages that declare 16 MB", func(i int) wire.Fragment {
			return wire.Fragment{Type: wire.TypeCertificate, Length: 1<<24 - 1, Seq: uint16(i), Body: long[:1000]}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newReassembly()
			for i := range 4000 {
				r.add(0, test.next(i))
			}
			checkBooks(t, r)
		})
	}
}

func TestR02CapIsExact(t *testing.T) {
	body := numbered(1000)
	const overhead = 2 * chunkCost // of a message and of a chunk
	r := &reassembly{limit: overhead + 100 + chunkCost + 10, maxMessage: testMaxMessage}
	wantAnswer(t, r.add(0, part(0, body, 0, 100)), wire.DropNone, "100 bytes")
	wantAnswer(t, r.add(0, part(0, body, 500, 511)), wire.DropReassemblyLimit, "one byte more than is left")
	wantAnswer(t, r.add(0, part(0, body, 500, 510)), wire.DropNone, "what is left")
	wantAnswer(t, r.add(0, part(1, body, 0, 0)), wire.DropReassemblyLimit, "nothing at all of another message")
	checkBooks(t, r)
	if r.used != r.limit {
		t.Errorf("%d of %d bytes used", r.used, r.limit)
	}
	r = &reassembly{limit: overhead + 99, maxMessage: testMaxMessage}
	wantAnswer(t, r.add(0, part(0, body, 0, 100)), wire.DropReassemblyLimit, "a first fragment of one byte more than is allowed")
	wantAnswer(t, r.add(0, part(0, body, 0, 99)), wire.DropNone, "a first fragment that fits")
}

func TestR02CapHoldsForRandomFragments(t *testing.T) {
	long := numbered(testMaxMessage)
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 2))
		r := newReassembly()
		for range 500 {
			length := 1 + random.IntN(len(long))
			start := random.IntN(length)
			end := min(length, start+random.IntN(1+random.IntN(1400)))
			f := part(uint16(random.IntN(10)), long[:length], start, end)
			f.Type = wire.HandshakeType(random.IntN(3))
			r.add(uint16(random.IntN(2)), f)
			r.take()
		}
		checkBooks(t, r)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestR02MemoryFollowsTheBytesReceived(t *testing.T) {
	r := newReassembly()
	long := numbered(testMaxMessage)
	for seq := range uint16(messageWindow) {
		r.add(0, part(seq, long, 0, 10))
	}
	for i := range r.slots {
		for _, c := range r.slots[i].chunks {
			if cap(c.data) > 64 {
				t.Errorf("10 bytes of a message of %d occupy %d", len(long), cap(c.data))
			}
		}
	}
	body := long[:1000]
	allocated := testing.AllocsPerRun(10, func() { r.add(0, part(0, body, 0, 10)) })
	if allocated > 0 {
		t.Errorf("a fragment that contradicts the others costs %v allocations", allocated)
	}
}

func TestMessageAboveTheLimitIsNotBegun(t *testing.T) {
	r := newReassembly()
	long := numbered(testMaxMessage + 1)
	wantAnswer(t, r.add(0, part(0, long, 0, 1)), wire.DropReassemblyLimit, "a message of one byte too many")
	wantAnswer(t, r.add(0, part(0, long[:testMaxMessage], 0, 1)), wire.DropNone, "the longest message")
}

func FuzzReassembly(f *testing.F) {
	f.Add([]byte{0, 0, 100, 0, 0, 100})
	f.Add([]byte{0, 50, 100, 0, 0, 60, 1, 0, 9, 17, 3, 30})
	f.Fuzz(func(t *testing.T, script []byte) {
		body := numbered(100)
		r := newReassembly()
		for ; len(script) >= 3; script = script[3:] {
			start := int(script[1]) % (len(body) + 1)
			end := min(len(body), start+int(script[2]))
			r.add(uint16(script[0]>>7), part(uint16(script[0]&15), body, start, end))
			checkBooks(t, r)
			if m, ok := r.take(); ok && !bytes.Equal(m.body, body) {
				t.Fatalf("message %d became %x", m.seq, m.body)
			}
		}
	})
}
