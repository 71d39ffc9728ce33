package suite

import (
	"bytes"
	"testing"
)

// RFC 5705, Section 4. The expected values come from OpenSSL's TLS1-PRF.
func TestExporterVectors(t *testing.T) {
	clientRandom, serverRandom := [32]byte(count(0, 32)), [32]byte(count(32, 32))
	master := count(64, 48)
	tests := []struct {
		suite      *Suite
		label      string
		context    []byte
		hasContext bool
		want       string
	}{
		{sha256Suite(), "EXTRACTOR-dtls_srtp", nil, false, "707ea2f43549e9044f013896278dea2d1d320ed50c8a34027e617f87462ef7a580e0c9fc4b37e2a1e67a7e83b0529da278135596499deeb2b1c9a1f8"},
		{sha256Suite(), "EXPERIMENTAL x", nil, true, "bd347175ab48f044ed121a5699eeab27e64d5ff8"},
		{sha256Suite(), "EXPERIMENTAL x", []byte("abc"), true, "ca425823d26d949a44a3b644e2d36b2ddae4598b"},
		{sha384Suite(), "EXTRACTOR-dtls_srtp", nil, false, "8833346faa83f4c1f91973a142aae91adf646ec08058e8a768b889db7d1eacb6b511f5f25b147f17a448948f4a185581af7919a385b220e0e5b655de"},
		{sha384Suite(), "EXPERIMENTAL x", nil, true, "2cbd4f363fe3fabd6b22dbb46ecf6d0a274b3c39"},
		{sha384Suite(), "EXPERIMENTAL x", []byte("abc"), true, "173b8c32c024c3a6c206f321d530dab05df2b95e"},
	}
	for _, tt := range tests {
		want := unhex(t, tt.want)
		got, err := tt.suite.Exporter(master, &clientRandom, &serverRandom, tt.label, tt.context, tt.hasContext, len(want))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v, %q, context %q: %x, %v, want %x", tt.suite.Hash, tt.label, tt.context, got, err, want)
		}
	}
	if clientRandom != [32]byte(count(0, 32)) {
		t.Error("the exporter changed the client random")
	}
}

func TestExporterIgnoresContextUnlessTold(t *testing.T) {
	var random [32]byte
	s, master := sha256Suite(), count(0, 48)
	without, err := s.Exporter(master, &random, &random, "EXPERIMENTAL x", nil, false, 20)
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := s.Exporter(master, &random, &random, "EXPERIMENTAL x", []byte("abc"), false, 20)
	if err != nil || !bytes.Equal(without, ignored) {
		t.Errorf("a context that is not there counts: %x, want %x, %v", ignored, without, err)
	}
}

func TestExporterRefuses(t *testing.T) {
	var random [32]byte
	tests := []struct {
		name, label string
		context     []byte
		n           int
	}{
		{"label of the client's Finished", "client finished", nil, 12},
		{"label of the server's Finished", "server finished", nil, 12},
		{"label of the master secret", "master secret", nil, 48},
		{"label of the extended master secret", "extended master secret", nil, 48},
		{"label of the key block", "key expansion", nil, 40},
		{"negative length", "EXPERIMENTAL x", nil, -1},
		{"excessive length", "EXPERIMENTAL x", nil, 1<<14 + 1},
		{"context longer than its length field", "EXPERIMENTAL x", make([]byte, 1<<16), 20},
	}
	for _, tt := range tests {
		if got, err := sha256Suite().Exporter(count(0, 48), &random, &random, tt.label, tt.context, true, tt.n); err == nil {
			t.Errorf("%s: exports %x", tt.name, got)
		}
	}
}
