package wire

import "testing"

func FuzzCertificateRequest13(f *testing.F) { fuzzMessage13(f, reencode(ParseCertificateRequest13)) }
