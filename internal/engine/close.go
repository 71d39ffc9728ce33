package engine

import (
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// Close says goodbye to the peer with a close_notify, once, and does not wait
// for an answer. Closing again does nothing.
func (a *Association) Close(now time.Time) {
	a.ws.begin()
	if a.phase == phaseClosed {
		return
	}
	a.sendAlert(wire.AlertWarning, wire.AlertCloseNotify)
	a.finish(ErrClosed)
}

// Abort ends the association for a reason of the owner's, and tells the peer
// with the alert of [AlertFor]. After the end it does nothing.
func (a *Association) Abort(now time.Time, err error) {
	a.ws.begin()
	if a.phase != phaseClosed {
		a.fail(err)
	}
}

// fail ends the association for a reason of ours, and tells the peer.
func (a *Association) fail(err error) {
	a.sendAlert(wire.AlertFatal, AlertFor(err))
	a.finish(err)
}

// finish ends the association without a word to the peer. No secret outlives
// it.
func (a *Association) finish(err error) {
	a.phase = phaseClosed
	if a.hs != nil {
		clear(a.hs.master[:])
		a.hs.schedule.abandon()
		a.hs = nil
	}
	a.linger, a.delivery = nil, nil
	a.older.wipe()
	a.older = nil
	a.read.wipe()
	a.write.wipe()
	a.resumption.Wipe()
	clear(a.secrets)
	a.secrets = nil
	a.ws.push(Event{Kind: EventClosed, Err: err})
}

func (h *half) wipe() {
	clear(h.keys)
	h.traffic.Wipe()
	*h = half{}
}
