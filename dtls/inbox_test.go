package dtls

import (
	"io"
	"testing"
)

// newTestInbox returns an inbox that counts how often it wakes.
func newTestInbox() (*inbox, *int) {
	wakes := new(int)
	return &inbox{wake: func() { *wakes++ }}, wakes
}

func TestInboxWakesASleeperOnce(t *testing.T) {
	in, wakes := newTestInbox()
	in.send(nil, []byte("nobody sleeps"))
	if *wakes != 0 {
		t.Error("it woke somebody who does not sleep")
	}
	if in.sleep(false, func() { t.Error("preparations to sleep with work to do") }) {
		t.Error("it lets sleep with work to do")
	}
	if m := in.take(mail{}); len(m.sends) != 1 || string(m.bytes[:m.sends[0].end]) != "nobody sleeps" || m.len() != 1 {
		t.Errorf("took %+v", m)
	}
	if !in.sleep(false, func() {}) {
		t.Error("it does not let sleep")
	}
	in.send(nil, []byte("a"))
	in.post(inboxItem{kind: itemClose})
	if *wakes != 1 {
		t.Errorf("woken %d times", *wakes)
	}
	if !in.sleep(true, func() {}) {
		t.Error("it does not let sleep anyway")
	}
	in.awake()
	in.send(nil, nil)
	if *wakes != 1 {
		t.Errorf("woken %d times, once when awake", *wakes)
	}
}

func TestInboxIsBounded(t *testing.T) {
	in, _ := newTestInbox()
	for range maxInboxItems {
		if err := in.send(nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	room := in.waitForRoom()
	if err := in.send(nil, nil); err != ErrQueueFull || isClosed(room) {
		t.Errorf("one too many: %v", err)
	}
	if !in.post(inboxItem{kind: itemAnswer}) {
		t.Error("an answer was refused")
	}
	in.take(mail{})
	if !isClosed(room) || !isClosed(in.waitForRoom()) {
		t.Error("nobody was told of the room")
	}
	big := make([]byte, 1<<20)
	sent := 0
	for in.send(nil, big) == nil {
		sent++
	}
	if sent != maxInboxBytes/len(big) {
		t.Errorf("%d MiB were taken", sent)
	}
}

func TestClosedInboxTakesNothing(t *testing.T) {
	in, _ := newTestInbox()
	for range maxInboxItems {
		in.send(nil, nil)
	}
	room := in.waitForRoom()
	in.close()
	if err := in.send(nil, nil); err != ErrSessionClosed || in.post(inboxItem{}) {
		t.Errorf("send: %v", err)
	}
	if !isClosed(room) || !isClosed(in.waitForRoom()) {
		t.Error("somebody still waits for room")
	}
}

// What is asked for comes after what was sent before it, and before what is sent
// later.
func TestMailKeepsTheOrder(t *testing.T) {
	sent := make(chan uint64, 1)
	_, c := loopback(t, func(srv *Server, _ *Config) {
		srv.Handler = HandlerFunc(func(s *Session, _ []byte) {
			s.Send([]byte("before"))
			s.shard.inbox.post(inboxItem{kind: itemCall, call: func() { sent <- s.sent.datagrams }})
			s.Send([]byte("after"))
			s.Close()
		})
	})
	c.Write([]byte("go on"))
	buf := make([]byte, 16)
	for _, want := range []string{"before", "after"} {
		if n, err := c.Read(buf); err != nil || string(buf[:n]) != want {
			t.Errorf("read %q, %v, want %q", buf[:n], err, want)
		}
	}
	if _, err := c.Read(buf); err != io.EOF {
		t.Errorf("after the close: %v", err)
	}
	if n := <-sent; n != 1 {
		t.Errorf("asked after the first of two, it was done after %d", n)
	}
}
