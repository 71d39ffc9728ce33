package engine

import (
	"golang.org/x/crypto/cryptobyte"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// exportVersion is the first byte of every export. A change of the format
// changes it.
const exportVersion = 7

// exported is an association as it leaves: with the record numbers at which
// what is restored from it begins.
type exported struct {
	lineage     Lineage
	generation  uint64
	nextSend    uint64
	window      replayWindow
	leftovers   leftovers // of a snapshot, none
	association *Association
}

func (x *exported) marshal() []byte {
	a := x.association
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(exportVersion)
	b.AddBytes(x.lineage[:])
	b.AddUint64(x.generation)
	b.AddUint8(uint8(a.side))
	b.AddUint16(uint16(a.State().CipherSuite()))
	b.AddUint64(x.nextSend)
	b.AddUint64(x.window.next)
	b.AddUint64(x.window.seen)
	b.AddUint64(x.window.failed)
	b.AddUint16(a.read.epoch)
	b.AddUint16(a.write.epoch)
	b.AddUint16(a.peerRecordSize)
	b.AddUint16(a.ownRecordSize)
	sendSeq, peerSeq := a.messageSeqs()
	b.AddUint32(sendSeq)
	b.AddUint32(peerSeq)
	b.AddUint16(a.mtu)
	addOpaque(b, a.read.base())
	addOpaque(b, a.write.base())
	addOpaque(b, a.secrets)
	addOpaque(b, a.resumption)
	a.State().marshal(b)
	a.cids.marshal(b)
	b.AddBytes(x.leftovers.appendTo(nil))
	return b.BytesOrPanic()
}

func (x *exported) unmarshal(data []byte) error {
	a := x.association
	in := cryptobyte.String(data)
	var version, side uint8
	var id, readEpoch, writeEpoch uint16
	var read, write, exporter, resumption []byte
	if !in.ReadUint8(&version) || version != exportVersion ||
		!in.CopyBytes(x.lineage[:]) || !in.ReadUint64(&x.generation) ||
		!in.ReadUint8(&side) || side > uint8(Server) || !in.ReadUint16(&id) ||
		!in.ReadUint64(&x.nextSend) || !in.ReadUint64(&x.window.next) || !in.ReadUint64(&x.window.seen) ||
		!in.ReadUint64(&x.window.failed) || !in.ReadUint16(&readEpoch) || !in.ReadUint16(&writeEpoch) ||
		!in.ReadUint16(&a.peerRecordSize) || !in.ReadUint16(&a.ownRecordSize) ||
		!in.ReadUint32(&a.sendSeq) || !in.ReadUint32(&a.peerSeq) || !in.ReadUint16(&a.mtu) ||
		!readOpaque(&in, &read) || !readOpaque(&in, &write) ||
		!readOpaque(&in, &exporter) || !readOpaque(&in, &resumption) {
		return ErrExport
	}
	state, err := parseState(&in)
	if err != nil {
		return ErrExport
	}
	if a.cids, err = parseCIDs(&in); err != nil {
		return ErrExport
	}
	a.suite, a.suite13 = suite.Lookup(wire.CipherSuite(id)), suite.Lookup13(wire.CipherSuite(id))
	if a.suite == nil && a.suite13 == nil {
		return ErrExport
	}
	state.Suite, state.Suite13 = a.suite, a.suite13
	a.state = state
	a.secrets, a.resumption = exporter, resumption
	if len(exporter) != a.secretsLen() {
		return ErrExport
	}
	a.side = Side(side)
	if err := a.read.restore(a, read, readEpoch); err != nil {
		return err
	}
	if err := a.write.restore(a, write, writeEpoch); err != nil {
		return err
	}
	return x.unmarshalLeftovers(in)
}

// unmarshalLeftovers takes what is at the end of an export.
func (x *exported) unmarshalLeftovers(b []byte) error {
	a, in := x.association, unpacker{in: b}
	x.leftovers = in.leftovers(len(a.read.keys))
	if in.bad || len(in.in) > 0 || !x.leftovers.plausible(a.suite13 != nil, a.read.epoch) {
		return ErrExport
	}
	return nil
}

// base returns what the keys of h can be had from: the traffic secret, or in DTLS
// 1.2 themselves.
func (h *half) base() []byte {
	if h.traffic != nil {
		return h.traffic
	}
	return h.keys
}

// restore takes what base returned, which must be of the suite.
func (h *half) restore(a *Association, base []byte, epoch uint16) error {
	if a.suite13 != nil {
		if len(base) != a.suite13.Hash.Size() || zero(base) {
			return ErrExport
		}
		*h = half{traffic: base, keys: a.suite13.TrafficKeys(base), epoch: epoch}
		return nil
	}
	*h = half{keys: base, epoch: epoch, encryptThenMAC: a.state.EncryptThenMAC}
	if err := a.suite.Expand(&h.protection, &a.ws.scratch, h.keys, h.encryptThenMAC, a.cfg.Rand); err != nil {
		return ErrExport
	}
	return nil
}

// marshal adds all of the state but its suite.
func (s *State) marshal(b *cryptobyte.Builder) {
	b.AddUint16(uint16(s.Version))
	b.AddUint16(uint16(s.Group))
	b.AddUint16(s.SRTPProfile)
	b.AddUint8(flag(s.Resumed) | flag(s.ExtendedMasterSecret)<<1 | flag(s.EncryptThenMAC)<<2 | flag(s.HasCID)<<3 | flag(s.RRC)<<4 | flag(s.Retried)<<5)
	for _, field := range [][]byte{s.Identity, s.Hint, []byte(s.ServerName), []byte(s.ALPN), s.LocalCID, s.RemoteCID} {
		addOpaque(b, field)
	}
	b.AddUint8(s.PeerKeyType)
	addChain(b, s.PeerChain)
}

func parseState(in *cryptobyte.String) (*State, error) {
	s := &State{}
	var flags uint8
	var name, alpn []byte
	if !in.ReadUint16((*uint16)(&s.Version)) || !in.ReadUint16((*uint16)(&s.Group)) ||
		!in.ReadUint16(&s.SRTPProfile) || !in.ReadUint8(&flags) || flags > 63 ||
		!readOpaque(in, &s.Identity) || !readOpaque(in, &s.Hint) || !readOpaque(in, &name) ||
		!readOpaque(in, &alpn) || !readOpaque(in, &s.LocalCID) || !readOpaque(in, &s.RemoteCID) ||
		!in.ReadUint8(&s.PeerKeyType) || !readChain(in, &s.PeerChain) {
		return nil, ErrExport
	}
	s.Resumed = flags&1 != 0
	s.ExtendedMasterSecret = flags&2 != 0
	s.EncryptThenMAC = flags&4 != 0
	s.HasCID = flags&8 != 0
	s.RRC = flags&16 != 0
	s.Retried = flags&32 != 0
	s.ServerName = string(name)
	s.ALPN = string(alpn)
	return s, nil
}

// marshal adds the connection IDs, of which there may be none.
func (c *connectionIDs) marshal(b *cryptobyte.Builder) {
	if c == nil {
		c = &connectionIDs{}
	}
	addOpaque(b, c.peer)
	b.AddUint8(c.ownLen)
	addOpaque(b, c.own)
	addOpaque(b, c.spare)
}

func parseCIDs(in *cryptobyte.String) (*connectionIDs, error) {
	c := &connectionIDs{}
	if !readOpaque(in, &c.peer) || !in.ReadUint8(&c.ownLen) || !readOpaque(in, &c.own) || !readOpaque(in, (*[]byte)(&c.spare)) || !c.wellFormed() {
		return nil, ErrExport
	}
	if len(c.peer) == 0 && len(c.own) == 0 {
		return nil, nil
	}
	c.unseen = uint8(max(c.count()-1, 0))
	return c, nil
}

// wellFormed reports whether the connection IDs can be told apart.
func (c *connectionIDs) wellFormed() bool {
	if len(c.own)%max(int(c.ownLen), 1) > 0 || (c.ownLen == 0) != (len(c.own) == 0) || c.count() > maxOwnCIDs {
		return false
	}
	spare, n := 0, 0
	for cid := range c.spare.All() {
		if len(cid) == 0 {
			return false
		}
		spare, n = spare+1, n+1+len(cid)
	}
	return n == len(c.spare) && spare <= maxSpareCIDs
}

func addOpaque(b *cryptobyte.Builder, field []byte) {
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(field) })
}

func readOpaque(in *cryptobyte.String, field *[]byte) bool {
	return in.ReadUint16LengthPrefixed((*cryptobyte.String)(field))
}

// addChain adds a certificate chain.
func addChain(b *cryptobyte.Builder, chain [][]byte) {
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, certificate := range chain {
			b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(certificate) })
		}
	})
}

func readChain(in *cryptobyte.String, chain *[][]byte) bool {
	var list cryptobyte.String
	if !in.ReadUint24LengthPrefixed(&list) {
		return false
	}
	for !list.Empty() {
		var certificate cryptobyte.String
		if !list.ReadUint24LengthPrefixed(&certificate) {
			return false
		}
		*chain = append(*chain, certificate)
	}
	return true
}

func flag(set bool) uint8 {
	if set {
		return 1
	}
	return 0
}
