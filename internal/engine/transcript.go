package engine

import (
	"crypto"
	"hash"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A transcript is the sequence of handshake messages that both sides sign and
// hash: without fragmentation (RFC 6347, Section 4.2.6) and, before the hash
// is known or where a CertificateVerify may come, kept as bytes.
type transcript struct {
	bytes []byte
	hash  hash.Hash
	whole bool // keep the bytes after the hash is known
}

// add appends a message as if it were one fragment.
func (t *transcript) add(typ wire.HandshakeType, seq uint16, body []byte) {
	var header [wire.FragmentHeaderLen]byte
	t.write(wire.AppendMessageHeader(header[:0], typ, seq, len(body)))
	t.write(body)
}

func (t *transcript) write(b []byte) {
	if t.hash != nil {
		t.hash.Write(b)
	}
	if t.hash == nil || t.whole {
		t.bytes = append(t.bytes, b...)
	}
}

// restart forgets everything. The hash must not have begun.
func (t *transcript) restart() {
	t.bytes = t.bytes[:0]
}

// begin starts the hash. With whole set, the messages are kept too.
func (t *transcript) begin(h crypto.Hash, whole bool) {
	t.hash = h.New()
	t.hash.Write(t.bytes)
	t.whole = whole
	if !whole {
		t.bytes = nil
	}
}

// sum is the hash of the messages so far.
func (t *transcript) sum() []byte {
	return t.hash.Sum(nil)
}
