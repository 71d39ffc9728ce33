package engine

import (
	"encoding/binary"
	"slices"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A flat is what Pack returned, or nothing.
type flat []byte

// parse returns what is in bytes that were parsed once, or are none.
func (f flat) parse() still {
	var s still
	s.parse(f)
	return s
}

// state returns the State in it, or nil if it is empty.
func (f flat) state() *State {
	if len(f) == 0 {
		return nil
	}
	s := f.parse()
	state := s.state()
	return &state
}

// A packFlag is one of the yes and no of a packed association.
type packFlag uint16

const (
	packServer packFlag = 1 << iota
	packNewest
	packReplaced
	packCeiling
	packLeftovers  // the peer may still ask for something
	packResumption // there is a resumption_master_secret
	packResumed
	packExtendedMasterSecret
	packEncryptThenMAC
	packCID
	packRRC
	packRetried
	packOwes
	packRequested
	packOtherLocal  // LocalCID is not the oldest of ours, and follows
	packOtherRemote // RemoteCID is not the one in use, and follows
)

// packAgreed are the flags that are of the State.
const packAgreed = packResumed | packExtendedMasterSecret | packEncryptThenMAC | packCID | packRRC | packRetried

// A still is all that an association at rest consists of. Its slices are views
// into the association, or into what was packed.
type still struct {
	suite   *suite.Suite
	suite13 *suite.Suite13

	mtu, peerRecordSize, ownRecordSize       uint16
	sendSeq, peerSeq                         uint32
	readEpoch, writeEpoch                    uint16
	nextSend                                 uint64
	window                                   replayWindow
	ceiling                                  ceiling
	cids                                     connectionIDs
	readKeys, writeKeys, secrets, resumption []byte
	readTraffic, writeTraffic                []byte    // of DTLS 1.3
	leftovers                                leftovers // when it is being packed
	packedLeftovers                          []byte    // when it was: see parseLeftovers
	agreed
}

// An agreed is what a State says beside the suite.
type agreed struct {
	flags                            packFlag
	group, srtpProfile               uint16
	peerKeyType                      uint8
	identity, hint, serverName, alpn []byte
	localCID, remoteCID              []byte
	chain                            []byte // each certificate with its length before it
}

func (g *agreed) has(f packFlag) bool { return g.flags&f != 0 }

func (g *agreed) set(f packFlag, yes bool) {
	g.flags &^= f
	if yes {
		g.flags |= f
	}
}

// agreed returns what s says beside the suite.
func (s *State) agreed() agreed {
	g := agreed{
		group:       uint16(s.Group),
		srtpProfile: s.SRTPProfile,
		peerKeyType: s.PeerKeyType,
		identity:    s.Identity,
		hint:        s.Hint,
		serverName:  []byte(s.ServerName),
		alpn:        []byte(s.ALPN),
		localCID:    s.LocalCID,
		remoteCID:   s.RemoteCID,
	}
	for _, certificate := range s.PeerChain {
		g.chain = appendPacked(g.chain, certificate)
	}
	g.set(packResumed, s.Resumed)
	g.set(packExtendedMasterSecret, s.ExtendedMasterSecret)
	g.set(packEncryptThenMAC, s.EncryptThenMAC)
	g.set(packCID, s.HasCID)
	g.set(packRRC, s.RRC)
	g.set(packRetried, s.Retried)
	return g
}

// state returns the State of s, with copies of what it holds.
func (s *still) state() State {
	state := State{
		Version:              wire.VersionDTLS12,
		Suite:                s.suite,
		Suite13:              s.suite13,
		Retried:              s.has(packRetried),
		Group:                wire.Group(s.group),
		Resumed:              s.has(packResumed),
		ExtendedMasterSecret: s.has(packExtendedMasterSecret),
		EncryptThenMAC:       s.has(packEncryptThenMAC),
		HasCID:               s.has(packCID),
		RRC:                  s.has(packRRC),
		Identity:             slices.Clone(s.identity),
		Hint:                 slices.Clone(s.hint),
		ServerName:           string(s.serverName),
		ALPN:                 string(s.alpn),
		SRTPProfile:          s.srtpProfile,
		PeerKeyType:          s.peerKeyType,
		LocalCID:             slices.Clone(s.localCID),
		RemoteCID:            slices.Clone(s.remoteCID),
	}
	if s.suite13 != nil {
		state.Version = wire.VersionDTLS13
	}
	for in := (unpacker{in: s.chain}); len(in.in) > 0; {
		state.PeerChain = append(state.PeerChain, slices.Clone(in.opaque()))
	}
	return state
}

// side returns the end of the association that it is of.
func (s *still) side() Side {
	if s.has(packServer) {
		return Server
	}
	return Client
}

// appendTo appends the flat form of s.
func (s *still) appendTo(b []byte) []byte {
	oldest := s.cids.own[:s.cids.ownLen]
	s.set(packOtherLocal, string(s.localCID) != string(oldest))
	s.set(packOtherRemote, string(s.remoteCID) != string(s.cids.peer))
	s.set(packResumption, len(s.resumption) > 0)
	s.set(packOwes, s.cids.owes)
	s.set(packRequested, s.cids.requested)

	b = binary.BigEndian.AppendUint16(b, uint16(s.flags))
	b = binary.BigEndian.AppendUint16(b, uint16(s.id()))
	for _, n := range [...]uint64{
		uint64(s.mtu), uint64(wire.MaxPlaintext - s.peerRecordSize), uint64(wire.MaxPlaintext - s.ownRecordSize),
		uint64(s.sendSeq), uint64(s.peerSeq), uint64(s.readEpoch), uint64(s.writeEpoch),
		s.nextSend,
	} {
		b = binary.AppendUvarint(b, n)
	}
	b = s.window.appendTo(b)
	b = append(b, s.readKeys...)
	b = append(b, s.writeKeys...)
	b = append(b, s.readTraffic...)
	b = append(b, s.writeTraffic...)
	b = append(b, s.secrets...)
	b = append(b, s.resumption...)
	if s.has(packCeiling) {
		b = s.ceiling.appendTo(b)
	}
	if s.has(packCID) {
		b = s.appendCIDs(b)
	}
	b = s.agreed.appendTo(b)
	if s.has(packLeftovers) {
		b = s.leftovers.appendTo(b)
	}
	return b
}

// id returns the code point of the suite.
func (s *still) id() wire.CipherSuite {
	if s.suite13 != nil {
		return s.suite13.ID
	}
	return s.suite.ID
}

// missing returns the numbers of the window that were not taken: mostly none.
func (w *replayWindow) missing() uint64 { return w.seen ^ (1<<min(w.next, replayWindowSize) - 1) }

func (w *replayWindow) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, w.next)
	b = binary.AppendUvarint(b, w.missing())
	return binary.AppendUvarint(b, w.failed)
}

