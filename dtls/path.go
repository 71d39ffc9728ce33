package dtls

import (
	"crypto/subtle"
	"net/netip"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A pathCheck is about a session with a connection ID whose newest record came
// from another address than the peer's. It decides where the peer is. It has
// no clock and no randomness: it is told the time, and the cookies.
//
// RFC 9146, Section 6: the address that we send to must not change before the
// datagram is authenticated, is newer than all before, and there is a strategy
// to find out whether the peer receives what is sent to the new address. That
// strategy is RFC 9853. With peers that do not know it, the address changes at
// once, and a limit holds until there is more evidence.
//
//	             newest record from another address
//	  checked: ──────────> askingOld ── path_response: the peer stays
//	                           │ path_drop, or no answer
//	                           v
//	                       askingNew ── path_response: the peer has moved
//	                           │ no answer: the peer stays
//	unchecked: ──────────> unproven, the address has changed
//	                           │ newer record from there: the peer has moved
type pathCheck struct {
	stage     pathStage
	candidate route     // where the newest record came from
	began     time.Time // this stage
	sent      int       // challenges of this stage
	cookies   [pathChallenges][8]byte
	received  int // bytes from the candidate
	spent     int // bytes sent to the candidate

	held      [][]byte // what is to be sent when it is clear where to
	heldBytes int
}

type pathStage uint8

const (
	// askingOld has sent a challenge to the peer's address: RFC 9853, Section 5.2.
	askingOld pathStage = iota
	// askingNew has sent one to the candidate: RFC 9853, Section 5.1.
	askingNew
	// unproven is the stage of a peer that knows no challenges. Its address is
	// the candidate.
	unproven
)

const (
	// pathTimeout bounds each stage. RFC 9853, Section 5.5: "If an
	// implementation has no way to obtain information regarding the RTT of the
	// active path, T SHOULD be set to 1 second."
	pathTimeout = time.Second
	// Challenges may be lost. So each stage has several, each with a cookie of
	// its own.
	pathChallenges = 3
	challengePace  = pathTimeout / pathChallenges
	// amplification is how many bytes may go to an address that is not proven
	// for each byte that came from there: RFC 9853, Section 2.
	amplification = 3
)

// Bounds of what is held back during a check.
const (
	maxHeld      = 32
	maxHeldBytes = 32 << 10
)

// A pathOutcome is what is known after a step.
type pathOutcome uint8

const (
	pathOpen  pathOutcome = iota // nothing yet
	pathStays                    // the peer answered at its address
	pathLost                     // nobody answered: the address does not change
	pathMoved                    // the peer is where the candidate says
)

// newPathCheck begins with a newest record, in a datagram of n bytes, from
// another address.
func newPathCheck(now time.Time, candidate route, n int, checked bool) *pathCheck {
	c := &pathCheck{candidate: candidate, began: now, received: n}
	if !checked {
		c.stage = unproven
	}
	return c
}

// enter begins a stage.
func (c *pathCheck) enter(stage pathStage, now time.Time) {
	c.stage, c.began, c.sent = stage, now, 0
	c.cookies = [pathChallenges][8]byte{}
}

// hear takes note of another newest record, in a datagram of n bytes. Those
// from a third address do not count: RFC 9853, Section 5, leaves them to a
// check that begins after this one.
func (c *pathCheck) hear(from, bound netip.AddrPort, n int) pathOutcome {
	switch {
	case c.stage == unproven && from == c.candidate.peer:
		return pathMoved
	case from == c.candidate.peer:
		c.received += n
	case c.stage != unproven && from == bound:
		return pathStays
	}
	return pathOpen
}

// answer takes an authenticated message from an address.
//
// Where the answer to a challenge to the old address comes from does not
// matter: the cookie says that it arrived, and who is in between may have sent
// the answer on.
func (c *pathCheck) answer(now time.Time, from netip.AddrPort, m wire.ReturnRoutabilityCheck) pathOutcome {
	if m.Type != wire.RRCPathResponse && m.Type != wire.RRCPathDrop || !c.knows(m.Cookie) {
		return pathOpen
	}
	switch {
	case c.stage == askingOld && m.Type == wire.RRCPathResponse:
		return pathStays
	case c.stage == askingOld:
		c.enter(askingNew, now)
	case c.stage == askingNew && m.Type == wire.RRCPathDrop:
		return pathStays
	case c.stage == askingNew && from == c.candidate.peer:
		return pathMoved
	}
	return pathOpen
}

// knows reports whether a cookie is of a challenge of this stage.
func (c *pathCheck) knows(cookie [8]byte) bool {
	for i := range c.cookies[:c.sent] {
		if subtle.ConstantTimeCompare(c.cookies[i][:], cookie[:]) == 1 {
			return true
		}
	}
	return false
}

// timeout says that time has passed.
func (c *pathCheck) timeout(now time.Time) pathOutcome {
	if c.stage == unproven || now.Before(c.began.Add(pathTimeout)) {
		return pathOpen
	}
	if c.stage == askingNew {
		return pathLost
	}
	c.enter(askingNew, now)
	return pathOpen
}

// wantsChallenge reports whether a challenge is due.
func (c *pathCheck) wantsChallenge(now time.Time) bool {
	return c.stage != unproven && c.sent < pathChallenges && !now.Before(c.nextChallenge())
}

func (c *pathCheck) nextChallenge() time.Time {
	return c.began.Add(time.Duration(c.sent) * challengePace)
}

// challenge takes note of a challenge, in a datagram of n bytes. It returns
// where it goes to, and false if it has to be skipped.
func (c *pathCheck) challenge(cookie [8]byte, bound route, n int) (to route, ok bool) {
	to, ok = bound, true
	if c.stage == askingNew {
		to, ok = c.candidate, c.spend(n)
	}
	c.cookies[c.sent] = cookie
	c.sent++
	return to, ok
}

// spend takes n bytes off what may be sent to the candidate, and reports false
// if so many are not left.
func (c *pathCheck) spend(n int) bool {
	if c.spent+n > amplification*c.received {
		return false
	}
	c.spent += n
	return true
}

// deadline returns when timeout has something to do, or a challenge is due; the
// zero time if never.
func (c *pathCheck) deadline() time.Time {
	switch {
	case c == nil || c.stage == unproven:
		return time.Time{}
	case c.sent < pathChallenges:
		return c.nextChallenge()
	default:
		return c.began.Add(pathTimeout)
	}
}

// hold keeps a copy of what is to be sent until it is clear where to. It
// reports false if that is too much already.
//
// RFC 9853, Section 5: who observes a new address "MUST stop sending any
// buffered application data or limit the data sent to the unvalidated address
// to the anti-amplification limit."
func (c *pathCheck) hold(b []byte) bool {
	if len(c.held) >= maxHeld || c.heldBytes+len(b) > maxHeldBytes {
		return false
	}
	c.held = append(c.held, append([]byte(nil), b...))
	c.heldBytes += len(b)
	return true
}
