package gate

import "github.com/dtlsd/dtlsd/internal/wire"

// CID returns the connection ID in the first record of a datagram, as a view into it. n is the length of
// the connection IDs that we give to peers: nothing in a record tells it. All records of a datagram are
// of the same session: RFC 9146, Section 3, and RFC 9147, Section 4.
func CID(datagram []byte, n int) ([]byte, bool) {
	if n <= 0 || len(datagram) == 0 {
		return nil, false
	}
	switch wire.RecordKindOf(datagram[0]) {
	case wire.RecordCID:
		record, _, err := wire.ParseCIDRecord(datagram, n)
		return record.CID, err == nil
	case wire.RecordUnified:
		record, _, err := wire.ParseUnifiedRecord(datagram, n)
		return record.CID, err == nil && record.CID != nil
	}
	return nil, false
}
