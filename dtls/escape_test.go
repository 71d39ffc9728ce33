package dtls

import (
	"bytes"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEscapeLeavesNothingForTheTerminalToActOn(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain text", "I am Alice (clone number 0)", "I am Alice (clone number 0)"},
		{"letters of any script", "Grüße, 世界 🙂", "Grüße, 世界 🙂"},
		{"backslash", `C:\x41`, `C:\x41`},
		{"markup", "<b>bold</b>", "<b>bold</b>"},
		{"line ends and tabs", "a\r\n\tb", `a\x0d\x0a\x09b`},
		{"colour code", "\x1b[31mred", `\x1b[31mred`},
		{"window title", "\x1b]0;title\a", `\x1b]0;title\x07`},
		{"delete", "\x7f", `\x7f`},
		{"C1 control as UTF-8", "\u009b31m", `\xc2\x9b31m`},
		{"C1 control as a byte", "\x9b31m", `\x9b31m`},
		{"right-to-left override", "\u202etxt.exe", `\xe2\x80\xaetxt.exe`},
		{"right-to-left isolate", "\u2067x\u2069", `\xe2\x81\xa7x\xe2\x81\xa9`},
		{"zero width space", "a\u200bb", `a\xe2\x80\x8bb`},
		{"line separator", "a\u2028b", `a\xe2\x80\xa8b`},
		{"byte order mark", "\ufeffa", `\xef\xbb\xbfa`},
		{"invalid UTF-8", "a\xffb", `a\xffb`},
		{"overlong encoding of escape", "\xc0\x9b", `\xc0\x9b`},
		{"surrogate", "\xed\xa0\x80", `\xed\xa0\x80`},
		{"cut off rune", "\xe4\xb8", `\xe4\xb8`},
		{"replacement character itself", "\ufffd", "\ufffd"},
		{"NUL", "a\x00b", `a\x00b`},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Escape(tt.in); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"text", "\x1b[2J", "\u202e", "\xff\x00", "\\x1b", "世界"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out := AppendEscaped(nil, in)
		if Escape(string(in)) != string(out) {
			t.Fatalf("%q as a string is %q, as bytes %q", in, Escape(string(in)), out)
		}
		if !utf8.Valid(out) {
			t.Fatalf("%q is not UTF-8", out)
		}
		for _, r := range string(out) {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q holds %U", out, r)
			}
		}
		if again := AppendEscaped(nil, out); !bytes.Equal(again, out) {
			t.Fatalf("escaping %q again gives %q", out, again)
		}
	})
}
