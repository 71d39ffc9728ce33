package daemon

// appendSpacedHex appends the bytes of b as pairs of hexadecimal digits with a
// space between them.
func appendSpacedHex(dst, b []byte) []byte {
	const digits = "0123456789abcdef"
	for i, c := range b {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}
