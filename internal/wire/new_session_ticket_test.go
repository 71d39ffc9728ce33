package wire

import "testing"

func FuzzNewSessionTicket(f *testing.F) { fuzzMessage(f, TypeNewSessionTicket) }
