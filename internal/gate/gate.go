package gate

import (
	"net/netip"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// The sizes of the ring for fragmented hellos where nothing else is configured. A hello with
// post-quantum key shares has about 1,500 bytes; long lists and names fit as well.
const (
	DefaultRingSlots    = 64
	DefaultRingSlotSize = 8192
)

// MaxReply is the length of the longest answer of a Gate.
const MaxReply = max(challengeLen, maxRequestLen, alertLen)

// Config are the settings of a Gate. The zero value is the default.
type Config struct {
	Versions []wire.Version // that the server speaks, the preferred one first; nil stands for DTLS 1.2 alone
	Policy   *suite.Policy  // what the server agrees to in DTLS 1.3, which needs it
	Cookies  Policy         // who has to show a cookie
	Crowded  func() bool    // reports whether many handshakes are in progress, for UnderLoad; may be nil
	// Occupied reports whether an address has a session already. Whoever begins anew there has to show a
	// cookie under UnderLoad as well: the hello may be forged. It may be nil.
	Occupied     func(netip.AddrPort) bool
	AnswerRate   int      // hellos a second without a good cookie to be answered; 0 means DefaultAnswerRate, below 0 all
	Networks     Networks // that are heard in turn where not all are answered
	RingSlots    int      // hellos in fragments at a time; 0 means DefaultRingSlots
	RingSlotSize int      // longest hello in fragments, in bytes; 0 means DefaultRingSlotSize
}

// A Gate decides about datagrams of senders that have no session. It is owned by one goroutine.
type Gate struct {
	baker   baker
	ring    ring
	door    *door13 // nil where no versions are given
	cookies Policy
	crowded func() bool
	taken   func(netip.AddrPort) bool
	load    load
	answers answers
}

// New returns a gate with a ring of its own that makes and accepts cookies of s.
func New(s *Secrets, cfg Config) *Gate {
	if cfg.RingSlots <= 0 {
		cfg.RingSlots = DefaultRingSlots
	}
	if cfg.RingSlotSize <= 0 {
		cfg.RingSlotSize = DefaultRingSlotSize
	}
	g := &Gate{
		baker:   newBaker(s),
		ring:    newRing(cfg.RingSlots, cfg.RingSlotSize),
		cookies: cfg.Cookies,
		crowded: cfg.Crowded,
		taken:   cfg.Occupied,
		answers: newAnswers(cfg.AnswerRate, cfg.Networks),
	}
	if len(cfg.Versions) > 0 {
		g.door = newDoor13(cfg.Versions, cfg.Policy)
	}
	return g
}

// Press says how far the server is behind with reading: then fewer hellos are answered.
func (g *Gate) Press(p Pressure) { g.answers.pressure = p }

// IsClientHello reports whether a datagram begins with a ClientHello, or with a fragment of one, as only
// a client does that starts anew.
func IsClientHello(datagram []byte) bool {
	_, ok := helloFragment(datagram)
	return ok
}

// CanWait reports whether a datagram of a sender without a session may be looked at after others that were
// received with it: it begins with the first ClientHello of a handshake, or a fragment of that. A flood
// consists of these, and a client that sent one has nothing else on its way. The hello that answers a
// request for a cookie is the second one: RFC 6347, Section 4.2.2, and RFC 9147, Section 5.2.
func CanWait(datagram []byte) bool {
	f, ok := helloFragment(datagram)
	return ok && f.Seq == 0
}

// helloFragment returns the fragment of a ClientHello with which a datagram begins.
func helloFragment(datagram []byte) (wire.Fragment, bool) {
	record, _, err := wire.ParseRecord(datagram)
	if err != nil || record.Type != wire.ContentHandshake || record.Epoch != 0 {
		return wire.Fragment{}, false
	}
	f, _, err := wire.ParseFragment(record.Payload)
	return f, err == nil && f.Type == wire.TypeClientHello
}

// An Action is what to do about a datagram.
type Action uint8

// The actions.
const (
	Drop   Action = iota // nothing; count the reason
	Keep                 // nothing: it is part of a ClientHello, and the rest is awaited
	Reply                // send the reply to where the datagram came from
	Admit                // begin a handshake
	Refuse               // send the reply, which is an alert, and count the reason
)

func (a Action) String() string {
	switch a {
	case Drop:
		return "drop"
	case Keep:
		return "keep"
	case Reply:
		return "reply"
	case Admit:
		return "admit"
	case Refuse:
		return "refuse"
	}
	return "unknown action"
}

// A Verdict is what the gate says about a datagram. Slices and pointers are views into the datagram or into
// the gate, good until the next Receive.
type Verdict struct {
	Action Action
	Drop   wire.Drop // why, when Action is Drop or Refuse

	// When Action is Refuse:

	Alert wire.AlertDescription // that the reply holds
	Err   error                 // why, in words that are found when Error is called

	// When Action is Admit:

	Retry  *Retry // the HelloRetryRequest that the hello answers; nil without one
	Proven bool   // the hello has a good cookie: the sender receives what is sent to it

	Hello      []byte // body of the ClientHello
	MessageSeq uint16 // its message_seq
	RecordSeq  uint64 // sequence number of its record, the last one if there were several
	Rest       []byte // what follows that record in the datagram, mostly nothing
}

// Receive decides about a datagram from peer. When the verdict is Reply or Refuse, the datagram to send is
// appended to reply: a HelloVerifyRequest, a HelloRetryRequest or an alert. Otherwise reply is returned as it
// was. What is appended has at most MaxReply bytes, and no more than the sender spent on it: the datagram or,
// where it completes a hello in fragments, all of them. Nothing is allocated, except once when the secrets
// rotate.
func (g *Gate) Receive(now time.Time, peer netip.AddrPort, datagram, reply []byte) (Verdict, []byte) {
	if len(datagram) == 0 {
		return dropped(wire.DropEmptyDatagram), reply
	}
	in := arrival{now: now, peer: peer, size: len(datagram)}
	verdict := dropped(wire.DropNone)
	for rest := datagram; len(rest) > 0; {
		record, after, err := wire.ParseRecord(rest)
		if err != nil {
			verdict.merge(dropped(wire.DropMalformedRecord))
			break
		}
		var v Verdict
		v, reply = g.receiveRecord(in, record, reply)
		if v.answers() {
			v.RecordSeq, v.Rest = record.Seq, after
			return v, reply
		}
		verdict.merge(v)
		rest = after
	}
	return verdict, reply
}

func dropped(reason wire.Drop) Verdict { return Verdict{Action: Drop, Drop: reason} }

// answers reports whether there is something to do about a datagram.
func (v *Verdict) answers() bool { return v.Action != Drop && v.Action != Keep }

// merge adds what is to be said of another part of the datagram, about which there is nothing to do. The
// first one counts, but a fragment that was kept says more than the rest.
func (v *Verdict) merge(other Verdict) {
	if v.Action == Drop && (v.Drop == wire.DropNone || other.Action == Keep) {
		*v = other
	}
}

// An arrival is where a hello comes from.
type arrival struct {
	now        time.Time
	peer       netip.AddrPort
	size       int    // of the datagram, or of the hello that it completes
	recordSeq  uint64 // of the record
	messageSeq uint16 // of the message
	paid       bool   // an answer is charged for already
}

// receiveRecord looks for a ClientHello in a record.
func (g *Gate) receiveRecord(in arrival, record wire.Record, reply []byte) (Verdict, []byte) {
	if record.Type != wire.ContentHandshake || record.Epoch != 0 {
		return dropped(wire.DropUnknownPeer), reply
	}
	// Clients put the oldest version here, or the newest they know: all of DTLS have this first byte. To
	// DTLS 1.3 it means nothing (RFC 9147, Section 4), and the hello has a version of its own.
	if g.door == nil && record.Version>>8 != wire.VersionDTLS10>>8 {
		return dropped(wire.DropUnsupportedVersion), reply
	}
	in.recordSeq = record.Seq
	verdict := dropped(wire.DropNone)
	for payload := record.Payload; len(payload) > 0; {
		f, after, err := wire.ParseFragment(payload)
		if err != nil {
			verdict.merge(dropped(wire.DropMalformedHello))
			break
		}
		var v Verdict
		v, reply = g.receiveFragment(in, f, reply)
		if v.answers() {
			return v, reply
		}
		verdict.merge(v)
		payload = after
	}
	if verdict.Action == Drop && verdict.Drop == wire.DropNone {
		verdict.Drop = wire.DropMalformedHello // a record without a message
	}
	return verdict, reply
}

// receiveFragment handles a fragment.
func (g *Gate) receiveFragment(in arrival, f wire.Fragment, reply []byte) (Verdict, []byte) {
	if f.Type != wire.TypeClientHello {
		return dropped(wire.DropUnknownPeer), reply
	}
	in.messageSeq = f.Seq
	if f.Whole() {
		return g.receiveHello(in, f.Body, reply)
	}
	// A first fragment with all that the cookie covers is answered at once, and not kept. In DTLS 1.3 that is
	// all of the hello, and the version is in an extension.
	if hello, ok := wire.ParseClientHelloPrefix(f.Body); !g.speaks13() && f.Offset == 0 && ok {
		switch v := g.check(in, &hello); v.Action {
		case Drop:
			return v, reply
		case Reply:
			return g.challenge(in, &hello, reply)
		}
	}
	body, reason := g.ring.add(in.now, in.peer, f)
	if reason != wire.DropNone {
		return dropped(reason), reply
	}
	if body == nil {
		return Verdict{Action: Keep}, reply
	}
	// Its sender has spent all fragments on this answer, of which the last one is often small.
	in.size = max(in.size, len(body))
	return g.receiveHello(in, body, reply)
}

// receiveHello handles a whole ClientHello.
func (g *Gate) receiveHello(in arrival, body, reply []byte) (Verdict, []byte) {
	hello, err := wire.ParseClientHello(body)
	if err != nil {
		return dropped(wire.DropMalformedHello), reply
	}
	// The first hello of a handshake has no cookie. A flood consists of those, so that it is left at that as
	// early as possible if there is to be no answer.
	if g.cookies == Always && in.messageSeq == 0 && len(hello.Cookie) == 0 && isDTLS(hello.Version) {
		if in.paid = g.mayAnswer(in); !in.paid {
			return dropped(wire.DropAnswerLimit), reply
		}
	}
	if g.door != nil && g.cookies != Never && isDTLS(hello.Version) {
		if v, reply, ok := g.receiveHello13(in, &hello, body, reply); ok {
			return v, reply
		}
	}
	v := g.check(in, &hello)
	if v.Action == Reply {
		return g.challenge(in, &hello, reply)
	}
	v.Hello, v.MessageSeq = body, in.messageSeq
	return v, reply
}

// speaks13 reports whether DTLS 1.3 is one of the versions.
func (g *Gate) speaks13() bool { return g.door != nil && g.door.speaks }

// check says what to do about a hello: Drop it, Reply with a cookie, or Admit it.
func (g *Gate) check(in arrival, hello *wire.ClientHello) Verdict {
	if !isDTLS(hello.Version) {
		return dropped(wire.DropUnsupportedVersion)
	}
	switch {
	case g.cookies == Never, len(hello.Cookie) == 0 && !g.asks(in):
		return Verdict{Action: Admit}
	case g.baker.good(in.now, in.peer, hello):
		return g.admit(in)
	case !g.mayAnswer(in):
		return dropped(wire.DropAnswerLimit)
	}
	// RFC 6347, Section 4.2.1: a cookie that is not valid is treated as if there were none.
	return Verdict{Action: Reply}
}

// mayAnswer reports whether there is to be an answer to a hello without a good cookie.
func (g *Gate) mayAnswer(in arrival) bool {
	return in.paid || g.answers.allow(in.now, in.peer.Addr())
}

// asks reports whether a client without a cookie is asked for one.
func (g *Gate) asks(in arrival) bool {
	return g.cookies == Always || g.load.hear(in.now, g.crowded != nil && g.crowded()) || g.taken != nil && g.taken(in.peer)
}

// admit lets a client in whose cookie is good.
func (g *Gate) admit(in arrival) Verdict {
	g.answers.welcome(in.now, in.peer.Addr())
	return Verdict{Action: Admit, Proven: true}
}

// isDTLS reports whether a client_version is one of DTLS, of whatever age: whether it is accepted is for
// the handshake to say. Versions of DTLS are ones' complements of 1.0, 1.2 and so on, which sets the
// first bit and tells them from those of TLS: RFC 6347, Section 4.1.
func isDTLS(v wire.Version) bool { return v >= 0x8000 && v <= wire.VersionDTLS10 }
