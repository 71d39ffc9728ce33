package wire

import "encoding/binary"

// A CIDRecord is one DTLSCiphertext of DTLS 1.2 with a connection ID: RFC 9146, Section 4.
type CIDRecord struct {
	Version Version
	Epoch   uint16
	Seq     uint64 // 48 bits
	CID     []byte
	Payload []byte // enc_content: an encrypted DTLSInnerPlaintext
}

// ParseCIDRecord reads the record at the start of b, a datagram or what is left of one, whose first byte
// says tls12_cid. cidLen is the length of the connection ID that the receiver gave the sender, above 0.
// CID and payload are views into b; rest is what follows the record.
func ParseCIDRecord(b []byte, cidLen int) (r CIDRecord, rest []byte, err error) {
	start := RecordHeaderLen + cidLen
	if len(b) < start {
		return CIDRecord{}, nil, ParseError{"record", "header"}
	}
	// RFC 9146, Section 3: a zero-length connection ID means that records have the usual form.
	if ContentType(b[0]) != ContentCID || cidLen == 0 {
		return CIDRecord{}, nil, ParseError{"record", "type"}
	}
	end := start + int(binary.BigEndian.Uint16(b[start-2:]))
	if len(b) < end {
		return CIDRecord{}, nil, ParseError{"record", "length"}
	}
	number := binary.BigEndian.Uint64(b[3:])
	return CIDRecord{
		Version: Version(binary.BigEndian.Uint16(b[1:])),
		Epoch:   uint16(number >> 48),
		Seq:     number & MaxRecordSeq,
		CID:     b[11 : start-2 : start-2],
		Payload: b[start:end:end],
	}, b[end:], nil
}

// AppendCIDRecordHeader appends the header of a record whose payload has length bytes, at most 65535.
// seq is at most MaxRecordSeq.
func AppendCIDRecordHeader(b []byte, v Version, epoch uint16, seq uint64, cid []byte, length int) []byte {
	b = append(b, byte(ContentCID))
	return appendCIDNumbers(b, v, epoch, seq, cid, length)
}

// AppendCIDAdditionalData appends what an AEAD authenticates of a record with a connection ID, length
// being that of the DTLSInnerPlaintext. What a MAC covers begins with the same bytes; with
// encrypt_then_mac length is that of IV and ciphertext.
//
// RFC 9146, Section 5.
func AppendCIDAdditionalData(b []byte, v Version, epoch uint16, seq uint64, cid []byte, length int) []byte {
	const seqNumPlaceholder = 1<<64 - 1
	b = binary.BigEndian.AppendUint64(b, seqNumPlaceholder)
	b = append(b, byte(ContentCID), byte(len(cid)), byte(ContentCID))
	return appendCIDNumbers(b, v, epoch, seq, cid, length)
}

// appendCIDNumbers appends what header and additional data end with.
func appendCIDNumbers(b []byte, v Version, epoch uint16, seq uint64, cid []byte, length int) []byte {
	b = append(b, byte(v>>8), byte(v))
	b = binary.BigEndian.AppendUint64(b, uint64(epoch)<<48|seq&MaxRecordSeq)
	b = append(b, cid...)
	return binary.BigEndian.AppendUint16(b, uint16(length))
}
