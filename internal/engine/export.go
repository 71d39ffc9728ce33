package engine

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// What can become of an export.
var (
	// ErrExport says that bytes are not an export, are sealed with an unknown
	// key, or are of another version.
	ErrExport = errors.New("not an export, or sealed with a key that is gone")
	// ErrReserve says that a snapshot was asked for without numbers to use
	// until the next one.
	ErrReserve = errors.New("a snapshot needs at least one record number in reserve")
	// ErrHandedOver ends an association that goes on elsewhere.
	ErrHandedOver = errors.New("association handed over")
	// ErrUnacknowledged says that a message of either side is on its way, after
	// which other keys may be in use. It is worth trying again soon.
	ErrUnacknowledged = errors.New("a handshake message has not arrived yet")
)

// A Lineage names an association through all its exports.
type Lineage [16]byte

// A Ledger sees to it that an export is used at most once, and never an older
// one after a newer: either would use record numbers twice, and with them
// nonces. Its memory must survive whatever the exports survive.
type Ledger interface {
	// Issue records that an export of that generation is about to exist. The
	// record must be durable when it returns.
	Issue(l Lineage, generation uint64) error
	// Spend uses up an export. It fails unless that generation is the newest
	// one issued, and was not spent.
	Spend(l Lineage, generation uint64) error
}

// A Vault is where exports go through: what seals them, and what counts them.
type Vault struct {
	Sealer Sealer
	Ledger Ledger
}

// Handover ends the association here, without a word to the peer, and returns
// its exact state, to go on elsewhere: what the peer may still ask for again goes
// along.
//
// It fails with [ErrNotEstablished], [ErrUnacknowledged] or with an error of the
// vault, and then changes nothing.
func (a *Association) Handover(now time.Time, v Vault) ([]byte, error) {
	sealed, err := a.export(now, v, exported{
		nextSend:  a.write.seq,
		window:    a.window,
		leftovers: a.leftovers(),
	})
	if err != nil {
		return nil, err
	}
	a.ws.begin()
	a.finish(ErrHandedOver)
	return sealed, nil
}

// Snapshot returns a state from which the association can go on should this
// process die. Until the next snapshot it may send and take reserve more
// record numbers each way; what is restored starts above them and takes
// nothing below, so that records in flight at the time are lost. In DTLS 1.3 the
// reserve is at most [MaxReserve13], and keys do not change before the next
// snapshot.
//
// It fails with [ErrNotEstablished], [ErrReserve], [ErrUnacknowledged] or an
// error of the vault, and then changes nothing.
func (a *Association) Snapshot(now time.Time, v Vault, reserve uint64) ([]byte, error) {
	if reserve == 0 {
		return nil, ErrReserve
	}
	reserve = min(reserve, wire.MaxRecordSeq) // there are no more, and sums must not wrap
	if a.suite13 != nil {
		reserve = min(reserve, MaxReserve13)
	}
	send, receive := a.write.seq+reserve, a.window.next+reserve
	sealed, err := a.export(now, v, exported{
		nextSend: send,
		window:   replayWindow{next: receive, seen: ^uint64(0), failed: a.window.failed},
	})
	if err != nil {
		return nil, err
	}
	a.ceiling.send, a.ceiling.receive = send, receive
	return sealed, nil
}

// MaxReserve13 is how far the record numbers of DTLS 1.3 may jump: of each, only
// 16 bits are sent, and the peer takes the number for the nearest that has them.
//
// RFC 9147, Section 4.2.2.
const MaxReserve13 = 1 << 14

// export seals the state with the record numbers of x.
func (a *Association) export(now time.Time, v Vault, x exported) ([]byte, error) {
	if a.phase != phaseEstablished {
		return nil, ErrNotEstablished
	}
	if d := a.delivery; d != nil && (len(d.flight.messages) > 0 || d.reassembly.used > 0) || !a.older.settled() {
		return nil, ErrUnacknowledged
	}
	if a.ceiling == nil {
		a.ceiling = &ceiling{}
		if _, err := io.ReadFull(a.cfg.Rand, a.ceiling.lineage[:]); err != nil {
			return nil, fmt.Errorf("reading random bytes: %w", err)
		}
	}
	x.lineage = a.ceiling.lineage
	x.generation = a.ceiling.generation + 1
	x.association = a
	sealed, err := v.Sealer.Seal(now, x.marshal())
	if err != nil {
		return nil, fmt.Errorf("sealing an export: %w", err)
	}
	if err := v.Ledger.Issue(x.lineage, x.generation); err != nil {
		return nil, fmt.Errorf("recording an export: %w", err)
	}
	a.ceiling.generation = x.generation
	return sealed, nil
}

// Restore goes on with an association from its newest export. The
// configuration may be another one; what was negotiated stays.
//
// It fails with [ErrExport] or with the ledger's error, after which the
// export may be spent.
func Restore(cfg *Config, ws *Workspace, now time.Time, v Vault, sealed []byte) (*Association, error) {
	plaintext, ok := v.Sealer.Open(now, sealed)
	if !ok {
		return nil, ErrExport
	}
	a := newAssociation(cfg, ws, Server)
	x := exported{association: a}
	if err := x.unmarshal(plaintext); err != nil {
		return nil, err
	}
	if err := v.Ledger.Spend(x.lineage, x.generation); err != nil {
		return nil, fmt.Errorf("restoring an export: %w", err)
	}
	a.phase = phaseEstablished
	a.write.seq = x.nextSend
	a.window = x.window
	x.leftovers.restore(a)
	a.ceiling = &ceiling{lineage: x.lineage, generation: x.generation}
	return a, nil
}
