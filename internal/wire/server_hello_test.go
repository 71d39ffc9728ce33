package wire

import "testing"

func FuzzServerHello(f *testing.F) { fuzzMessage(f, TypeServerHello) }
