package engine

import "github.com/dtlsd/dtlsd/internal/wire"

// AppendRoutabilityCheck appends one record with a return_routability_check to
// dst, as Send does with a plaintext.
//
// It fails with [ErrNotEstablished], [ErrClosed], [ErrNoRoutabilityCheck] or
// [ErrSequenceExhausted], and then returns dst as it was.
func (a *Association) AppendRoutabilityCheck(dst []byte, m wire.ReturnRoutabilityCheck) ([]byte, error) {
	if err := a.usable(); err != nil {
		return dst, err
	}
	if !a.State().RRC {
		return dst, ErrNoRoutabilityCheck
	}
	var content [maxRoutabilityCheck]byte
	return a.seal(dst, &a.write, wire.ContentReturnRoutabilityCheck, m.AppendTo(content[:0]))
}

// maxRoutabilityCheck is the length of a message of RFC 9853, Section 4.
const maxRoutabilityCheck = 9

// receiveRoutabilityCheck takes an authenticated return_routability_check, and
// answers a challenge. The owner hears of it first: the answer goes to where
// the challenge came from, whatever the peer's address is said to be.
//
// RFC 9853, Section 4.
func (a *Association) receiveRoutabilityCheck(content []byte) {
	m, err := wire.ParseReturnRoutabilityCheck(content)
	switch {
	case !a.State().RRC:
		a.drop(wire.DropUnexpectedContent)
		return
	case err != nil:
		a.fail(err)
		return
	case !m.Type.Known():
		a.drop(wire.DropUnexpectedMessage)
		return
	}
	a.linger = nil
	a.ws.push(Event{Kind: EventRoutabilityCheck, Check: m})
	if m.Type != wire.RRCPathChallenge {
		return
	}
	start := len(a.ws.out)
	m.Type = wire.RRCPathResponse
	out, err := a.AppendRoutabilityCheck(a.ws.out, m)
	if err != nil {
		return // there are no numbers left, and whoever asked will ask elsewhere
	}
	a.ws.out = out
	a.ws.push(Event{Kind: EventSend, Data: out[start:len(out):len(out)]})
}
