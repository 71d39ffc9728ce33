package console

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestWhatCannotBeSeenIsMadeVisible(t *testing.T) {
	tests := []struct{ from, want string }{
		{"", ""},
		{"sensor-7", "sensor-7"},
		{"Gerät 7 \u4e2d", "Gerät 7 \u4e2d"},
		{`<img src=x onerror="alert(1)">`, `<img src=x onerror="alert(1)">`},
		{"\x1b[31mred", `\x1b[31mred`},
		{"two\r\nlines", `two\x0d\x0alines`},
		{"\xff\xfe key", `\xff\xfe key`},
		{"\u202eevil", `\u202eevil`},
		{"\ufffd", `\xef\xbf\xbd`},
		{"cut off \xe4\xb8", `cut off \xe4\xb8`},
		{`C:\x41`, `C:\x41`},
	}
	for _, tt := range tests {
		if got := printable(tt.from); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.from, got, tt.want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x00\xff\u202e")
	f.Fuzz(func(t *testing.T, from string) {
		text := printable(from)
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q became %q", from, text)
		}
		if printable(text) != text {
			t.Errorf("%q changes again", text)
		}
	})
}
