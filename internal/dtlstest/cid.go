package dtlstest

import (
	"io"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// CIDs makes connection IDs of Len bytes.
type CIDs struct {
	Len  int
	Rand io.Reader
}

// CIDLen returns the length.
func (c CIDs) CIDLen() int { return c.Len }

// AppendCID appends the next connection ID.
func (c CIDs) AppendCID(dst []byte) ([]byte, error) {
	cid := make([]byte, c.Len)
	_, err := io.ReadFull(c.Rand, cid)
	return append(dst, cid...), err
}

// ParseRecord reads a record of DTLS 1.2 whether it has a connection ID, of
// cidLen bytes, or not. If it has, its type is [wire.ContentCID].
func ParseRecord(b []byte, cidLen int) (r wire.Record, rest []byte, err error) {
	if len(b) == 0 || wire.RecordKindOf(b[0]) != wire.RecordCID {
		return wire.ParseRecord(b)
	}
	c, rest, err := wire.ParseCIDRecord(b, cidLen)
	return wire.Record{Type: wire.ContentCID, Version: c.Version, Epoch: c.Epoch, Seq: c.Seq, Payload: c.Payload}, rest, err
}
