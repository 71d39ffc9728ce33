package engine

import (
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
)

// The epochs of DTLS 1.3 that have a meaning of their own: RFC 9147,
// Section 6.1. Those after them follow from key updates.
const (
	epochEarlyData   = 1
	epochHandshake   = 2
	epochApplication = 3

	// maxEpoch is where our epochs end, well before those of the RFC: each
	// has room for more records than its key may protect.
	maxEpoch = 1<<16 - 1
)

// oldEpochLife is how long records of an epoch are taken when a newer one is
// in use: as long as a last flight can be asked for again.
const oldEpochLife = lingerTime

// maxOldReads is how many epochs of the peer's are kept behind its newest. The
// two bits of a record tell as many apart.
const maxOldReads = 3

// older are the epochs of DTLS 1.3 that are in use beside the newest ones: those
// whose records may come late, and those of messages that are not acknowledged.
// An association at rest has none.
type older struct {
	reads  []oldRead // the newest first
	writes []half
}

// An oldRead is an epoch of the peer's that has a successor.
type oldRead struct {
	half
	window replayWindow
	until  time.Time // zero while no record of a later epoch came
}

// readOf returns the keys for records of an epoch with those low bits, or nil.
//
// RFC 9147, Section 4.2.2.
func (a *Association) readOf(bits uint8) (*half, *replayWindow) {
	if a.read.epoch > 0 && uint8(a.read.epoch&3) == bits {
		return &a.read, &a.window
	}
	if a.older == nil {
		return nil, nil
	}
	for i := range a.older.reads {
		if r := &a.older.reads[i]; uint8(r.epoch&3) == bits {
			return &r.half, &r.window
		}
	}
	return nil, nil
}

// isNewest reports whether no record of the peer's came in a later epoch than that
// of h. After its KeyUpdate the peer goes on in the old epoch until it has our
// acknowledgement.
func (a *Association) isNewest(h *half) bool {
	return h.epoch == a.read.epoch || a.window.next == 0 && h.epoch+1 == a.read.epoch
}

// writeOf returns the keys that our records of an epoch above 0 are sealed with.
func (a *Association) writeOf(epoch uint16) *half {
	if a.write.epoch == epoch || a.older == nil {
		return &a.write
	}
	for i := range a.older.writes {
		if w := &a.older.writes[i]; w.epoch == epoch {
			return w
		}
	}
	return &a.write
}

// nextSeq returns the number of our next record in an epoch.
func (a *Association) nextSeq(epoch uint16) uint64 {
	if epoch == 0 {
		return a.plainSeq
	}
	return a.writeOf(epoch).seq
}

// readWith takes the records of the peer from now on with other keys. The traffic
// secret is given where a KeyUpdate may follow, and is wiped then. Records of the
// epoch before are taken for a while longer, after a KeyUpdate from when the new
// keys are seen to be in use.
//
// RFC 9147, Section 8.
func (a *Association) readWith(now time.Time, epoch uint16, keys suite.Keys, traffic suite.Secret) {
	a.read.traffic.Wipe()
	if a.read.epoch > 0 {
		o := a.olderEpochs()
		old := oldRead{half: a.read, window: a.window}
		if old.epoch < epochApplication {
			old.until = now.Add(oldEpochLife)
		}
		o.reads = slices.Insert(o.reads, 0, old)
		for len(o.reads) > maxOldReads {
			o.dropOldestRead()
		}
	}
	a.read = half{keys: keys, traffic: traffic, epoch: epoch}
	a.window = replayWindow{}
}

// writeWith protects our records from now on with other keys, as readWith does.
// Messages that were sent in the epoch before are repeated in it.
func (a *Association) writeWith(epoch uint16, keys suite.Keys, traffic suite.Secret) {
	a.write.traffic.Wipe()
	if a.write.epoch > 0 {
		o := a.olderEpochs()
		o.writes = append(o.writes, a.write)
	}
	a.write = half{keys: keys, traffic: traffic, epoch: epoch}
}

func (a *Association) olderEpochs() *older {
	if a.older == nil {
		a.older = &older{}
	}
	return a.older
}

// forgetWrites drops the keys of messages, all of which have arrived.
func (o *older) forgetWrites() {
	if o == nil {
		return
	}
	for i := range o.writes {
		o.writes[i].wipe()
	}
	o.writes = nil
}

// succeed hears of a record of the newest epoch of the peer.
func (o *older) succeed(now time.Time) {
	if o == nil {
		return
	}
	for i := range o.reads {
		if r := &o.reads[i]; r.until.IsZero() {
			r.until = now.Add(oldEpochLife)
		}
	}
}

func (o *older) dropOldestRead() {
	last := len(o.reads) - 1
	o.reads[last].wipe()
	o.reads = o.reads[:last]
}

// expire drops the keys whose time is over.
func (a *Association) expire(now time.Time) {
	o := a.older
	if o == nil {
		return
	}
	for len(o.reads) > 0 && due(o.reads[len(o.reads)-1].until, now) {
		o.dropOldestRead()
	}
	if len(o.reads) == 0 && len(o.writes) == 0 {
		a.older = nil
	}
}

// settled reports whether there are no epochs of messages that are not
// acknowledged.
func (o *older) settled() bool { return o == nil || len(o.writes) == 0 }

// deadline returns when the next keys are to be dropped, or the zero time. Those
// of older epochs are dropped first.
func (o *older) deadline() time.Time {
	if o == nil || len(o.reads) == 0 {
		return time.Time{}
	}
	return o.reads[len(o.reads)-1].until
}

func (o *older) trim() {
	if o == nil {
		return
	}
	for i := range o.reads {
		o.reads[i].trim()
	}
	for i := range o.writes {
		o.writes[i].trim()
	}
}

func (o *older) wipe() {
	if o == nil {
		return
	}
	o.forgetWrites()
	for i := range o.reads {
		o.reads[i].wipe()
	}
}
