package wire

import "encoding/binary"

// RecordHeaderLen is the length of a DTLS 1.2 record header: RFC 6347, Section 4.1.
const RecordHeaderLen = 13

const (
	// MaxPlaintext is the largest number of plaintext bytes in a record: RFC 5246, Section 6.2.1.
	MaxPlaintext = 1 << 14
	// MaxCiphertext is the largest payload of a protected record: RFC 5246, Section 6.2.3.
	MaxCiphertext = 1<<14 + 2048
)

// MaxRecordSeq is the last sequence number of an epoch.
const MaxRecordSeq = 1<<48 - 1

// A Record is one DTLSPlaintext or DTLSCiphertext: RFC 6347, Section 4.1.
type Record struct {
	Type    ContentType
	Version Version
	Epoch   uint16
	Seq     uint64 // 48 bits
	Payload []byte // the fragment field
}

// ParseRecord reads the record at the start of b, a datagram or what is left of one. The payload is a
// view into b; rest is what follows the record. Whether type, version, epoch and length are acceptable
// is for the caller to say.
func ParseRecord(b []byte) (r Record, rest []byte, err error) {
	if len(b) < RecordHeaderLen {
		return Record{}, nil, ParseError{"record", "header"}
	}
	end := RecordHeaderLen + int(binary.BigEndian.Uint16(b[11:]))
	if len(b) < end {
		return Record{}, nil, ParseError{"record", "length"}
	}
	number := binary.BigEndian.Uint64(b[3:])
	return Record{
		Type:    ContentType(b[0]),
		Version: Version(binary.BigEndian.Uint16(b[1:])),
		Epoch:   uint16(number >> 48),
		Seq:     number & MaxRecordSeq,
		Payload: b[RecordHeaderLen:end:end],
	}, b[end:], nil
}

// AppendRecordHeader appends the header of a record whose payload has length bytes, at most 65535.
// seq is at most MaxRecordSeq.
func AppendRecordHeader(b []byte, t ContentType, v Version, epoch uint16, seq uint64, length int) []byte {
	b = append(b, byte(t), byte(v>>8), byte(v))
	b = binary.BigEndian.AppendUint64(b, uint64(epoch)<<48|seq&MaxRecordSeq)
	return binary.BigEndian.AppendUint16(b, uint16(length))
}
