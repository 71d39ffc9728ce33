package dtls

import (
	"net/netip"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

var (
	oldPath   = route{peer: clientPeer}
	newPath   = route{peer: netip.MustParseAddrPort("203.0.113.9:50000")}
	thirdPath = route{peer: netip.MustParseAddrPort("203.0.113.66:6")}
)

// A pathTest leads a check through virtual time.
type pathTest struct {
	t      *testing.T
	now    time.Time
	check  *pathCheck
	cookie byte
}

// suspect begins with a datagram of 60 bytes from the new path.
func suspect(t *testing.T, checked bool) *pathTest {
	return &pathTest{t: t, now: virtualStart, check: newPathCheck(virtualStart, newPath, 60, checked)}
}

// wantChallenge sends the challenge that is due, and returns its cookie.
func (p *pathTest) wantChallenge(why string, to route) [8]byte {
	p.t.Helper()
	if !p.check.wantsChallenge(p.now) {
		p.t.Fatalf("%s: no challenge is due", why)
	}
	p.cookie++
	cookie := [8]byte{p.cookie}
	got, ok := p.check.challenge(cookie, oldPath, 46)
	if !ok || got != to {
		p.t.Fatalf("%s: challenge to %v, %v", why, got.peer, ok)
	}
	return cookie
}

// advance lets time pass up to the deadline.
func (p *pathTest) advance(why string, want pathOutcome) {
	p.t.Helper()
	next := p.check.deadline()
	if !next.After(p.now) {
		p.t.Fatalf("%s: the deadline %v is not in the future", why, next)
	}
	p.now = next
	p.want(why, p.check.timeout(p.now), want)
}

func (p *pathTest) want(why string, got, want pathOutcome) {
	p.t.Helper()
	if got != want {
		p.t.Fatalf("%s: outcome %d, want %d", why, got, want)
	}
}

func (p *pathTest) answer(from route, kind wire.RRCType, cookie [8]byte) pathOutcome {
	return p.check.answer(p.now, from.peer, wire.ReturnRoutabilityCheck{Type: kind, Cookie: cookie})
}

// toNew leads the check to its second stage.
func (p *pathTest) toNew() *pathTest {
	p.t.Helper()
	for i := range pathChallenges {
		p.wantChallenge("the old path is asked", oldPath)
		want := pathOpen
		p.advance("waiting", want)
		if i < pathChallenges-1 && p.check.stage != askingOld {
			p.t.Fatal("the old path was not waited for")
		}
	}
	if p.check.stage != askingNew || p.now != virtualStart.Add(pathTimeout) {
		p.t.Fatalf("stage %d after %v", p.check.stage, p.now.Sub(virtualStart))
	}
	return p
}

func TestPathPeerThatAnswersOnTheOldPathStays(t *testing.T) {
	p := suspect(t, true)
	cookie := p.wantChallenge("at once", oldPath)
	if p.check.wantsChallenge(p.now) {
		t.Error("two challenges at once")
	}
	p.want("answer", p.answer(oldPath, wire.RRCPathResponse, cookie), pathStays)
}

// Who copies datagrams of the peer can send its answer on, and be faster.
func TestPathAnswerOfTheOldPathMayComeFromAnywhere(t *testing.T) {
	p := suspect(t, true)
	cookie := p.wantChallenge("at once", oldPath)
	p.want("answer", p.answer(newPath, wire.RRCPathResponse, cookie), pathStays)
}

func TestPathPeerThatLeftTheOldPathIsAskedOnTheNewOne(t *testing.T) {
	p := suspect(t, true)
	first := p.wantChallenge("at once", oldPath)
	p.want("drop", p.answer(oldPath, wire.RRCPathDrop, first), pathOpen)
	second := p.wantChallenge("after the drop", newPath)
	p.want("answer to the first", p.answer(newPath, wire.RRCPathResponse, first), pathOpen)
	p.want("answer from elsewhere", p.answer(thirdPath, wire.RRCPathResponse, second), pathOpen)
	p.want("answer", p.answer(newPath, wire.RRCPathResponse, second), pathMoved)
}

func TestPathSilenceOfTheOldPathLeadsToTheNewOne(t *testing.T) {
	p := suspect(t, true).toNew()
	lost := p.wantChallenge("after a second", newPath)
	p.advance("no answer yet", pathOpen)
	p.wantChallenge("once more", newPath)
	p.want("answer to the one before", p.answer(newPath, wire.RRCPathResponse, lost), pathMoved)
}

func TestPathSilenceOfBothLeavesThePeerWhereItWas(t *testing.T) {
	p := suspect(t, true).toNew()
	for range pathChallenges - 1 {
		p.wantChallenge("the new path is asked", newPath)
		p.advance("no answer", pathOpen)
	}
	p.wantChallenge("the last time", newPath)
	p.advance("no answer at all", pathLost)
	if p.now != virtualStart.Add(2*pathTimeout) {
		t.Errorf("it took %v", p.now.Sub(virtualStart))
	}
}

func TestPathForgedAnswersAreDiscarded(t *testing.T) {
	p := suspect(t, true)
	cookie := p.wantChallenge("at once", oldPath)
	for _, kind := range []wire.RRCType{wire.RRCPathResponse, wire.RRCPathDrop, 3} {
		p.want("unknown cookie", p.answer(oldPath, kind, [8]byte{99}), pathOpen)
		p.want("cookie of zeroes, of a challenge to come", p.answer(oldPath, kind, [8]byte{}), pathOpen)
	}
	p.want("unknown type", p.answer(oldPath, 3, cookie), pathOpen)
	if p.check.stage != askingOld {
		t.Error("the stage changed")
	}
}

func TestPathPeerThatIsHeardWhereItWasStays(t *testing.T) {
	p := suspect(t, true)
	p.want("third address", p.check.hear(thirdPath.peer, clientPeer, 100), pathOpen)
	p.want("new address", p.check.hear(newPath.peer, clientPeer, 100), pathOpen)
	if p.check.received != 160 {
		t.Errorf("%d bytes received", p.check.received)
	}
	p.want("old address", p.check.hear(clientPeer, clientPeer, 100), pathStays)
}

func TestPathChallengesKeepToTheLimit(t *testing.T) {
	p := suspect(t, true)
	p.check.received = 20
	p.toNew()
	p.wantChallenge("46 bytes for 20", newPath)
	p.advance("no answer", pathOpen)
	if _, ok := p.check.challenge([8]byte{50}, oldPath, 46); ok {
		t.Error("92 bytes were sent for 20")
	}
	p.advance("time goes on", pathOpen)
	p.check.hear(newPath.peer, clientPeer, 20)
	p.wantChallenge("92 bytes for 40", newPath)
}

func TestPathUnprovenUntilHeardAgain(t *testing.T) {
	p := suspect(t, false)
	if p.check.wantsChallenge(p.now) || !p.check.deadline().IsZero() {
		t.Error("somebody is asked who does not know how to answer")
	}
	if !p.check.spend(180) || p.check.spend(1) {
		t.Error("the limit is not three times 60 bytes")
	}
	p.want("old record from elsewhere", p.check.hear(thirdPath.peer, newPath.peer, 60), pathOpen)
	p.want("newer record", p.check.hear(newPath.peer, newPath.peer, 60), pathMoved)
}

func TestPathHoldsALimitedAmount(t *testing.T) {
	c := newPathCheck(virtualStart, newPath, 60, true)
	b := []byte("kept")
	c.hold(b)
	b[0] = 'X'
	if string(c.held[0]) != "kept" {
		t.Error("the caller's bytes were kept")
	}
	for c.hold(nil) {
	}
	if len(c.held) != maxHeld {
		t.Errorf("%d datagrams were kept", len(c.held))
	}
	c = newPathCheck(virtualStart, newPath, 60, true)
	if !c.hold(make([]byte, maxHeldBytes)) || c.hold([]byte{1}) {
		t.Error("the bytes have no bound")
	}
}
