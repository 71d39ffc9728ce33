package engine

import (
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// maxEarly bounds what is kept of epochs to come, in bytes: the rest of one
// flight.
const maxEarly = 4 << 10

// early keeps records that arrive before their keys are there, because the
// message before them is lost or a question is open. What it keeps counts in the
// limit of the reassembly too.
type early struct {
	records [][]byte
	used    int
	due     bool // there are new keys to try them with
}

// keepEarly copies a record for later, within bounds.
func (h *handshake) keepEarly(raw []byte) {
	cost := chunkCost + len(raw)
	if h.early.used+cost > maxEarly || !h.reassembly.affords(cost) {
		h.a.drop(wire.DropFutureEpoch)
		return
	}
	h.early.used += cost
	h.reassembly.used += cost
	h.early.records = append(h.early.records, slices.Clone(raw))
}

// take returns what was kept, and forgets it.
func (e *early) take(d *delivery) [][]byte {
	records := e.records
	d.reassembly.used -= e.used
	*e = early{}
	return records
}

// replay takes records that were kept, now that they can be opened. Where they
// came from is forgotten, so that they tell nothing about the last datagram.
func (a *Association) replay(now time.Time, records [][]byte) {
	newest := a.newest
	for _, raw := range records {
		a.receiveNext(now, raw)
	}
	a.newest = newest
}
