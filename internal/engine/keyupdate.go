package engine

import (
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// KeyUpdate has the association go on with new keys for what it sends and, with
// request set, asks the peer to do the same. The keys change when the peer has
// acknowledged it; while one update is on its way, another does nothing.
//
// It fails with [ErrClosed], [ErrNotEstablished], [ErrNoKeyUpdate] in DTLS 1.2,
// or [ErrSequenceExhausted] when there are no epochs left.
//
// RFC 8446, Section 4.6.3, and RFC 9147, Section 8.
func (a *Association) KeyUpdate(now time.Time, request bool) error {
	a.ws.begin()
	if err := a.usable(); err != nil {
		return err
	}
	switch {
	case a.suite13 == nil:
		return ErrNoKeyUpdate
	case a.updating():
		return nil
	default:
		return a.sendKeyUpdate(now, request)
	}
}

// updating reports whether an update of ours is not acknowledged yet.
func (a *Association) updating() bool { return a.posting(wire.TypeKeyUpdate) }

// mayUpdate reports whether our keys may change.
func (a *Association) mayUpdate() bool { return a.write.epoch < maxEpoch && !a.ceiling.holds() }

func (a *Association) sendKeyUpdate(now time.Time, request bool) error {
	if !a.mayUpdate() {
		return ErrSequenceExhausted
	}
	return a.post(now, letter{wire.TypeKeyUpdate, wire.KeyUpdate{Request: request}.AppendTo(nil)})
}

// useNextWriteKeys goes on with new keys, as the peer is ready for them.
func (a *Association) useNextWriteKeys(now time.Time) {
	next := a.suite13.NextTraffic(a.write.traffic)
	a.writeWith(a.write.epoch+1, a.suite13.TrafficKeys(next), next)
	d := a.delivery
	a.older.forgetWrites()
	a.ws.push(Event{Kind: EventKeyUpdate, Message: Message{Sent: true}})
	letters := d.waiting
	d.waiting = nil
	if len(letters) == 0 {
		return
	}
	if err := a.post(now, letters...); err != nil {
		a.fail(err)
	}
}

// receiveKeyUpdate goes on with the peer's new keys. A request for new keys of
// ours is passed over where there can be none.
//
// RFC 9147, Section 8.
func (a *Association) receiveKeyUpdate(now time.Time, m message) error {
	update, err := wire.ParseKeyUpdate(m.body)
	if err != nil {
		return err
	}
	if typ, ok := a.delivery.reassembly.pending(m.epoch); ok {
		// RFC 8446, Section 5.1: what follows has other keys.
		return refuse(wire.AlertUnexpectedMessage, "unexpected %v: after key_update under the same keys", typ)
	}
	if m.epoch != a.read.epoch || a.read.epoch == maxEpoch {
		return refuse(wire.AlertUnexpectedMessage, "key_update in epoch %d, where %d is in use", m.epoch, a.read.epoch)
	}
	next := a.suite13.NextTraffic(a.read.traffic)
	a.readWith(now, a.read.epoch+1, a.suite13.TrafficKeys(next), next)
	a.ws.push(Event{Kind: EventKeyUpdate})
	if !update.Request || a.updating() || !a.mayUpdate() {
		return nil
	}
	return a.sendKeyUpdate(now, false)
}

// updateIsDue reports whether keys have done so much that they should be
// changed: before our own may protect nothing more, or before too many of the
// peer's records have failed to open.
//
// RFC 9147, Section 4.5.3.
func (a *Association) updateIsDue() bool {
	if a.phase != phaseEstablished || a.suite13 == nil {
		return false
	}
	s := a.suite13
	return (a.write.seq >= s.SealLimit-s.SealLimit/8 || a.readIsWorn()) && a.mayUpdate() && !a.updating()
}

// readIsWorn reports whether the peer has yet to be asked for new keys, with
// which fewer records have failed to open.
func (a *Association) readIsWorn() bool {
	return a.window.failed >= a.suite13.OpenLimit/2 && !a.read.replaced
}

// forceUpdate changes keys that have done much.
func (a *Association) forceUpdate(now time.Time) {
	request := a.readIsWorn()
	a.read.replaced = a.read.replaced || request
	if err := a.sendKeyUpdate(now, request); err != nil {
		a.fail(err)
	}
}
