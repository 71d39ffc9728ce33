package console

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable makes what came from a peer fit to be shown: what is not printable,
// or not UTF-8, becomes \xNN or \uNNNN, as in the lines of the log.
func printable(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !isPrintable(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case isPrintable(r):
			b.WriteString(s[:n])
		case r < utf8.RuneSelf || r == utf8.RuneError:
			for i := range n {
				fmt.Fprintf(&b, `\x%02x`, s[i])
			}
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
		s = s[n:]
	}
	return b.String()
}

func isPrintable(r rune) bool { return r != utf8.RuneError && unicode.IsPrint(r) }

// clip cuts a text off where it is too long to be read.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + " ..."
}
