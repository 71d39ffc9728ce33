package engine

import (
	"golang.org/x/crypto/cryptobyte"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// exportVersion is the first byte of every export. A change of the format
// changes it.
const exportVersion = 4

// exported is an association as it leaves: with the record numbers at which
// what is restored from it begins.
type exported struct {
	lineage     Lineage
	generation  uint64
	nextSend    uint64
	window      replayWindow
	association *Association
}

func (x *exported) marshal() []byte {
	a := x.association
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(exportVersion)
	b.AddBytes(x.lineage[:])
	b.AddUint64(x.generation)
	b.AddUint8(uint8(a.side))
	b.AddUint16(uint16(a.suite.ID))
	b.AddUint64(x.nextSend)
	b.AddUint64(x.window.next)
	b.AddUint64(x.window.seen)
	b.AddUint16(a.write.epoch)
	b.AddUint16(a.peerRecordSize)
	b.AddUint16(a.ownRecordSize)
	b.AddUint32(a.peerSeq)
	b.AddUint16(a.mtu)
	addOpaque(b, a.read.keys)
	addOpaque(b, a.write.keys)
	b.AddBytes(a.secrets.master[:])
	b.AddBytes(a.secrets.clientRandom[:])
	b.AddBytes(a.secrets.serverRandom[:])
	a.state.marshal(b)
	return b.BytesOrPanic()
}

func (x *exported) unmarshal(data []byte) error {
	a := x.association
	in := cryptobyte.String(data)
	var version, side uint8
	var id, epoch uint16
	var read, write []byte
	if !in.ReadUint8(&version) || version != exportVersion ||
		!in.CopyBytes(x.lineage[:]) || !in.ReadUint64(&x.generation) ||
		!in.ReadUint8(&side) || side > uint8(Server) || !in.ReadUint16(&id) ||
		!in.ReadUint64(&x.nextSend) || !in.ReadUint64(&x.window.next) || !in.ReadUint64(&x.window.seen) ||
		!in.ReadUint16(&epoch) || !in.ReadUint16(&a.peerRecordSize) || !in.ReadUint16(&a.ownRecordSize) ||
		!in.ReadUint32(&a.peerSeq) || !in.ReadUint16(&a.mtu) ||
		!readOpaque(&in, &read) || !readOpaque(&in, &write) ||
		!in.CopyBytes(a.secrets.master[:]) || !in.CopyBytes(a.secrets.clientRandom[:]) || !in.CopyBytes(a.secrets.serverRandom[:]) {
		return ErrExport
	}
	state, err := parseState(&in)
	if err != nil || !in.Empty() {
		return ErrExport
	}
	if a.suite = suite.Lookup(wire.CipherSuite(id)); a.suite == nil {
		return ErrExport
	}
	state.Suite = a.suite
	a.state = state
	a.cid, a.peerCID = state.LocalCID, state.RemoteCID
	a.side = Side(side)
	if err := a.read.restore(a, read, epoch); err != nil {
		return err
	}
	return a.write.restore(a, write, epoch)
}

// restore takes keys, which must be those of the suite.
func (h *half) restore(a *Association, keys suite.Keys, epoch uint16) error {
	*h = half{keys: keys, epoch: epoch, encryptThenMAC: a.state.EncryptThenMAC}
	var err error
	if h.protection, err = a.suite.NewProtection(keys, h.encryptThenMAC, a.cfg.Rand); err != nil {
		return ErrExport
	}
	return nil
}

// marshal adds all of the state but its suite.
func (s *State) marshal(b *cryptobyte.Builder) {
	b.AddUint16(uint16(s.Version))
	b.AddUint16(uint16(s.Group))
	b.AddUint16(s.SRTPProfile)
	b.AddUint8(flag(s.Resumed) | flag(s.ExtendedMasterSecret)<<1 | flag(s.EncryptThenMAC)<<2 | flag(s.HasCID)<<3 | flag(s.RRC)<<4)
	for _, field := range [][]byte{s.Identity, s.Hint, []byte(s.ServerName), []byte(s.ALPN), s.SRTPMKI, s.LocalCID, s.RemoteCID} {
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
		!in.ReadUint16(&s.SRTPProfile) || !in.ReadUint8(&flags) || flags > 31 ||
		!readOpaque(in, &s.Identity) || !readOpaque(in, &s.Hint) || !readOpaque(in, &name) ||
		!readOpaque(in, &alpn) || !readOpaque(in, &s.SRTPMKI) ||
		!readOpaque(in, &s.LocalCID) || !readOpaque(in, &s.RemoteCID) ||
		!in.ReadUint8(&s.PeerKeyType) || !readChain(in, &s.PeerChain) {
		return nil, ErrExport
	}
	s.Resumed = flags&1 != 0
	s.ExtendedMasterSecret = flags&2 != 0
	s.EncryptThenMAC = flags&4 != 0
	s.HasCID = flags&8 != 0
	s.RRC = flags&16 != 0
	s.ServerName = string(name)
	s.ALPN = string(alpn)
	return s, nil
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
