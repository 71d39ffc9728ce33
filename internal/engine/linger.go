package engine

import "time"

// lingerTime is how long a last flight can be asked for again: twice the
// maximum segment lifetime of TCP (RFC 6347, Section 4.2.4).
const lingerTime = 240 * time.Second

// linger is what outlives a handshake on the side that sent its last flight:
// the flight, in case it was lost and the peer repeats its Finished.
type linger struct {
	flight       flight
	peerFinished uint16 // message_seq of the Finished that the flight answers
	until        time.Time
}

// resendLinger repeats the last flight. Only an authenticated record gets
// here, and it cannot be replayed, so that nobody else can ask for it.
//
// RFC 6347, Section 4.2.4: "the node MUST retransmit its last flight when it
// receives a retransmit of the peer's last flight".
func (a *Association) resendLinger() {
	f := &a.linger.flight
	f.attempt++
	a.ws.push(Event{Kind: EventRetransmit, Message: Message{Sent: true, Attempt: f.attempt}})
	if err := a.transmit(f, &budget{unlimited: true}); err != nil {
		a.fail(err)
	}
}
