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
	records []wire.Record
	used    int
}

func (e *early) any() bool { return len(e.records) > 0 }

// keepEarly copies a record for later, within bounds.
func (h *handshake) keepEarly(r wire.Record) {
	cost := chunkCost + len(r.Payload)
	if h.early.used+cost > maxEarly || !h.reassembly.affords(cost) {
		h.a.drop(wire.DropFutureEpoch)
		return
	}
	h.early.used += cost
	h.reassembly.used += cost
	r.Payload = slices.Clone(r.Payload)
	h.early.records = append(h.early.records, r)
}

// replayEarly takes the records kept, now that they can be opened.
func (h *handshake) replayEarly() {
	records := h.early.records
	h.reassembly.used -= h.early.used
	h.early = early{}
	for _, r := range records {
		h.a.receiveRecord(r)
	}
}
