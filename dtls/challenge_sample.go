package dtls

import (
	"net/netip"
	"time"

	"github.com/dtlsd/dtlsd/internal/gate"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A client that is asked for a cookie and never answers is behind a firewall
// that eats what it gets, or is no client: the source address was made up.
// Nothing is kept of such clients, so that only a sample can tell, which is
// taken while somebody watches handshakes and whose memory is bounded.
const (
	challengesSampled = 256             // a second
	challengePatience = 5 * time.Second // until the verdict
)

// A challengeSample is the cookies whose answers are awaited.
type challengeSample struct {
	second  time.Time // in which taken were sampled
	taken   int
	queue   []challenge                  // the oldest first
	pending map[netip.AddrPort]time.Time // when each expires, of those not answered
}

type challenge struct {
	peer    netip.AddrPort
	expires time.Time
}

// add samples a client that was sent a cookie. It reports false for one that is
// not in the sample, or is in it already.
func (c *challengeSample) add(now time.Time, peer netip.AddrPort) bool {
	if now.Sub(c.second) >= time.Second {
		c.second, c.taken = now, 0
	}
	if _, known := c.pending[peer]; known || c.taken == challengesSampled {
		return false
	}
	if c.pending == nil {
		c.pending = make(map[netip.AddrPort]time.Time)
	}
	c.taken++
	expires := now.Add(challengePatience)
	c.pending[peer] = expires
	c.queue = append(c.queue, challenge{peer, expires})
	return true
}

// answered hears of a client that showed its cookie.
func (c *challengeSample) answered(peer netip.AddrPort) { delete(c.pending, peer) }

// due returns when the next verdict is due, or the zero time.
func (c *challengeSample) due() time.Time {
	if len(c.queue) == 0 {
		return time.Time{}
	}
	return c.queue[0].expires
}

// next returns a client that never answered, or reports false if there is none.
func (c *challengeSample) next(now time.Time) (netip.AddrPort, bool) {
	for len(c.queue) > 0 && !now.Before(c.queue[0].expires) {
		oldest := c.queue[0]
		c.queue = c.queue[1:]
		if c.pending[oldest.peer].Equal(oldest.expires) {
			delete(c.pending, oldest.peer)
			return oldest.peer, true
		}
	}
	return netip.AddrPort{}, false
}

// observeChallenge takes a ClientHello that was answered with a
// HelloVerifyRequest or a HelloRetryRequest into the sample.
func (s *shard) observeChallenge(peer netip.AddrPort, hello, reply []byte) {
	if s.host.observer.Handshake == nil || !s.sample.add(s.now, peer) {
		return
	}
	s.observeStranger(peer, false, hello)
	s.observeStranger(peer, true, reply)
}

// observeRefusal tells of a ClientHello that was refused with an alert, as long
// as there is room in the sample.
func (s *shard) observeRefusal(peer netip.AddrPort, hello []byte, v *gate.Verdict) {
	if s.host.observer.Handshake == nil {
		return
	}
	s.sample.answered(peer) // whatever with
	if !s.sample.add(s.now, peer) {
		return
	}
	s.sample.answered(peer) // it is not asked for more
	s.observeStranger(peer, false, hello)
	alert := wire.Alert{Level: wire.AlertFatal, Description: v.Alert}
	s.tellHandshake(HandshakeEvent{Time: s.now, Peer: peer, Sent: true, Alert: alert.String(), Err: v.Err})
}

// observeStranger tells of the first message in a datagram from or to a peer
// without a session.
func (s *shard) observeStranger(peer netip.AddrPort, sent bool, datagram []byte) {
	record, _, err := wire.ParseRecord(datagram)
	if err != nil {
		return
	}
	f, _, err := wire.ParseFragment(record.Payload)
	if err != nil {
		return
	}
	e := HandshakeEvent{Time: s.now, Peer: peer, Sent: sent, Type: uint8(f.Type), Seq: f.Seq, Length: int(f.Length)}
	if f.Whole() {
		e.Body = f.Body
	} else {
		e.Offset, e.Fragment = int(f.Offset), len(f.Body)
	}
	e.Message = wire.MessageName(f.Type, e.Body)
	s.tellHandshake(e)
}

// judgeChallenges tells of the clients in the sample that never answered. Who
// watches handshakes hears of each; the log has few lines about strangers.
func (s *shard) judgeChallenges() {
	for peer, ok := s.sample.next(s.now); ok; peer, ok = s.sample.next(s.now) {
		s.tellHandshake(HandshakeEvent{Time: s.now, Peer: peer, Unanswered: true})
		if s.logsUnverified(Warning) {
			s.log(Warning, KindUnanswered, peer, s.host.voice.unanswered(peer), nil)
		}
	}
}
