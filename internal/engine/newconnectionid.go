package engine

import (
	"bytes"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// In DTLS 1.3 an association can change its connection IDs, so that one that
// moves to another address cannot be recognised there by those who watch both:
// RFC 9147, Section 9.

// The numbers of connection IDs that are kept.
const (
	// maxOwnCIDs is how many the peer may use at a time.
	maxOwnCIDs = 4
	// maxSpareCIDs is how many of the peer's wait to be used.
	maxSpareCIDs = 4
)

// RequestCIDs asks the peer for that many connection IDs, to be used after
// [Association.UseNextCID]. While a request is unanswered, another does nothing.
//
// It fails with [ErrClosed], [ErrNotEstablished], [ErrNoNewCIDs] in DTLS 1.2 or
// where the peer does not use connection IDs, or [ErrSequenceExhausted].
func (a *Association) RequestCIDs(now time.Time, n int) error {
	a.ws.begin()
	if err := a.usable(); err != nil {
		return err
	}
	switch {
	case a.suite13 == nil, len(a.peerCID()) == 0:
		return ErrNoNewCIDs
	case a.cids.requested:
		return nil
	}
	a.cids.requested = true
	m := wire.RequestConnectionID{Count: uint8(min(max(n, 1), maxSpareCIDs))}
	return a.post(now, letter{wire.TypeRequestConnectionID, m.AppendTo(nil)})
}

// UseNextCID goes on with a connection ID that the peer has not seen yet. It
// reports false if there is none: the present one stays in use.
func (a *Association) UseNextCID() bool {
	if a.cids == nil || len(a.cids.spare) == 0 {
		return false
	}
	c := a.cids
	n := 1 + int(c.spare[0])
	c.peer, c.spare = c.spare[1:n], c.spare[n:]
	return true
}

// receiveRequestCID gives the peer connection IDs that it may use later.
func (a *Association) receiveRequestCID(now time.Time, m message) error {
	request, err := wire.ParseRequestConnectionID(m.body)
	if err != nil {
		return err
	}
	if a.cidLen() == 0 {
		return refuse(wire.AlertUnexpectedMessage, "unexpected %v: there are no connection IDs to ask for", m.typ)
	}
	a.cids.owed, a.cids.owes = request.Count, true
	return a.answerCIDRequest(now)
}

// answerCIDRequest gives the peer the connection IDs that it asked for, once the
// last ones have arrived.
//
// RFC 9147, Section 9: there is at most one NewConnectionId on its way.
func (a *Association) answerCIDRequest(now time.Time) error {
	if a.cids == nil || !a.cids.owes || a.posting(wire.TypeNewConnectionID) {
		return nil
	}
	a.cids.owes = false
	var cids [][]byte
	// An association that was restored may have an owner who makes others, or
	// none.
	if source := a.cfg.CIDs; source != nil && source.CIDLen() == a.cidLen() {
		// The one that the peer uses stays good.
		for range min(int(a.cids.owed), maxOwnCIDs-1-int(a.cids.unseen)) {
			cid, err := a.newCID()
			if err != nil {
				return err
			}
			if !a.cids.includes(cid) { // short ones are few
				cids = append(cids, cid)
				a.admitCID(cid)
			}
		}
	}
	reply := wire.NewConnectionID{CIDs: wire.AppendOpaque8s(nil, cids...), Usage: wire.CIDSpare}
	return a.post(now, letter{wire.TypeNewConnectionID, reply.AppendTo(nil)})
}

// admitCID lets the peer use another connection ID. Beyond their number, the
// oldest is no longer good.
func (a *Association) admitCID(cid []byte) {
	c := a.cids
	own := append(bytes.Clone(c.own), cid...) // who was told of one may look at it for a while
	a.ws.push(Event{Kind: EventCIDIssued, Data: cid})
	if n := int(c.ownLen); len(own) > maxOwnCIDs*n {
		a.ws.push(Event{Kind: EventCIDRetired, Data: own[:n:n]})
		own = own[n:]
	}
	c.own = own
	c.unseen = uint8(min(int(c.unseen)+1, c.count()-1))
}

// receiveNewCID takes connection IDs that the peer wants to see from now on, or
// when we move.
func (a *Association) receiveNewCID(m message) error {
	news, err := wire.ParseNewConnectionID(m.body)
	if err != nil {
		return err
	}
	if len(a.peerCID()) == 0 {
		return refuse(wire.AlertUnexpectedMessage, "unexpected %v: the peer uses no connection IDs", m.typ)
	}
	c := a.cids
	c.requested = false
	if news.Usage == wire.CIDImmediate {
		c.spare = nil
	}
	spare := slices.Collect(c.spare.All())
	for cid := range news.CIDs.All() {
		if len(cid) > 0 && len(spare) < maxSpareCIDs {
			spare = append(spare, cid)
		}
	}
	c.spare = wire.AppendOpaque8s(nil, spare...)
	if news.Usage == wire.CIDImmediate && !a.UseNextCID() {
		return refuse(wire.AlertIllegalParameter, "%v for immediate use has no connection ID", m.typ)
	}
	return nil
}

// posting reports whether a message of that type is not acknowledged yet.
func (a *Association) posting(t wire.HandshakeType) bool {
	d := a.delivery
	return d != nil && (slices.ContainsFunc(d.flight.messages, func(m outgoing) bool { return m.typ == t }) ||
		slices.ContainsFunc(d.waiting, func(l letter) bool { return l.typ == t }))
}
