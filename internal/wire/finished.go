package wire

// VerifyDataLen is the length of verify_data in every cipher suite of dtlsd: RFC 5246, Section 7.4.9.
const VerifyDataLen = 12

// A Finished message proves that the sender saw the same handshake: RFC 5246, Section 7.4.9; RFC 8446,
// Section 4.4.4.
type Finished struct {
	VerifyData []byte // VerifyDataLen bytes; in DTLS 1.3 as many as the hash of the suite has
}

// ParseFinished parses the body of a finished message, a view of which the result holds.
func ParseFinished(body []byte) (Finished, error) {
	if len(body) != VerifyDataLen {
		return Finished{}, ParseError{"finished", "verify_data"}
	}
	return Finished{body}, nil
}

// ParseFinished13 parses the body of a finished message of DTLS 1.3, a view of which the result holds.
// hashLen is the length of the hash of the cipher suite.
func ParseFinished13(body []byte, hashLen int) (Finished, error) {
	if len(body) != hashLen {
		return Finished{}, ParseError{"finished", "verify_data"}
	}
	return Finished{body}, nil
}

// AppendTo appends the body of m.
func (m Finished) AppendTo(b []byte) []byte { return append(b, m.VerifyData...) }
