package wire

import "testing"

func FuzzCertificateVerify(f *testing.F) { fuzzMessage(f, TypeCertificateVerify) }
