package console

import "unicode/utf8"

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
