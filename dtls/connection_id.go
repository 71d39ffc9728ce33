package dtls

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// DefaultConnectionIDLength is the length, in bytes, of the connection IDs that
// a server gives to its clients.
const DefaultConnectionIDLength = 8

// A ConnectionIDPolicy says whether connection IDs are negotiated. With one in
// its records, a session goes on when the address of a client changes.
type ConnectionIDPolicy uint8

const (
	// ConnectionIDsIfAsked has servers negotiate them with clients that ask.
	// Clients do not.
	ConnectionIDsIfAsked ConnectionIDPolicy = iota
	// ConnectionIDsAsk has clients ask for them. For servers it is the same as
	// ConnectionIDsIfAsked.
	ConnectionIDsAsk
	// ConnectionIDsNever negotiates none.
	ConnectionIDsNever
)

// An AddressChangePolicy says what happens when the newest record of a peer with
// a connection ID comes from another address. Where both sides know the return
// routability check (RFC 9853), the peer has to pass it in any case, and then its
// address changes.
type AddressChangePolicy uint8

const (
	// AddressChangeFollow follows peers without the check as well. Until they
	// are heard from the new address once more, they are sent no more than
	// three times the bytes that came from there.
	AddressChangeFollow AddressChangePolicy = iota
	// AddressChangeIfChecked leaves peers without the check at the address that
	// they had.
	AddressChangeIfChecked
)

// maxConnectionID is the length, in bytes, for which there is room in the
// extension: RFC 9146, Section 3.
const maxConnectionID = 255

// connectionIDLength returns the length of the connection IDs that a side gives
// to its peers, and whether connection IDs are negotiated at all.
func (c *Config) connectionIDLength(side engine.Side) (n int, negotiated bool) {
	switch {
	case c.ConnectionIDs == ConnectionIDsNever:
		return 0, false
	case side == engine.Server:
		return or(c.ConnectionIDLength, DefaultConnectionIDLength), true
	default:
		return c.ConnectionIDLength, c.ConnectionIDs == ConnectionIDsAsk
	}
}

func (c *Config) checkConnectionIDs() error {
	switch {
	case c.ConnectionIDLength < 0 || c.ConnectionIDLength > maxConnectionID:
		return fmt.Errorf("ConnectionIDLength of %d bytes is not between 0 and %d", c.ConnectionIDLength, maxConnectionID)
	case c.ConnectionIDs > ConnectionIDsNever:
		return fmt.Errorf("unknown ConnectionIDs %d", c.ConnectionIDs)
	case c.AddressChange > AddressChangeIfChecked:
		return fmt.Errorf("unknown AddressChange %d", c.AddressChange)
	}
	return nil
}

// A cidKey finds a session by its connection ID: the first bytes of it, which no
// two sessions of a shard share.
type cidKey uint64

func cidKeyOf(cid []byte) cidKey {
	var b [8]byte
	copy(b[:], cid)
	return cidKey(binary.BigEndian.Uint64(b[:]))
}

// A cidSource makes the connection IDs of a shard's sessions. They are random,
// except that the first byte, modulo the number of shards, is that of the shard:
// whoever receives a datagram knows whose it is. Nobody else learns anything
// from them.
//
// A shard's source is used on its goroutine only.
type cidSource struct {
	length int
	index  int // of the shard
	shards int
	rand   io.Reader
	taken  func(cidKey) bool // of another session of the shard
	drawn  []byte            // by the verb in progress; nil for none
}

// errNoConnectionID is for lengths so short that all are taken.
var errNoConnectionID = errors.New("no connection ID is free")

// cidDraws bounds the search for a connection ID that is free.
const cidDraws = 64

// CIDLen implements [engine.CIDSource].
func (c *cidSource) CIDLen() int { return c.length }

// AppendCID implements [engine.CIDSource].
func (c *cidSource) AppendCID(dst []byte) ([]byte, error) {
	if c.length == 0 {
		return dst, nil
	}
	cid := make([]byte, c.length)
	for range cidDraws {
		if _, err := io.ReadFull(c.rand, cid); err != nil {
			return dst, err
		}
		if err := c.drawFirst(cid[:1]); err != nil {
			return dst, err
		}
		if !c.taken(cidKeyOf(cid)) {
			c.drawn = cid
			return append(dst, cid...), nil
		}
	}
	return dst, errNoConnectionID
}

// drawFirst draws the first byte until it names the shard.
func (c *cidSource) drawFirst(first []byte) error {
	for int(first[0])%c.shards != c.index {
		if _, err := io.ReadFull(c.rand, first); err != nil {
			return err
		}
	}
	return nil
}

// engineConfig returns the configuration of a profile for the associations of
// this shard.
func (s *shard) engineConfig(p *profile) *engine.Config {
	if _, negotiated := p.config.connectionIDLength(s.host.side); !negotiated {
		return p.engine
	}
	if c := s.configs[p]; c != nil {
		return c
	}
	if len(s.configs) >= maxConfigs {
		clear(s.configs)
	}
	c := *p.engine
	c.CIDs = &s.cids
	s.configs[p] = &c
	return &c
}

// maxConfigs bounds the profiles that a shard remembers: Config.GetConfigForClient
// may return any number of them.
const maxConfigs = 16

// reserve keeps the connection ID that the last verb of the engine has drawn for
// a session in its handshake, if it has drawn one.
func (s *shard) reserve(sess *Session) {
	if s.cids.drawn == nil {
		return
	}
	if sess.hs != nil && !sess.ended {
		sess.hs.cid = s.cids.drawn
		s.table.putCID(sess)
	}
	s.cids.drawn = nil
}
