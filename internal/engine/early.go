package engine

import (
	"slices"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// maxEarly bounds what is kept of the epoch to come, in bytes: the rest of
// one flight.
const maxEarly = 4 << 10

// early keeps records of epoch 1 that arrive before its keys are there,
// because the message before them is lost or a question is open. What it
// keeps counts in the limit of the reassembly too.
type early struct {
	records [][]byte
	used    int
}

func (e *early) any() bool { return len(e.records) > 0 }

// keepEarly copies a record for later, within bounds.
func (h *handshake) keepEarly(record []byte) {
	cost := chunkCost + len(record)
	if h.early.used+cost > maxEarly || !h.reassembly.affords(cost) {
		h.a.drop(wire.DropFutureEpoch)
		return
	}
	h.early.used += cost
	h.reassembly.used += cost
	h.early.records = append(h.early.records, slices.Clone(record))
}

// replayEarly takes the records kept, now that they can be opened. Where they
// came from is forgotten, so that they tell nothing about the last datagram.
func (h *handshake) replayEarly() {
	records := h.early.records
	h.reassembly.used -= h.early.used
	h.early = early{}
	newest := h.a.newest
	for _, record := range records {
		h.a.receiveNext(record)
	}
	h.a.newest = newest
}
