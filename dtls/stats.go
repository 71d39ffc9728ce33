package dtls

import (
	"sync/atomic"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A DropReason says why a datagram or a record was discarded. Its String
// method gives the label of its counter.
type DropReason = wire.Drop

// NumDrops is the number of drop reasons, that for none included.
const NumDrops = wire.NumDrops

// A FailureReason says why a handshake failed.
type FailureReason uint8

// The reasons.
const (
	FailedOther       FailureReason = iota // none of those below
	FailedTimeout                          // the peer fell silent
	FailedWrongKey                         // a timeout, after a Finished that could not be decrypted
	FailedAlert                            // the peer refused, with a fatal alert
	FailedProtocol                         // we refused what the peer sent or offered
	FailedCertificate                      // the peer's certificate is not trusted
	FailedReplaced                         // the peer began again
	FailedClosed                           // this side closed

	numFailures
)

// NumFailures is the number of failure reasons.
const NumFailures = int(numFailures)

var failureLabels = [NumFailures]string{
	FailedOther: "other", FailedTimeout: "timeout", FailedWrongKey: "wrong_key", FailedAlert: "alert",
	FailedProtocol: "protocol", FailedCertificate: "certificate", FailedReplaced: "replaced", FailedClosed: "closed",
}

// String returns the label of the reason's counter.
func (r FailureReason) String() string {
	if int(r) < NumFailures {
		return failureLabels[r]
	}
	return "unknown"
}

// Stats is what happened since the start, except for the first three, which are
// how many there are now.
type Stats struct {
	Sessions int // established
	HalfOpen int // handshakes in progress
	Shards   int // of all addresses

	HandshakesStarted   uint64 // after the cookie
	HandshakesCompleted uint64
	HandshakesResumed   uint64 // of those completed
	HandshakesDTLS13    uint64 // of those completed, in DTLS 1.3
	HandshakesFailed    [NumFailures]uint64

	DatagramsReceived uint64
	DatagramsSent     uint64
	BytesReceived     uint64 // of UDP payload
	BytesSent         uint64

	MessagesReceived uint64 // datagrams delivered in plaintext
	MessagesSent     uint64

	CookiesSent     uint64
	RetriesSent     uint64 // of those, in a HelloRetryRequest
	HelloFragments  uint64 // parts of ClientHellos, kept until the rest arrived or made room for others
	Retransmissions uint64 // flights repeated
	AcceptQueueFull uint64 // connections closed because nobody accepted them

	KeyUpdates uint64 // new keys of DTLS 1.3, of either direction

	// DatagramsHandedOver came in at another shard than that of their session.
	DatagramsHandedOver uint64

	AddressChanges      uint64 // of peers with a connection ID
	AddressChecksFailed uint64 // a peer seemed to have moved, and did not answer from there

	Drops [NumDrops]uint64 // by [DropReason]
}

// counters is the part of Stats that a shard counts. Only its goroutine and
// the readers of its connections write; anyone may read.
type counters struct {
	started, completed, resumed        atomic.Uint64
	completed13, retries, keyUpdates   atomic.Uint64
	datagramsIn, datagramsOut          atomic.Uint64
	bytesIn, bytesOut                  atomic.Uint64
	messagesIn, messagesOut            atomic.Uint64
	cookies, retransmissions, unwanted atomic.Uint64
	moves, checksFailed, fragments     atomic.Uint64
	handedOver                         atomic.Uint64

	failed [NumFailures]atomic.Uint64
	drops  [NumDrops]atomic.Uint64
}

// addTo adds what c counted to s.
func (c *counters) addTo(s *Stats) {
	s.HandshakesStarted += c.started.Load()
	s.HandshakesCompleted += c.completed.Load()
	s.HandshakesResumed += c.resumed.Load()
	s.DatagramsReceived += c.datagramsIn.Load()
	s.DatagramsSent += c.datagramsOut.Load()
	s.BytesReceived += c.bytesIn.Load()
	s.BytesSent += c.bytesOut.Load()
	s.MessagesReceived += c.messagesIn.Load()
	s.MessagesSent += c.messagesOut.Load()
	s.HandshakesDTLS13 += c.completed13.Load()
	s.CookiesSent += c.cookies.Load()
	s.RetriesSent += c.retries.Load()
	s.HelloFragments += c.fragments.Load()
	s.KeyUpdates += c.keyUpdates.Load()
	s.Retransmissions += c.retransmissions.Load()
	s.AcceptQueueFull += c.unwanted.Load()
	s.DatagramsHandedOver += c.handedOver.Load()
	s.AddressChanges += c.moves.Load()
	s.AddressChecksFailed += c.checksFailed.Load()
	for i := range c.failed {
		s.HandshakesFailed[i] += c.failed[i].Load()
	}
	for i := range c.drops {
		s.Drops[i] += c.drops[i].Load()
	}
}
