package engine

import (
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// seal13 appends one record of DTLS 1.3. It has the header that every receiver
// takes, with 16 bits of its number and with a length.
//
// RFC 9147, Section 4.
func (a *Association) seal13(dst []byte, w *half, t wire.ContentType, seq uint64, content []byte) []byte {
	start := len(dst)
	header := wire.UnifiedHeader{CID: a.peerCID(), Epoch: uint64(w.epoch), Seq: seq}
	dst = header.AppendTo(dst)
	return a.protect13(w).Seal(dst, len(dst)-start, t, seq, content, 0)
}

// receiveUnifiedRecord takes the record of DTLS 1.3 at the start of a datagram,
// and returns what follows it.
func (a *Association) receiveUnifiedRecord(now time.Time, datagram []byte) (rest []byte) {
	r, rest, err := wire.ParseUnifiedRecord(datagram, a.cidLen())
	if err != nil {
		a.drop(wire.DropMalformedRecord)
		return nil
	}
	if r.CID != nil && !a.cids.includes(r.CID) {
		// RFC 9147, Section 4: what follows is as little for us.
		a.drop(wire.DropUnknownCID)
		return nil
	}
	a.receiveUnified(now, r, datagram[:len(datagram)-len(rest)])
	return rest
}

// receiveUnified takes a protected record of DTLS 1.3. raw is all of it.
func (a *Association) receiveUnified(now time.Time, r wire.UnifiedRecord, raw []byte) {
	h, window := a.readOf(r.EpochBits)
	switch {
	case a.phase == phaseClosed:
		a.drop(wire.DropClosed)
	case r.EpochBits == epochEarlyData && a.read.epoch <= epochHandshake:
		// RFC 8446, Section 4.2.10: a server that does not take early data
		// skips it.
		a.drop(wire.DropEarlyData)
	case h == nil && a.hs != nil:
		a.hs.keepEarly(raw)
	case h == nil:
		a.drop(wire.DropFutureEpoch)
	case r.CID == nil && a.cidLen() > 0:
		// RFC 9147, Section 9: with a connection ID, all records have it.
		a.drop(wire.DropMissingCID)
	default:
		a.openUnified(now, h, window, r)
	}
}

func (a *Association) openUnified(now time.Time, h *half, window *replayWindow, r wire.UnifiedRecord) {
	if len(r.Payload) > wire.MaxCiphertext13 {
		a.drop(wire.DropRecordOverflow)
		return
	}
	p := a.protect13(h)
	if _, ok := p.RevealNumber(r.Header, r.Payload); !ok {
		a.drop(wire.DropAuthentication)
		return
	}
	seq := wire.ReconstructSeq(window.next, r.Seq)
	if drop := a.admit13(window, seq); drop != wire.DropNone {
		a.drop(drop)
		return
	}
	inner := p.InnerLen(len(r.Payload))
	t, plaintext, err := p.Open(r.Header, r.Payload, seq)
	if err == suite.ErrOpen {
		window.failed++
		a.drop(wire.DropAuthentication)
		return
	}
	if window.newer(seq) && a.isNewest(h) {
		a.newest = true
		a.see(r.CID)
	}
	if h.epoch == a.read.epoch {
		a.older.succeed(now)
	}
	window.mark(seq)
	if a.delivery != nil {
		// Who knows the keys is where it says it is.
		a.delivery.budget.unlimited = true
	}
	if a.hs != nil {
		a.hs.proven = true
	}
	switch {
	case err != nil:
		a.fail(refuse(wire.AlertUnexpectedMessage, "%w", err))
	case inner > wire.MaxPlaintext+1:
		a.fail(refuse(wire.AlertRecordOverflow, "record of %d bytes", inner-1))
	case inner > int(a.ownRecordSize)+1:
		// RFC 8449, Section 4: type and padding count.
		a.drop(wire.DropRecordOverflow)
	default:
		a.receiveOpened13(now, t, recordNumber{h.epoch, seq}, plaintext)
	}
}

// admit13 says whether a record of this number may still be taken.
func (a *Association) admit13(window *replayWindow, seq uint64) wire.Drop {
	switch {
	case window.failed >= a.suite13.OpenLimit:
		// RFC 9147, Section 4.5.3: nothing more is opened with these keys,
		// and only the peer can change them.
		return wire.DropForgeryLimit
	case seq > wire.MaxRecordSeq, a.ceiling.bars(seq):
		return wire.DropSequenceExhausted
	case !window.fresh(seq):
		return wire.DropReplay
	default:
		return wire.DropNone
	}
}

// receiveOpened13 takes the content of an authenticated record.
func (a *Association) receiveOpened13(now time.Time, t wire.ContentType, n recordNumber, plaintext []byte) {
	switch {
	case len(plaintext) == 0 && (t == wire.ContentAlert || t == wire.ContentHandshake):
		// RFC 8446, Section 5.4.
		a.fail(refuse(wire.AlertUnexpectedMessage, "unexpected empty record of %v", t))
	case t == wire.ContentAlert:
		a.receiveAlert(plaintext)
	case t == wire.ContentHandshake:
		a.receiveHandshake(now, n, plaintext)
	case t == wire.ContentACK:
		a.receiveACK(now, n.epoch, plaintext)
	case t == wire.ContentReturnRoutabilityCheck && a.hs == nil:
		a.receiveRoutabilityCheck(plaintext)
	case t != wire.ContentApplicationData:
		a.fail(refuse(wire.AlertUnexpectedMessage, "unexpected %v in a protected record", t))
	case a.hs != nil || n.epoch < epochApplication:
		// RFC 9147, Section 6.1: application data has epochs of its own.
		a.fail(refuse(wire.AlertUnexpectedMessage, "unexpected application data in the epoch of the handshake"))
	case len(plaintext) == 0:
		a.drop(wire.DropEmptyRecord)
	default:
		a.ws.pushData(plaintext)
	}
}
