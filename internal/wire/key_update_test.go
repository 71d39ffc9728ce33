package wire

import "testing"

func FuzzKeyUpdate(f *testing.F) { fuzzMessage13(f, reencode(ParseKeyUpdate)) }
