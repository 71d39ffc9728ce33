package engine

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A CIDSource makes connection IDs. They all have the same length, at most 255
// bytes; 0 means that we do not need one ourselves and only put the peer's into
// what we send.
type CIDSource interface {
	CIDLen() int
	AppendCID(dst []byte) ([]byte, error)
}

// connectionIDs are those of an association. DTLS 1.2 has one each way.
type connectionIDs struct {
	own       []byte           // that the peer may use, the newest last, one behind the other; none if it does without
	peer      []byte           // that the peer wants to see now; may be empty
	spare     wire.Opaque8List // that the peer will want to see when we move
	ownLen    uint8            // of each of own
	unseen    uint8            // how many of the newest of own the peer has not used
	owed      uint8            // how many the peer asked for
	owes      bool             // the peer asked for more, and there was no answer yet
	requested bool             // we asked for more, and there was no answer yet
}

// cid returns the newest of the connection IDs that the peer may use, or nil.
func (a *Association) cid() []byte {
	if a.cids == nil {
		return nil
	}
	own := a.cids.own
	return own[len(own)-int(a.cids.ownLen):]
}

// cidLen returns the length of those that the peer may use, which have all the
// same.
func (a *Association) cidLen() int {
	if a.cids == nil {
		return 0
	}
	return int(a.cids.ownLen)
}

// peerCID returns what goes into our records; mostly nothing.
func (a *Association) peerCID() []byte {
	if a.cids == nil {
		return nil
	}
	return a.cids.peer
}

// includes reports whether the peer may use a connection ID.
func (c *connectionIDs) includes(cid []byte) bool {
	return c != nil && c.newer(cid) >= 0
}

// newer returns how many of ours are newer than cid, or -1 if the peer may not
// use that.
func (c *connectionIDs) newer(cid []byte) int {
	n := int(c.ownLen)
	for i, end := 0, len(c.own); n > 0 && end > 0; i, end = i+1, end-n {
		if bytes.Equal(c.own[end-n:end], cid) {
			return i
		}
	}
	return -1
}

// count returns how many of ours the peer may use.
func (c *connectionIDs) count() int { return len(c.own) / max(int(c.ownLen), 1) }

// see takes note of the connection ID in a record that is newer than all before.
func (a *Association) see(cid []byte) {
	if len(cid) > 0 {
		a.cids.unseen = uint8(a.cids.newer(cid))
	}
}

// drawCID makes the connection ID that the peer is to use, where there is to be
// one. Until it is negotiated the peer has no keys to use it with.
func (a *Association) drawCID() error {
	source := a.cfg.CIDs
	if source == nil || source.CIDLen() == 0 {
		return nil
	}
	cid, err := a.newCID()
	if err != nil {
		return err
	}
	a.cids = &connectionIDs{own: cid, ownLen: uint8(len(cid))}
	return nil
}

// newCID returns another connection ID of ours.
func (a *Association) newCID() ([]byte, error) {
	source := a.cfg.CIDs
	cid, err := source.AppendCID(nil)
	if err != nil {
		return nil, fmt.Errorf("making a connection ID: %w", err)
	}
	if n := source.CIDLen(); len(cid) != n {
		return nil, fmt.Errorf("making a connection ID: %d bytes where there have to be %d", len(cid), n)
	}
	return cid, nil
}

// offerCID puts into a client's hello what it wants of connection IDs.
func (h *handshake) offerCID(e *wire.ClientExtensions) {
	cfg := h.a.cfg
	e.HasConnectionID = cfg.CIDs != nil
	e.ConnectionID = h.a.cid()
	e.RRC = cfg.CIDs != nil && cfg.RRC
}

// answerCID takes a server's decision on what the client offered.
func (h *handshake) answerCID(e *wire.ClientExtensions) error {
	a := h.a
	if a.cfg.CIDs == nil || !e.HasConnectionID {
		return nil
	}
	if err := a.drawCID(); err != nil {
		return err
	}
	h.agreeOnCID(e.ConnectionID, a.cfg.RRC && e.RRC)
	return nil
}

// takeCID takes a server's answer to what we offered. The check of RFC 9853
// alone is worth nothing.
func (h *handshake) takeCID(e *wire.ServerExtensions) {
	if !e.HasConnectionID {
		h.a.cids = nil
		return
	}
	h.agreeOnCID(e.ConnectionID, e.RRC)
}

func (h *handshake) agreeOnCID(theirs []byte, rrc bool) {
	a := h.a
	if a.cids == nil {
		a.cids = &connectionIDs{}
	}
	a.cids.peer = slices.Clone(theirs) // or all of the hello would stay
	h.result.HasCID = true
	h.result.LocalCID = a.cid()
	h.result.RemoteCID = a.cids.peer
	h.result.RRC = rrc
	if len(theirs) > 0 && a.suite13 == nil {
		a.peerRecordSize-- // the limits count the type inside: RFC 9146, Section 5
	}
}

// receiveCIDRecord takes the record with a connection ID at the start of a
// datagram, and returns what follows it. Where the record ends is known only to
// those who know how long the ID is.
func (a *Association) receiveCIDRecord(now time.Time, datagram []byte) (rest []byte) {
	if a.cidLen() == 0 {
		a.drop(wire.DropUnknownCID)
		return nil
	}
	r, rest, err := wire.ParseCIDRecord(datagram, a.cidLen())
	switch {
	case err != nil:
		a.drop(wire.DropMalformedRecord)
	case !a.cids.includes(r.CID):
		a.drop(wire.DropUnknownCID)
	default:
		a.receiveRecord(now, wire.Record{
			Type:    wire.ContentCID,
			Version: r.Version,
			Epoch:   r.Epoch,
			Seq:     r.Seq,
			Payload: r.Payload,
		}, datagram[:len(datagram)-len(rest)])
	}
	return rest
}

// open decrypts a record of either form, and returns the type of its content.
func (a *Association) open(r wire.Record) (wire.ContentType, []byte, error) {
	p := a.protect(&a.read)
	if r.Type != wire.ContentCID {
		content, err := p.Open(r)
		return r.Type, content, err
	}
	return p.OpenCID(wire.CIDRecord{Version: r.Version, Epoch: r.Epoch, Seq: r.Seq, CID: a.cid(), Payload: r.Payload})
}

// sealRecord encrypts a record in the form that the peer wants.
func (a *Association) sealRecord(p *suite.Protection, dst []byte, t wire.ContentType, seq uint64, content []byte) []byte {
	if len(a.peerCID()) == 0 {
		return p.Seal(dst, t, a.write.epoch, seq, content)
	}
	return p.SealCID(dst, t, a.write.epoch, seq, a.peerCID(), content)
}

// Newest reports whether the last datagram given to Receive held an
// authenticated record that was newer than every record before. Only such a
// datagram may tell where the peer is now (RFC 9146, Section 6).
func (a *Association) Newest() bool { return a.newest }
