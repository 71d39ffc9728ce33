package udp

// A single is the buffer of a socket that reads one datagram per batch.
type single struct {
	buf     []byte
	message [1]Message
}

func newSingle() *single { return &single{buf: make([]byte, MaxDatagram)} }

// batch returns the batch of one message, whose bytes are in the buffer.
func (s *single) batch(m Message) []Message {
	m.Truncated = len(m.Buf) == len(s.buf)
	s.message[0] = m
	return s.message[:]
}
