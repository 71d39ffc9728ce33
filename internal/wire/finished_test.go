package wire

import "testing"

func FuzzFinished(f *testing.F) { fuzzMessage(f, TypeFinished) }
