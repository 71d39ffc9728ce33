package engine

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// Two messages as RFC 6347, Section 4.2.6 has them hashed: with message_seq,
// and as if in one fragment.
var (
	hashedHello = []byte{1, 0, 0, 3, 0, 1, 0, 0, 0, 0, 0, 3, 'a', 'b', 'c'}
	hashedDone  = []byte{14, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0}
)

func TestTranscriptHashesMessagesWhole(t *testing.T) {
	for _, whole := range []bool{false, true} {
		var tr transcript
		tr.add(wire.TypeClientHello, 1, []byte("abc"))
		tr.begin(crypto.SHA256, whole)
		tr.add(wire.TypeServerHelloDone, 5, nil)
		want := sha256.Sum256(append(bytes.Clone(hashedHello), hashedDone...))
		if got := tr.sum(); !bytes.Equal(got, want[:]) {
			t.Errorf("hash %x, want %x", got, want)
		}
		if got := tr.sum(); !bytes.Equal(got, want[:]) {
			t.Errorf("hash %x the second time, want %x", got, want)
		}
		if kept := len(tr.bytes) > 0; kept != whole {
			t.Errorf("bytes kept: %v, want %v", kept, whole)
		}
	}
}

func TestTranscriptForgetsWhatCameBeforeTheCookie(t *testing.T) {
	var tr transcript
	tr.add(wire.TypeClientHello, 0, []byte("without cookie"))
	tr.restart()
	tr.add(wire.TypeClientHello, 1, []byte("abc"))
	tr.begin(crypto.SHA256, true)
	if want := sha256.Sum256(hashedHello); !bytes.Equal(tr.sum(), want[:]) || !bytes.Equal(tr.bytes, hashedHello) {
		t.Errorf("transcript %x", tr.bytes)
	}
}