func (c *ceiling) appendTo(b []byte) []byte {
	b = append(b, c.lineage[:]...)
	b = binary.AppendUvarint(b, c.generation)
	b = binary.AppendUvarint(b, c.send)
	return binary.AppendUvarint(b, c.receive)
}

func (s *still) appendCIDs(b []byte) []byte {
	c := &s.cids
	b = append(b, c.ownLen, uint8(c.count()), c.unseen, c.owed)
	b = append(b, c.own...)
	b = appendPacked(b, c.peer)
	b = appendPacked(b, c.spare)
	if s.has(packOtherLocal) {
		b = appendPacked(b, s.localCID)
	}
	if s.has(packOtherRemote) {
		b = appendPacked(b, s.remoteCID)
	}
	return b
}

func (g *agreed) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(g.group))
	b = binary.AppendUvarint(b, uint64(g.srtpProfile))
	b = append(b, g.peerKeyType)
	for _, field := range [...][]byte{g.identity, g.hint, g.serverName, g.alpn, g.chain} {
		b = appendPacked(b, field)
	}
	return b
}

// appendPacked appends a field with its length before it.
func appendPacked(b, field []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(field))), field...)
}

// parse takes the flat form. It reports false for what is none; then what it has
// set means nothing.
func (s *still) parse(b []byte) bool {
	in := unpacker{in: b}
	s.flags = packFlag(in.uint16())
	s.suite13 = suite.Lookup13(wire.CipherSuite(in.peekUint16()))
	if s.suite13 == nil {
		s.suite = suite.Lookup(wire.CipherSuite(in.peekUint16()))
	}
	in.uint16()
	if s.suite == nil && s.suite13 == nil {
		return false
	}
	s.mtu = uint16(in.number(1<<16 - 1))
	s.peerRecordSize = wire.MaxPlaintext - uint16(in.number(wire.MaxPlaintext))
	s.ownRecordSize = wire.MaxPlaintext - uint16(in.number(wire.MaxPlaintext))
	s.sendSeq = uint32(in.number(maxMessages))
	s.peerSeq = uint32(in.number(maxMessages))
	s.readEpoch = uint16(in.number(maxEpoch))
	s.writeEpoch = uint16(in.number(maxEpoch))
	s.nextSend = in.number(1<<64 - 1)
	s.window = in.window()
	s.parseSecrets(&in)
	if s.has(packCeiling) {
		s.ceiling = in.ceiling()
	}
	s.parseCIDs(&in)
	s.agreed.parse(&in)
	if s.has(packLeftovers) {
		s.packedLeftovers = in.take(len(in.in))
	}
	return !in.bad && len(in.in) == 0
}

