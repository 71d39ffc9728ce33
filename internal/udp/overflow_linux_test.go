package udp

import "testing"

func TestSocketCountsWhatItHasNoRoomFor(t *testing.T) {
	conn := listen(t, "udp4", "127.0.0.1:0")
	s := NewSocket(conn)
	if n := s.Report().Overflows; n != 0 {
		t.Errorf("%d lost before there was anything", n)
	}
	conn.SetReadBuffer(1) // the kernel gives a few KB
	c := dial(t, s.LocalAddr().String())
	for range 100 {
		c.Write(make([]byte, 1000))
	}
	if n := s.Report().Overflows; n == 0 || n >= 100 {
		t.Errorf("%d of 100 lost", n)
	}
}
