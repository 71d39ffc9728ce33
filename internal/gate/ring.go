package gate

import (
	"math/bits"
	"net/netip"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// slotPatience is how long a slot waits for the rest of a hello. A client that repeats a flight repeats
// its bytes; one that starts anew from the same port must not be mixed up with its past.
const slotPatience = 15 * time.Second

// A ring puts together ClientHellos that arrive in fragments. It has a fixed number of slots of fixed
// size, one for each address and port that sends fragments; when all are taken, the oldest is taken
// over. So its memory never follows the number of senders.
type ring struct {
	slots []slot
	size  int    // of a slot's body
	last  int    // the slot used last: fragments come in runs
	turn  uint64 // counts how often a slot was taken
}

// A slot holds what has arrived of one hello.
type slot struct {
	peer     netip.AddrPort
	taken    uint64 // the turn in which it was taken; 0 when free
	since    time.Time
	seq      uint16 // message_seq
	length   int    // of the whole message
	received int    // bytes of it that are there
	body     []byte
	present  []uint64 // a bit for each byte of body
}

func newRing(slots, size int) ring {
	r := ring{slots: make([]slot, slots), size: size}
	for i := range r.slots {
		r.slots[i].body = make([]byte, size)
		r.slots[i].present = make([]uint64, (size+63)/64)
	}
	return r
}

// add takes in a fragment of a ClientHello. It returns the whole body when nothing is missing any more,
// and frees the slot; the bytes stay until the next call. Of a fragment that is not kept it returns the
// reason.
func (r *ring) add(now time.Time, peer netip.AddrPort, f wire.Fragment) ([]byte, wire.Drop) {
	if len(f.Body) == 0 {
		return nil, wire.DropMalformedHello // it would take a slot and bring nothing
	}
	if int(f.Length) > r.size {
		return nil, wire.DropReassemblyLimit
	}
	s, ok := r.find(peer)
	if !ok || !s.continues(now, f) {
		r.turn++
		s.start(now, peer, r.turn, f)
	}
	s.fill(int(f.Offset), f.Body)
	if s.received < s.length {
		return nil, wire.DropNone
	}
	s.taken = 0
	return s.body[:s.length:s.length], wire.DropNone
}

// find returns the slot of peer and true, or else the slot to take: a free one, or the oldest.
func (r *ring) find(peer netip.AddrPort) (*slot, bool) {
	if s := &r.slots[r.last]; s.holds(peer) {
		return s, true
	}
	oldest := 0
	for i := range r.slots {
		if r.slots[i].holds(peer) {
			r.last = i
			return &r.slots[i], true
		}
		if r.slots[i].taken < r.slots[oldest].taken {
			oldest = i
		}
	}
	r.last = oldest
	return &r.slots[oldest], false
}

func (s *slot) holds(peer netip.AddrPort) bool { return s.taken != 0 && s.peer == peer }

// continues reports whether f belongs to the hello that the slot holds.
func (s *slot) continues(now time.Time, f wire.Fragment) bool {
	return s.seq == f.Seq && s.length == int(f.Length) && now.Sub(s.since) <= slotPatience
}

// start empties the slot for the hello of f.
func (s *slot) start(now time.Time, peer netip.AddrPort, turn uint64, f wire.Fragment) {
	s.peer, s.taken, s.since = peer, turn, now
	s.seq, s.length, s.received = f.Seq, int(f.Length), 0
	clear(s.present)
}

// fill copies content to its place and counts the bytes that were missing.
func (s *slot) fill(offset int, content []byte) {
	copy(s.body[offset:], content)
	for from, end := offset, offset+len(content); from < end; {
		to := min(end, (from|63)+1) // up to the end of this word
		mask := ^uint64(0) >> (64 - (to - from)) << (from % 64)
		word := &s.present[from/64]
		s.received += bits.OnesCount64(mask &^ *word)
		*word |= mask
		from = to
	}
}
