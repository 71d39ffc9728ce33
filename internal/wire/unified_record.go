package wire

import "encoding/binary"

const (
	// MaxCiphertext13 is the largest payload of a protected record of DTLS 1.3: RFC 8446, Section 5.2.
	MaxCiphertext13 = 1<<14 + 256
	// MinCiphertext13 is the smallest one, as the encryption of the sequence number takes that many
	// bytes for its sample: RFC 9147, Section 4.2.3.
	MinCiphertext13 = 16
)

// The bits of the first byte of a unified header: RFC 9147, Section 4.
const (
	unifiedMask  = 0b1110_0000
	unifiedBits  = 0b0010_0000
	unifiedCID   = 0b0001_0000
	unifiedEpoch = 0b0000_0011

	UnifiedSeq16  = 0b0000_1000 // the sequence number has 16 bits, not 8
	UnifiedLength = 0b0000_0100 // there is a length, at the end of the header
)

// A UnifiedRecord is one DTLSCiphertext of DTLS 1.3, still encrypted: RFC 9147, Section 4. All slices
// are views into the datagram.
type UnifiedRecord struct {
	EpochBits uint8  // the low two bits of the epoch
	CID       []byte // nil without the C bit
	Seq       []byte // within Header: the low 8 or 16 bits of the sequence number, encrypted
	Header    []byte // the whole header; once Seq is decrypted in place, the additional data
	Payload   []byte // encrypted_record
}

// ParseUnifiedRecord reads the record at the start of b, a datagram or what is left of one. cidLen is the
// length of the connection ID that the receiver gave the sender, 0 when it gave none. rest is what
// follows the record, nothing if the record has no length. Whether the payload is long enough to be
// decrypted is for the caller to say.
func ParseUnifiedRecord(b []byte, cidLen int) (r UnifiedRecord, rest []byte, err error) {
	if len(b) == 0 || b[0]&unifiedMask != unifiedBits {
		return UnifiedRecord{}, nil, ParseError{"record", "header"}
	}
	first, seqStart := b[0], 1
	if first&unifiedCID != 0 {
		if cidLen == 0 {
			return UnifiedRecord{}, nil, ParseError{"record", "connection_id"}
		}
		seqStart += cidLen
	}
	seqEnd := seqStart + 1
	if first&UnifiedSeq16 != 0 {
		seqEnd++
	}
	start := seqEnd
	if first&UnifiedLength != 0 {
		start += 2
	}
	if len(b) < start {
		return UnifiedRecord{}, nil, ParseError{"record", "header"}
	}
	end := len(b)
	if first&UnifiedLength != 0 {
		end = start + int(binary.BigEndian.Uint16(b[seqEnd:]))
	}
	if len(b) < end {
		return UnifiedRecord{}, nil, ParseError{"record", "length"}
	}
	r = UnifiedRecord{
		EpochBits: first & unifiedEpoch,
		Seq:       b[seqStart:seqEnd:seqEnd],
		Header:    b[:start:start],
		Payload:   b[start:end:end],
	}
	if first&unifiedCID != 0 {
		r.CID = b[1:seqStart:seqStart]
	}
	return r, b[end:], nil
}

// A UnifiedHeader is the header of a record to be sent, before its sequence number is encrypted. The
// zero value of the options is the form without a connection ID, with 16 bits of sequence number and a
// length.
type UnifiedHeader struct {
	CID        []byte // at most 255 bytes; none when empty
	Epoch      uint64 // of which two bits are written
	Seq        uint64 // of which 8 or 16 bits are written
	ShortSeq   bool   // write 8 bits of Seq
	Length     int    // of the payload, at most MaxCiphertext13
	OmitLength bool   // the record is the last of its datagram
}

// SeqRange returns where the sequence number lies within the header: what is to be encrypted.
func (h UnifiedHeader) SeqRange() (from, to int) {
	from = 1 + len(h.CID)
	if h.ShortSeq {
		return from, from + 1
	}
	return from, from + 2
}

// Len returns the length of the header.
func (h UnifiedHeader) Len() int {
	_, n := h.SeqRange()
	if h.OmitLength {
		return n
	}
	return n + 2
}

// AppendTo appends the header, which is the additional data of the record that it begins.
func (h UnifiedHeader) AppendTo(b []byte) []byte {
	first := unifiedBits | byte(h.Epoch)&unifiedEpoch
	if len(h.CID) > 0 {
		first |= unifiedCID
	}
	if !h.ShortSeq {
		first |= UnifiedSeq16
	}
	if !h.OmitLength {
		first |= UnifiedLength
	}
	b = append(b, first)
	b = append(b, h.CID...)
	if !h.ShortSeq {
		b = append(b, byte(h.Seq>>8))
	}
	b = append(b, byte(h.Seq))
	if h.OmitLength {
		return b
	}
	return binary.BigEndian.AppendUint16(b, uint16(h.Length))
}
