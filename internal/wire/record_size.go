package wire

// MinRecordSizeLimit is the smallest record_size_limit that a peer may ask for: RFC 8449, Section 4.
const MinRecordSizeLimit = 64

// MaxFragmentBytes returns how many bytes of plaintext a max_fragment_length value of 1 to 4 allows in a
// record: RFC 6066, Section 4.
func MaxFragmentBytes(value uint8) int { return 1 << (8 + int(value)) }

func legalMaxFragmentLength(value uint8) bool { return 1 <= value && value <= 4 }
