package wire

import "testing"

func TestHelloVerifyRequestIsWrittenWithoutAllocation(t *testing.T) {
	m := HelloVerifyRequest{Version: VersionDTLS10, Cookie: make([]byte, 32)}
	dst := make([]byte, 0, 64)
	allocs := testing.AllocsPerRun(100, func() {
		if got := m.AppendTo(dst); len(got) != 35 {
			t.Fatalf("%d bytes", len(got))
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzHelloVerifyRequest(f *testing.F) { fuzzMessage(f, TypeHelloVerifyRequest) }
