package console

import (
	"container/list"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/gate"
)

// The bounds of what is recorded.
const (
	captureHead     = 64 << 10  // bytes of a session that are kept whatever follows: its handshake
	captureTail     = 256 << 10 // of its newest packets, at most
	captureSecrets  = 4 << 10   // of its lines of the key log
	captureSessions = 1024
	captureTotal    = 64 << 20 // of all sessions together
)

// errNoCapture says that nothing is recorded of a session.
var errNoCapture = errors.New("no packets are recorded of that session")

// captures are the packets and secrets of sessions. What is recorded is bounded.
// Sessions that are over are forgotten first, then those without a secret, which
// anybody can begin, then the others, the oldest first. A nil *captures records
// nothing.
type captures struct {
	mu      sync.Mutex
	of      map[uint64]*capture // by session
	over    list.List           // of *capture, the oldest first
	unkeyed list.List           // likewise, of sessions that have no secret yet
	living  list.List
	total   int // bytes that they take
}

// capture is what is recorded of one session.
//
// Packets stand one after the other in three buffers: the first ones in head;
// the newest in newer, and in older those of before newer was begun. When newer
// is full it becomes older, and what was in that is forgotten.
type capture struct {
	session     uint64
	peer, local netip.AddrPort
	among       *list.List    // which of the three
	place       *list.Element // in it

	head, older, newer []byte
	gap                bool // packets between head and the others were forgotten
	secrets            []byte
}

func newCaptures() *captures { return &captures{of: make(map[uint64]*capture)} }

// packet records a packet. It is a hook of [dtls.Observer].
func (c *captures) packet(p dtls.Packet) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	session := c.of[p.Session]
	if session == nil {
		// Nothing of a session can be decrypted without its beginning: one that
		// was forgotten is not recorded again.
		if p.Sent || !gate.IsClientHello(p.Payload) {
			return
		}
		session = c.begin(p)
	}
	c.change(session, func() { session.add(p) })
}

// secret records a line of the key log. It is a hook of [dtls.Observer].
func (c *captures) secret(s dtls.Secret) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if session := c.of[s.Session]; session != nil && len(session.secrets)+len(s.Line) <= captureSecrets {
		c.change(session, func() { session.secrets = append(session.secrets, s.Line...) })
		if session.among == &c.unkeyed {
			session.move(&c.living)
		}
	}
}

// closed says that a session is over. What is recorded of it is kept until the
// room is needed.
func (c *captures) closed(session uint64) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.of[session]; s != nil && s.among != &c.over {
		s.move(&c.over)
	}
}

// move puts a capture at the end of a list, and takes it off the one it was in.
func (s *capture) move(to *list.List) {
	if s.among != nil {
		s.among.Remove(s.place)
	}
	s.among, s.place = to, to.PushBack(s)
}

// write writes what is recorded of a session, in pcapng format.
func (c *captures) write(w io.Writer, session uint64) error {
	recorded, ok := c.snapshot(session)
	if !ok {
		return errNoCapture
	}
	return recorded.writeTo(w)
}

// snapshot returns a copy, so that nobody who serves datagrams has to wait for
// who downloads.
func (c *captures) snapshot(session uint64) (capture, bool) {
	if c == nil {
		return capture{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.of[session]
	if s == nil {
		return capture{}, false
	}
	recorded := *s
	for _, part := range []*[]byte{&recorded.head, &recorded.older, &recorded.newer, &recorded.secrets} {
		*part = append([]byte(nil), *part...)
	}
	return recorded, true
}

func (c *captures) begin(p dtls.Packet) *capture {
	if len(c.of) == captureSessions {
		c.forgetOne()
	}
	s := &capture{session: p.Session, peer: p.Peer, local: p.Local}
	s.move(&c.unkeyed)
	c.of[p.Session] = s
	return s
}

// change changes a capture and keeps the total within its bound.
func (c *captures) change(s *capture, how func()) {
	before := s.size()
	how()
	c.total += s.size() - before
	for c.total > captureTotal {
		c.forgetOne()
	}
}

func (c *captures) forgetOne() {
	from := &c.living
	for _, others := range []*list.List{&c.unkeyed, &c.over} {
		if others.Len() > 0 {
			from = others
		}
	}
	s := from.Remove(from.Front()).(*capture)
	s.among = nil
	delete(c.of, s.session)
	c.total -= s.size()
}

// size returns the bytes that s takes.
func (s *capture) size() int {
	return cap(s.head) + cap(s.older) + cap(s.newer) + cap(s.secrets)
}

// add appends a packet.
func (s *capture) add(p dtls.Packet) {
	n := packetHeader + len(p.Payload)
	if s.newer == nil && len(s.head)+n <= captureHead {
		s.head = appendPacket(s.head, p)
		return
	}
	if len(s.newer)+n > captureTail/2 {
		s.gap = s.gap || len(s.older) > 0
		s.older, s.newer = s.newer, s.older[:0]
	}
	s.newer = appendPacket(s.newer, p)
}

// recordedPacket is a packet as it is kept: its time in nanoseconds, its
// direction and its length, and then its payload.
type recordedPacket struct {
	at      time.Time
	sent    bool
	payload []byte
}

const packetHeader = 8 + 1 + 4

func appendPacket(b []byte, p dtls.Packet) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(p.Time.UnixNano()))
	direction := byte(0)
	if p.Sent {
		direction = 1
	}
	b = binary.BigEndian.AppendUint32(append(b, direction), uint32(len(p.Payload)))
	return append(b, p.Payload...)
}

// nextPacket takes a packet off what appendPacket made.
func nextPacket(b []byte) (p recordedPacket, rest []byte) {
	p.at = time.Unix(0, int64(binary.BigEndian.Uint64(b)))
	p.sent = b[8] == 1
	n := int(binary.BigEndian.Uint32(b[9:]))
	p.payload = b[packetHeader : packetHeader+n]
	return p, b[packetHeader+n:]
}
