package engine

import (
	"github.com/dtlsd/dtlsd/internal/wire"
)

// Send appends one record with the plaintext to dst and returns the longer
// slice. It may be called whenever the association is established, and needs
// no draining of events. plaintext must not lie in dst's free space.
//
// It fails with [ErrNotEstablished], [ErrClosed], [ErrMessageTooLarge] or
// [ErrSequenceExhausted], and then returns dst as it was.
func (a *Association) Send(dst, plaintext []byte) ([]byte, error) {
	if err := a.usable(); err != nil {
		return dst, err
	}
	if len(plaintext) > int(a.peerRecordSize) {
		return dst, ErrMessageTooLarge
	}
	return a.seal(dst, &a.write, wire.ContentApplicationData, plaintext)
}

// MaxPlaintext returns the largest plaintext that Send takes, in bytes.
func (a *Association) MaxPlaintext() int { return int(a.peerRecordSize) }

// Overhead returns the largest number of bytes that Send adds to a plaintext.
// It is 0 before the association is established.
func (a *Association) Overhead() int {
	if a.phase != phaseEstablished {
		return 0
	}
	return a.overhead()
}

// overheadOf is what overhead is, for a record of that epoch.
func (a *Association) overheadOf(epoch uint16) int {
	if epoch == 0 {
		return wire.RecordHeaderLen
	}
	return a.overhead()
}

// overhead returns the largest number of bytes that sealing adds.
func (a *Association) overhead() int {
	return recordOverhead(a.suite, a.suite13, len(a.peerCID()))
}

// seal appends one record that is protected with w. The nonce is the record
// number, which is never used twice: it counts up with every record, whatever
// the record is.
func (a *Association) seal(dst []byte, w *half, t wire.ContentType, content []byte) ([]byte, error) {
	if w.seq > wire.MaxRecordSeq || a.ceiling.spent(w.seq) {
		return dst, ErrSequenceExhausted
	}
	seq := w.seq
	if a.suite13 != nil {
		if seq >= a.suite13.SealLimit {
			return dst, ErrSequenceExhausted
		}
		w.seq++
		return a.seal13(dst, w, t, seq, content), nil
	}
	w.seq++
	return a.sealRecord(a.protect(w), dst, t, seq, content), nil
}

// appendRecord appends a record of the handshake in the epoch given.
func (a *Association) appendRecord(dst []byte, epoch uint16, t wire.ContentType, v wire.Version, content []byte) ([]byte, error) {
	if epoch > 0 {
		return a.seal(dst, a.writeOf(epoch), t, content)
	}
	if a.plainSeq > wire.MaxRecordSeq {
		return dst, ErrSequenceExhausted
	}
	dst = wire.AppendRecordHeader(dst, t, v, 0, a.plainSeq, len(content))
	a.plainSeq++
	return append(dst, content...), nil
}

// sendAlert sends an alert, protected as soon as the write keys are in use.
// An alert that cannot be sent is not worth an error: the association ends
// all the same.
func (a *Association) sendAlert(level wire.AlertLevel, description wire.AlertDescription) {
	var content [2]byte
	epoch := a.write.epoch
	if a.hs != nil {
		epoch = a.hs.sendEpoch
	}
	alert := wire.Alert{Level: level, Description: description}
	if a.sendRecord(epoch, wire.ContentAlert, alert.AppendTo(content[:0])) == nil && a.cfg.Trace {
		a.ws.push(Event{Kind: EventAlertSent, Alert: alert})
	}
}

// sendRecord sends a record as a datagram of its own.
func (a *Association) sendRecord(epoch uint16, t wire.ContentType, content []byte) error {
	start := len(a.ws.out)
	out, err := a.appendRecord(a.ws.out, epoch, t, wire.VersionDTLS12, content)
	if err != nil {
		return err
	}
	a.ws.out = out
	a.ws.push(Event{Kind: EventSend, Data: out[start:len(out):len(out)]})
	return nil
}
