package wire

// A DTLSInnerPlaintext is what a record of DTLS 1.3, or one of DTLS 1.2 with a connection ID, encrypts:
// the content, its type, and as many zero bytes as the sender likes.
//
// RFC 9147, Section 4; RFC 9146, Section 4.

// ParseInnerPlaintext splits a DTLSInnerPlaintext. The content is a view into b. A plaintext without a
// type, nothing but zero bytes, is an error.
func ParseInnerPlaintext(b []byte) (content []byte, t ContentType, err error) {
	for n := len(b) - 1; n >= 0; n-- {
		if b[n] != 0 {
			return b[:n:n], ContentType(b[n]), nil
		}
	}
	return nil, 0, ParseError{"inner_plaintext", "type"}
}

// AppendInnerPlaintext appends content, its type, and padding zero bytes.
func AppendInnerPlaintext(b, content []byte, t ContentType, padding int) []byte {
	b = append(b, content...)
	b = append(b, byte(t))
	for range padding {
		b = append(b, 0)
	}
	return b
}
