package daemon

import "github.com/dtlsd/dtlsd/dtls"

// handler returns what answers datagrams. An answer for which there is no room
// is dropped, as the network might.
func (r Reply) handler() dtls.Handler {
	switch r {
	case ReplyEcho:
		return dtls.HandlerFunc(func(s *dtls.Session, datagram []byte) { s.Send(datagram) })
	case ReplyNone:
		return dtls.HandlerFunc(func(*dtls.Session, []byte) {})
	}
	return dtls.HandlerFunc(acknowledge)
}

// acknowledge answers as Qt's example server does: to (127.0.0.1:34908): ACK.
func acknowledge(s *dtls.Session, _ []byte) {
	var buf [80]byte
	b := appendPeer(append(buf[:0], "to "...), s.RemoteAddr())
	s.Send(append(b, ": ACK"...))
}
