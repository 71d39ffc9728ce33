package engine

// replayWindowSize is how many record numbers back a late record is taken,
// the preferred size of RFC 6347, Section 4.1.2.6.
const replayWindowSize = 64

// A replayWindow remembers which record numbers of one epoch were taken.
// Asking and marking are apart because only an authenticated record may move
// the window (RFC 6347, Section 4.1.2.6).
type replayWindow struct {
	next   uint64 // one above the highest number taken
	seen   uint64 // bit i: number next-1-i was taken
	failed uint64 // records that did not open; of DTLS 1.3
}

// fresh reports whether seq may still be taken.
func (w *replayWindow) fresh(seq uint64) bool {
	if seq >= w.next {
		return true
	}
	age := w.next - 1 - seq
	return age < replayWindowSize && w.seen&(1<<age) == 0
}

// newer reports whether seq is above every number taken.
func (w *replayWindow) newer(seq uint64) bool { return seq >= w.next }

// mark takes seq. It must be called only for a record that was authenticated
// and fresh.
func (w *replayWindow) mark(seq uint64) {
	if seq < w.next {
		w.seen |= 1 << (w.next - 1 - seq)
		return
	}
	w.seen = w.seen<<(seq+1-w.next) | 1
	w.next = seq + 1
}
