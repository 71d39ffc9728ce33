package console

import (
	"errors"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

func TestClosedSessionsAreRememberedNewestFirst(t *testing.T) {
	c := newClosedSessions()
	if got := c.newestFirst(); len(got) != 0 {
		t.Errorf("%d at the beginning", len(got))
	}
	for id := 1; id <= maxClosed+10; id++ {
		c.add(infoOf(id, nil), testNow, dtls.ErrPeerClosed)
		got := c.newestFirst()
		if want := min(id, maxClosed); len(got) != want || got[0].info.ID != uint64(id) || got[want-1].info.ID != uint64(id-want+1) {
			t.Fatalf("after %d: %d, from %d to %d", id, len(got), got[0].info.ID, got[len(got)-1].info.ID)
		}
	}
}

func TestClosedSessionsHaveTheirReason(t *testing.T) {
	all := []ended{
		{infoOf(1, nil), testNow, dtls.ErrPeerClosed},
		{infoOf(2, nil), testNow, errors.New("dtls: \x1b[31m")},
		{infoOf(3, nil), testNow, nil},
	}
	view := closedSessionsView(all)
	for i, want := range []string{"closed by the peer", `\x1b[31m`, ""} {
		if got := view.Sessions[i]; got.Reason != want || got.ID != uint64(i+1) || got.Age != int64(i+1)*1000 || got.Closed != testNow {
			t.Errorf("got %+v, want %q", got, want)
		}
	}
}

func TestSessionThatItsPeerClosesIsAmongTheClosed(t *testing.T) {
	s := newSite(t)
	p := s.connect()
	begun := time.Now()
	p.conn.Close()
	<-p.closed
	var got closedSessionsAnswer
	s.get("/api/v1/sessions/closed", &got)
	if len(got.Sessions) != 1 || got.Sessions[0].ID != p.session.ID() || got.Sessions[0].Reason != "closed by the peer" ||
		got.Sessions[0].Identity != "sensor-7" || got.Sessions[0].Closed.Before(begun) {
		t.Errorf("got %+v", got)
	}
}
