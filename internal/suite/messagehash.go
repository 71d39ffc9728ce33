package suite

import "github.com/dtlsd/dtlsd/internal/wire"

// AppendMessageHash appends what stands in the transcript for the first
// ClientHello once a HelloRetryRequest has answered it: a made-up message with
// the hash of that hello, which a stateless server keeps in its cookie. Like
// every message in the transcript of DTLS 1.3, it has a header of four bytes,
// without the fields for fragments.
//
// RFC 8446, Section 4.4.1, and RFC 9147, Section 5.2.
func AppendMessageHash(b, helloHash []byte) []byte {
	return append(wire.AppendMessageHeader13(b, wire.TypeMessageHash, len(helloHash)), helloHash...)
}
