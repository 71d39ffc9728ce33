package engine

import (
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// What no verb of an association does, and a test needs of a peer that
// misbehaves.

// SealAs seals content of any type as the next protected record.
func (a *Association) SealAs(t wire.ContentType, content []byte) []byte {
	record, err := a.seal(nil, &a.write, t, content)
	if err != nil {
		panic(err)
	}
	return record
}

// SkipTo makes seq the number of the next protected record.
func (a *Association) SkipTo(seq uint64) { a.write.seq = seq }

// Awaits returns the state of the handshake, or "" after it.
func (a *Association) Awaits() string {
	if a.hs == nil {
		return ""
	}
	return a.hs.state.String()
}

// Buffered returns how much of its cap the unfinished handshake uses, in
// bytes.
func (a *Association) Buffered() int {
	if a.delivery == nil {
		return 0
	}
	return a.delivery.reassembly.used
}

// ForgetSigner has a client that is about to present its certificate omit
// the proof that the key is its own.
func (a *Association) ForgetSigner() { a.hs.role.(*client12).credential.Signer = nil }

// HeldSecrets returns the places in which an association has its secrets.
func (a *Association) HeldSecrets() [][]byte {
	places := [][]byte{a.secrets, a.read.keys, a.write.keys, a.read.traffic, a.write.traffic}
	if a.hs != nil {
		places = append(places, a.hs.master[:])
		if k := a.hs.schedule; k != nil {
			places = append(places, k.finished[Client], k.finished[Server], k.application[Client], k.application[Server])
		}
	}
	if a.older != nil {
		for _, r := range a.older.reads {
			places = append(places, r.keys)
		}
		for _, w := range a.older.writes {
			places = append(places, w.keys)
		}
	}
	return append(places, a.resumption)
}

// Expanded reports whether an association holds expanded keys.
func (a *Association) Expanded() bool {
	expanded := func(h *half) bool { return h.protection.Expanded() }
	if a.older != nil {
		for i := range a.older.reads {
			if expanded(&a.older.reads[i].half) {
				return true
			}
		}
		for i := range a.older.writes {
			if expanded(&a.older.writes[i]) {
				return true
			}
		}
	}
	return expanded(&a.read) || expanded(&a.write)
}

// NewClassicClient is NewClient for a client from before RFC 7627.
func NewClassicClient(cfg *Config, ws *Workspace, now time.Time, target Target) *Association {
	a := newAssociation(cfg, ws, Client)
	ws.begin()
	c := newClientStart(a, now, target)
	a.hs = c.handshake
	if err := c.random(c.clientRandom[:]); err != nil {
		panic(err)
	}
	if err := c.offerSession(); err != nil {
		panic(err)
	}
	c.offered = c.extensions()
	c.offered.ExtendedMasterSecret = false
	c.hello = c.newHello()
	if err := c.sendHello(now); err != nil {
		panic(err)
	}
	return a
}

// SealWithCID seals content as the next protected record with that connection
// ID, or without one, whatever was agreed on.
func (a *Association) SealWithCID(cid []byte, t wire.ContentType, content []byte) []byte {
	agreed := a.cids
	defer func() { a.cids = agreed }()
	a.cids = &connectionIDs{peer: cid}
	return a.SealAs(t, content)
}

// LastSent returns the number of the newest protected record that was sent.
func (a *Association) LastSent() wire.RecordNumber {
	return wire.RecordNumber{Epoch: uint64(a.write.epoch), Seq: a.write.seq - 1}
}

// OldWrites returns how many epochs it keeps keys of to send with, beside the
// newest.
func (a *Association) OldWrites() int {
	if a.older == nil {
		return 0
	}
	return len(a.older.writes)
}

// AddCookie has a client believe that the HelloRetryRequest had a cookie.
func (a *Association) AddCookie(cookie []byte) { a.hs.role.(*clientStart).retry.Cookie = cookie }

// OpenACK returns the ACK in a datagram for a, which is otherwise as if it had
// not come.
func (a *Association) OpenACK(datagram []byte) wire.ACK {
	r, _, err := wire.ParseUnifiedRecord(datagram, a.cidLen())
	if err != nil {
		panic(err)
	}
	h, window := a.readOf(r.EpochBits)
	p := a.protect13(h)
	p.RevealNumber(r.Header, r.Payload)
	t, content, err := p.Open(r.Header, r.Payload, wire.ReconstructSeq(window.next, r.Seq))
	if err != nil || t != wire.ContentACK {
		panic(t.String())
	}
	ack, err := wire.ParseACK(content)
	if err != nil {
		panic(err)
	}
	return ack
}

// SealIn seals content of any type as the next record of an epoch that is or was
// in use.
func (a *Association) SealIn(epoch uint16, t wire.ContentType, content []byte) []byte {
	record, err := a.seal(nil, a.writeOf(epoch), t, content)
	if err != nil {
		panic(err)
	}
	return record
}

// SealNumbered seals a plaintext of DTLS 1.3 as the record of that number, of
// which 8 or 16 bits are in the header.
func (a *Association) SealNumbered(seq uint64, short bool, plaintext []byte) []byte {
	header := wire.UnifiedHeader{CID: a.peerCID(), Epoch: uint64(a.write.epoch), Seq: seq, ShortSeq: short}
	return a.protect13(&a.write).Seal(header.AppendTo(nil), header.Len(), wire.ContentApplicationData, seq, plaintext, 0)
}

// ExpectFrom has a take seq for the next number of the peer.
func (a *Association) ExpectFrom(seq uint64) { a.window = replayWindow{next: seq} }

// ExpectEpoch has both sides of a connection go on as if their keys had changed
// so often that epoch is the newest that a sends in.
func ExpectEpoch(a, peer *Association, epoch uint16) { a.write.epoch, peer.read.epoch = epoch, epoch }

// Forged has a take it that so many records of the newest epoch did not open.
func (a *Association) Forged(n uint64) { a.window.failed = n }

// SealPadded seals application data as the next record of DTLS 1.3, with that
// many zeros behind it.
func (a *Association) SealPadded(plaintext []byte, padding int) []byte {
	header := wire.UnifiedHeader{CID: a.peerCID(), Epoch: uint64(a.write.epoch), Seq: a.write.seq}
	a.write.seq++
	return a.protect13(&a.write).Seal(header.AppendTo(nil), header.Len(), wire.ContentApplicationData, a.write.seq-1, plaintext, padding)
}

// Presumed returns what a handshake has agreed on so far.
func (a *Association) Presumed() State { return a.hs.result }
