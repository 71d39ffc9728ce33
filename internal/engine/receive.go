package engine

import (
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// Receive takes one datagram from the peer. Records are opened in place: the
// datagram's bytes change, and the plaintext of [EventData] lies in them.
//
// What does not belong is dropped and reported as [EventDrop]. After the
// handshake nothing that fails authentication changes the association.
func (a *Association) Receive(now time.Time, datagram []byte) {
	a.ws.begin()
	a.newest = false
	if len(datagram) == 0 {
		a.drop(wire.DropEmptyDatagram)
		return
	}
	if a.hs != nil {
		a.hs.credit(len(datagram))
	}
	for len(datagram) > 0 {
		datagram = a.receiveNext(now, datagram)
		a.advance(now)
	}
	if a.hs != nil && a.hs.proven {
		a.hs.goOn()
	}
}

// receiveNext takes the record at the start of b, and returns what follows it.
func (a *Association) receiveNext(now time.Time, b []byte) []byte {
	switch kind := wire.RecordKindOf(b[0]); {
	case kind == wire.RecordCID:
		return a.receiveCIDRecord(now, b)
	case kind == wire.RecordUnified && a.mayBe13():
		return a.receiveUnifiedRecord(now, b)
	}
	r, rest, err := wire.ParseRecord(b)
	if err != nil {
		a.drop(wire.DropMalformedRecord)
		return nil
	}
	a.receiveRecord(now, r, b[:len(b)-len(rest)])
	return rest
}

// mayBe13 reports whether the version is DTLS 1.3, or not known yet.
func (a *Association) mayBe13() bool {
	return a.suite13 != nil || a.suite == nil && a.cfg.speaks(wire.VersionDTLS13)
}

// advance handles the messages that are complete.
func (a *Association) advance(now time.Time) {
	if a.hs != nil {
		a.hs.advance(now)
	}
	if a.stirred && a.hs == nil {
		a.stirred = false
		if a.suite13 != nil && a.delivery != nil {
			a.advanceLate(now)
		}
	}
}

// receiveRecord takes a record of DTLS 1.2, or one without protection. raw is
// all of it.
func (a *Association) receiveRecord(now time.Time, r wire.Record, raw []byte) {
	switch {
	case a.phase == phaseClosed:
		a.drop(wire.DropClosed)
	case r.Epoch == 0:
		a.receivePlaintext(now, r)
	case a.suite13 != nil:
		// RFC 9147, Section 4: only records without protection have this form.
		a.drop(wire.DropMalformedRecord)
	case r.Version != wire.VersionDTLS12:
		a.drop(wire.DropUnsupportedVersion)
	case r.Epoch == a.read.epoch:
		a.receiveProtected(now, r)
	case r.Epoch == 1 && a.hs != nil:
		a.hs.keepEarly(raw)
	default:
		a.drop(wire.DropFutureEpoch)
	}
}

// receivePlaintext takes a record that anyone may have sent.
func (a *Association) receivePlaintext(now time.Time, r wire.Record) {
	switch {
	case r.Type == wire.ContentApplicationData:
		a.drop(wire.DropPlaintextApplicationData)
	case r.Type == wire.ContentAlert && (a.hs == nil || a.hs.proven):
		a.drop(wire.DropPlaintextAlert)
	case a.hs == nil:
		a.drop(wire.DropOldEpoch)
	case a.suite13 != nil && a.read.epoch > 0 && r.Type == wire.ContentHandshake:
		// What comes now is protected. Who repeats its hello may lack our answer,
		// whatever an ACK said.
		a.hs.doubt(now)
		a.drop(wire.DropOldEpoch)
	case r.Version != wire.VersionDTLS12 && r.Version != wire.VersionDTLS10 && !a.mayBe13():
		// RFC 9147, Section 4: to DTLS 1.3 it means nothing.
		a.drop(wire.DropUnsupportedVersion)
	case r.Type == wire.ContentHandshake:
		a.receiveHandshake(now, recordNumber{0, r.Seq}, r.Payload)
	case r.Type == wire.ContentAlert:
		a.hs.hint(r.Payload)
	case r.Type == wire.ContentACK && a.hs.proven:
		a.drop(wire.DropOldEpoch)
	case r.Type == wire.ContentACK && a.suite13 != nil:
		a.receiveACK(now, 0, r.Payload)
	case r.Type == wire.ContentChangeCipherSpec:
		// The epoch of the records that follow says the same, and unlike
		// this record it cannot be lost or forged.
	default:
		a.drop(wire.DropUnexpectedContent)
	}
}

func (a *Association) receiveProtected(now time.Time, r wire.Record) {
	if drop := a.admit(r.Type, r.Seq); drop != wire.DropNone {
		a.drop(drop)
		return
	}
	t, plaintext, err := a.open(r)
	if err == suite.ErrOpen {
		a.drop(wire.DropAuthentication)
		if a.hs != nil && (r.Type == wire.ContentHandshake || r.Type == wire.ContentCID) {
			a.hs.role.undecryptable()
		}
		return
	}
	a.newest = a.newest || a.window.newer(r.Seq)
	a.window.mark(r.Seq)
	if a.hs != nil {
		// Who has seen our random and knows the keys is where it says it is.
		a.hs.budget.unlimited = true
	}
	switch {
	case err != nil:
		a.fail(refuse(wire.AlertUnexpectedMessage, "%w", err))
	case len(plaintext) > wire.MaxPlaintext:
		a.fail(refuse(wire.AlertRecordOverflow, "record of %d bytes", len(plaintext)))
	case len(plaintext) > int(a.ownRecordSize):
		// RFC 8449, Section 4: it "MAY either generate a fatal
		// "record_overflow" alert or discard the record".
		a.drop(wire.DropRecordOverflow)
	default:
		a.receiveOpened(now, t, r.Seq, plaintext)
	}
}

// receiveOpened takes the content of an authenticated record.
func (a *Association) receiveOpened(now time.Time, t wire.ContentType, seq uint64, plaintext []byte) {
	switch {
	case t == wire.ContentAlert:
		a.receiveAlert(plaintext)
	case t == wire.ContentHandshake:
		a.receiveHandshake(now, recordNumber{a.read.epoch, seq}, plaintext)
	case t == wire.ContentReturnRoutabilityCheck && a.hs == nil:
		a.receiveRoutabilityCheck(plaintext)
	case t != wire.ContentApplicationData || a.hs != nil:
		a.drop(wire.DropUnexpectedContent)
	case len(plaintext) == 0:
		a.linger = nil
		a.drop(wire.DropEmptyRecord)
	default:
		// Application data proves that the peer has our last flight.
		a.linger = nil
		a.ws.pushData(plaintext)
	}
}

// admit says whether a record of this form and number may still be taken.
func (a *Association) admit(form wire.ContentType, seq uint64) wire.Drop {
	switch {
	case a.cidLen() > 0 && form != wire.ContentCID:
		return wire.DropMissingCID
	case a.ceiling.bars(seq):
		return wire.DropSequenceExhausted
	case !a.window.fresh(seq):
		return wire.DropReplay
	default:
		return wire.DropNone
	}
}

// receiveHandshake takes the fragments of a handshake record.
func (a *Association) receiveHandshake(now time.Time, n recordNumber, payload []byte) {
	if len(payload) == 0 {
		a.drop(wire.DropEmptyRecord)
		return
	}
	a.stirred = true
	taken := true
	for len(payload) > 0 {
		f, rest, err := wire.ParseFragment(payload)
		if err != nil && a.suite13 != nil && n.epoch > 0 {
			a.fail(err) // RFC 8446, Section 6.2: it came from the peer
			return
		}
		if err != nil {
			a.drop(wire.DropMalformedRecord)
			return
		}
		if a.hs == nil && a.suite13 == nil {
			// One answer to a record, however many fragments it holds.
			a.receiveLateFragment(f)
			return
		}
		drop := a.keepFragment(now, n, f)
		if a.phase == phaseClosed {
			return // there are no keys any more for what follows
		}
		if drop != wire.DropNone {
			a.drop(drop)
		}
		taken = taken && (drop == wire.DropNone || drop == wire.DropDuplicateMessage)
		payload = rest
	}
	// RFC 9147, Section 7.1: a record is acknowledged only if all of it was
	// taken.
	if taken && a.delivery != nil && a.mayBe13() {
		a.delivery.acknowledge(now, n)
	}
}

func (a *Association) keepFragment(now time.Time, n recordNumber, f wire.Fragment) wire.Drop {
	if a.hs != nil {
		return a.hs.receiveFragment(now, n, f)
	}
	return a.keepLate(n, f)
}

// receiveLateFragment takes an authenticated fragment when the handshake is
// over.
func (a *Association) receiveLateFragment(f wire.Fragment) {
	switch {
	case a.phase == phaseClosed:
		a.drop(wire.DropClosed)
	case a.linger != nil && f.Type == wire.TypeFinished && f.Seq == a.linger.peerFinished:
		a.drop(wire.DropDuplicateMessage)
		if f.Offset == 0 {
			a.resendLinger()
		}
	case f.Type == wire.TypeClientHello && a.side == Server, f.Type == wire.TypeHelloRequest && a.side == Client:
		a.refuseRenegotiation()
	case uint32(f.Seq) < a.peerSeq:
		a.drop(wire.DropDuplicateMessage)
	default:
		a.fail(refuse(wire.AlertUnexpectedMessage, "unexpected %v: the handshake is over", f.Type))
	}
}

// receiveAlert takes an authenticated alert.
func (a *Association) receiveAlert(content []byte) {
	alert, err := wire.ParseAlert(content)
	if err != nil {
		a.fail(err)
		return
	}
	a.ws.push(Event{Kind: EventAlert, Alert: alert})
	switch {
	case alert.Level != wire.AlertWarning && alert.Level != wire.AlertFatal:
		a.fail(refuse(wire.AlertIllegalParameter, "alert of unknown level: %v", alert))
	case alert.Description == wire.AlertCloseNotify:
		// RFC 5246, Section 7.2.1: "The other party MUST respond with a
		// close_notify alert of its own".
		a.sendAlert(wire.AlertWarning, wire.AlertCloseNotify)
		a.finish(ErrCloseNotify)
	case a.endedBy(alert):
		a.finish(&AlertError{Alert: alert.Description, Authenticated: true})
	}
}

// endedBy reports whether an alert of the peer is an error.
//
// RFC 8446, Section 6: "All the alerts listed in Section 6.2 MUST be sent with
// AlertLevel=fatal and [...] treated as error alerts when received regardless of
// the AlertLevel in the message."
func (a *Association) endedBy(alert wire.Alert) bool {
	if a.suite13 != nil {
		return alert.Description != wire.AlertUserCanceled
	}
	return alert.Level == wire.AlertFatal
}

// refuseRenegotiation answers a request for a new handshake inside the
// association (RFC 5746, Section 4.5: refusing is a warning).
func (a *Association) refuseRenegotiation() {
	a.drop(wire.DropRenegotiation)
	a.sendAlert(wire.AlertWarning, wire.AlertNoRenegotiation)
}
