package wire

import "testing"

func FuzzClientKeyExchange(f *testing.F) { fuzzMessage(f, TypeClientKeyExchange) }
