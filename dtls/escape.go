package dtls

import (
	"unicode"
	"unicode/utf8"
)

// Escape returns what came from a peer, such as a PSK identity, as text that can
// be shown: every byte of what is not printable, and every byte that is not
// UTF-8, becomes \xNN. Control codes (C0 and C1), line ends, invisible characters
// and those that change the direction of writing are not printable.
//
// A backslash stays as it is, so that text without such bytes comes out
// unchanged. Where the bytes matter, show them in hex.
func Escape(s string) string {
	for i, r := range s {
		if _, n := utf8.DecodeRuneInString(s[i:]); !isPrintable(r, n) {
			return string(AppendEscaped(nil, []byte(s)))
		}
	}
	return s
}

// AppendEscaped appends [Escape] of b to dst.
func AppendEscaped(dst, b []byte) []byte {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if isPrintable(r, n) {
			dst = append(dst, b[:n]...)
		} else {
			dst = appendEscapes(dst, b[:n])
		}
		b = b[n:]
	}
	return dst
}

// isPrintable tells whether r, which took n bytes, may go to a terminal.
func isPrintable(r rune, n int) bool {
	invalid := r == utf8.RuneError && n <= 1
	return !invalid && unicode.IsPrint(r)
}

func appendEscapes(dst, b []byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range b {
		dst = append(dst, '\\', 'x', digits[c>>4], digits[c&15])
	}
	return dst
}