// parseLeftovers takes what is at the end of the flat form, of which nothing but an
// association that goes on needs to know. It reports false for what is none.
func (s *still) parseLeftovers() (leftovers, bool) {
	if !s.has(packLeftovers) {
		return leftovers{}, true
	}
	in := unpacker{in: s.packedLeftovers}
	l := in.leftovers(len(s.readKeys))
	return l, !in.bad && len(in.in) == 0 && l.plausible(s.suite13 != nil, s.readEpoch)
}

func (s *still) parseSecrets(in *unpacker) {
	if s.suite13 == nil {
		keys := s.suite.KeysLen()
		s.readKeys, s.writeKeys = in.take(keys), in.take(keys)
		s.secrets = in.take(secretsLen12)
		return
	}
	keys, secret := s.suite13.KeysLen(), s.suite13.Hash.Size()
	s.readKeys, s.writeKeys = in.take(keys), in.take(keys)
	s.readTraffic, s.writeTraffic = in.take(secret), in.take(secret)
	s.secrets = in.take(secret)
	if s.has(packResumption) {
		s.resumption = in.take(secret)
	}
}

// parseCIDs takes the connection IDs. Those of the State are mostly among them.
func (s *still) parseCIDs(in *unpacker) {
	c := &s.cids
	c.owes, c.requested = s.has(packOwes), s.has(packRequested)
	if !s.has(packCID) {
		return
	}
	c.ownLen = in.uint8()
	count := in.uint8()
	c.unseen, c.owed = in.uint8(), in.uint8()
	c.own = in.take(int(c.ownLen) * int(count))
	c.peer, c.spare = in.opaque(), in.opaque()
	if in.bad || !c.wellFormed() || len(c.peer) > 255 || int(c.unseen) > max(c.count()-1, 0) {
		in.fail()
		return
	}
	s.localCID, s.remoteCID = c.own[:c.ownLen], c.peer
	if s.has(packOtherLocal) {
		s.localCID = in.opaque()
	}
	if s.has(packOtherRemote) {
		s.remoteCID = in.opaque()
	}
}

func (g *agreed) parse(in *unpacker) {
	g.group, g.srtpProfile = uint16(in.number(1<<16-1)), uint16(in.number(1<<16-1))
	g.peerKeyType = in.uint8()
	for _, field := range [...]*[]byte{&g.identity, &g.hint, &g.serverName, &g.alpn, &g.chain} {
		*field = in.opaque()
	}
	chain := unpacker{in: g.chain}
	for len(chain.in) > 0 {
		chain.opaque()
	}
	if chain.bad {
		in.fail()
	}
}

// plausible reports whether an association can go on from s: with keys that are
// there, in epochs that exist.
func (s *still) plausible() bool {
	if s.suite13 == nil {
		return s.readEpoch == 1 && s.writeEpoch == 1 && s.mtu >= MinMTU
	}
	return s.readEpoch >= epochApplication && s.writeEpoch >= epochApplication && s.mtu >= MinMTU &&
		!zero(s.readTraffic) && !zero(s.writeTraffic) && !zero(s.secrets) && (len(s.resumption) == 0 || !zero(s.resumption))
}

// An unpacker takes apart what was packed. What is not there is nothing, and bad
// from then on.
type unpacker struct {
	in  []byte
	bad bool
}

func (u *unpacker) fail() { u.in, u.bad = nil, true }

// take returns the next n bytes, which cannot grow into what follows.
func (u *unpacker) take(n int) []byte {
	if n > len(u.in) {
		u.fail()
		return nil
	}
	b := u.in[:n:n]
	u.in = u.in[n:]
	return b
}

func (u *unpacker) uint8() uint8 {
	if b := u.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (u *unpacker) uint16() uint16 { return uint16(u.uint8())<<8 | uint16(u.uint8()) }

// peekUint16 returns what uint16 would.
func (u *unpacker) peekUint16() uint16 {
	ahead := *u
	return ahead.uint16()
}

// number returns the next number, at most limit.
func (u *unpacker) number(limit uint64) uint64 {
	n, size := binary.Uvarint(u.in)
	if size <= 0 || n > limit {
		u.fail()
		return 0
	}
	u.in = u.in[size:]
	return n
}

func (u *unpacker) window() replayWindow {
	w := replayWindow{next: u.number(1<<64 - 1)}
	w.seen = u.number(1<<64-1) ^ w.missing()
	w.failed = u.number(1<<64 - 1)
	return w
}

func (u *unpacker) ceiling() ceiling {
	var c ceiling
	copy(c.lineage[:], u.take(len(c.lineage)))
	c.generation = u.number(1<<64 - 1)
	c.send, c.receive = u.number(1<<64-1), u.number(1<<64-1)
	return c
}

// opaque returns the next field with a length.
func (u *unpacker) opaque() []byte { return u.take(int(u.number(uint64(len(u.in))))) }
