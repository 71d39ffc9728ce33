package daemon

import (
	"unicode"
	"unicode/utf8"
)

// Escape returns b as text that a terminal only prints: every byte of what is
// not printable, and every byte that is not UTF-8, becomes \xNN. Control
// codes (C0 and C1), line ends, invisible characters and those that change
// the direction of writing are not printable.
//
// A backslash stays as it is, so that text without such bytes comes out
// unchanged. Where the bytes matter, show them in hex.
func Escape(b []byte) string {
	return string(AppendEscaped(nil, b))
}

// AppendEscaped appends [Escape] of b to dst.
func AppendEscaped(dst, b []byte) []byte {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if printable(r, n) {
			dst = append(dst, b[:n]...)
		} else {
			dst = appendHexBytes(dst, b[:n])
		}
		b = b[n:]
	}
	return dst
}

// printable tells whether r, which took n bytes, may go to a terminal.
func printable(r rune, n int) bool {
	invalid := r == utf8.RuneError && n <= 1
	return !invalid && unicode.IsPrint(r)
}

func appendHexBytes(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// appendSpacedHex appends the bytes of b as pairs of hexadecimal digits with a
// space between them.
func appendSpacedHex(dst, b []byte) []byte {
	for i, c := range b {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}
