package wire

// A RecordKind is the form that a record has on the wire.
type RecordKind uint8

// The forms.
const (
	// RecordUnknown is no form of DTLS.
	RecordUnknown RecordKind = iota
	// RecordPlaintext is what ParseRecord reads: unprotected records of every version, and protected
	// ones of DTLS 1.2 without a connection ID. RFC 6347, Section 4.1.
	RecordPlaintext
	// RecordCID is what ParseCIDRecord reads: RFC 9146, Section 4.
	RecordCID
	// RecordUnified is what ParseUnifiedRecord reads: RFC 9147, Section 4.
	RecordUnified
)

// RecordKindOf returns the form of a record whose first byte is that. The first byte of a datagram is
// that of its first record.
//
// RFC 9147, Section 4.1.
func RecordKindOf(first byte) RecordKind {
	switch t := ContentType(first); {
	case first&unifiedMask == unifiedBits:
		return RecordUnified
	case t == ContentCID:
		return RecordCID
	case ContentChangeCipherSpec <= t && t <= contentHeartbeat,
		t == ContentACK, t == ContentReturnRoutabilityCheck:
		return RecordPlaintext
	}
	return RecordUnknown
}

// contentHeartbeat is not spoken here, but a record of it has a length, and others may follow it:
// RFC 6520, Section 3.
const contentHeartbeat ContentType = 24
