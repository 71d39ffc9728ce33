package engine

import (
	"crypto"
	"hash"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A transcript is the sequence of handshake messages that both sides sign and
// hash: without fragmentation (RFC 6347, Section 4.2.6; RFC 9147, Section 5.2)
// and, before the hash is known or where a CertificateVerify of DTLS 1.2 may
// come, kept as bytes.
type transcript struct {
	bytes []byte
	hash  hash.Hash
	whole bool // keep the bytes after the hash is known
	is13  bool // messages have the headers of DTLS 1.3

	header [wire.FragmentHeaderLen]byte // room for that of a message
	digest [64]byte                     // room for sum
}

// add appends a message as if it were one fragment.
func (t *transcript) add(typ wire.HandshakeType, seq uint16, body []byte) {
	if t.is13 {
		t.write(wire.AppendMessageHeader13(t.header[:0], typ, len(body)))
	} else {
		t.write(wire.AppendMessageHeader(t.header[:0], typ, seq, len(body)))
	}
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

// newTranscript13 returns the transcript of DTLS 1.3 up to a ClientHello: nothing,
// or the hash of a first hello and the HelloRetryRequest that answered it, whose
// body is request.
//
// RFC 8446, Section 4.4.1.
func newTranscript13(h crypto.Hash, retry *Retry, request []byte) *transcript {
	t := &transcript{hash: h.New(), is13: true}
	if retry != nil {
		t.write(suite.AppendMessageHash(nil, retry.HelloHash))
		t.add(wire.TypeServerHello, 0, request)
	}
	return t
}

// truncated is the hash that binders are made of: with a ClientHello of that
// length, from which they are cut off.
//
// RFC 8446, Section 4.2.11.2.
func (t *transcript) truncated(hello []byte, length int) []byte {
	t.write(wire.AppendMessageHeader13(nil, wire.TypeClientHello, length))
	t.write(hello)
	return t.sum()
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

// sum is the hash of the messages so far. It is good until the next call.
func (t *transcript) sum() []byte {
	return t.hash.Sum(t.digest[:0])
}
