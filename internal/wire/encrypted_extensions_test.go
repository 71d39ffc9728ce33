package wire

import "testing"

func FuzzEncryptedExtensions(f *testing.F) { fuzzMessage13(f, reencode(ParseEncryptedExtensions)) }
