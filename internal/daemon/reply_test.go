package daemon

import (
	"testing"
	"time"
)

func TestAcknowledgementIsWordForWordQts(t *testing.T) {
	r := newRig(t)
	r.server.Handler = ReplyACK.handler()
	r.mustListen(t, "127.0.0.1:0")
	conn := mustDial(t, r.opens(t))
	if _, err := conn.Write([]byte("I am Alice (clone number 0), please, accept our ping 0")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, err := conn.Read(buf)
	if want := "to (" + conn.LocalAddr().String() + "): ACK"; err != nil || string(buf[:n]) != want {
		t.Errorf("got %q, %v; want %q", buf[:n], err, want)
	}
}

func TestReplyNoneIsSilent(t *testing.T) {
	r := newRig(t)
	r.server.Handler = ReplyNone.handler()
	r.mustListen(t, "127.0.0.1:0")
	conn := mustDial(t, r.opens(t))
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := conn.Read(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes came back", n)
	}
}
