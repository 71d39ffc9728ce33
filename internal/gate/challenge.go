package gate

import "github.com/dtlsd/dtlsd/internal/wire"

// challengeLen is the length of a HelloVerifyRequest with its headers.
const challengeLen = wire.RecordHeaderLen + wire.FragmentHeaderLen + challengeBodyLen

// challengeBodyLen is the length of the message: version, length of the cookie, cookie.
const challengeBodyLen = 2 + 1 + cookieLen

// challenge appends a HelloVerifyRequest for a hello to reply, unless less was received: nobody can use the
// gate to send others more than they paid for.
func (g *Gate) challenge(in arrival, hello *wire.ClientHello, reply []byte) (Verdict, []byte) {
	if in.size < challengeLen {
		return dropped(wire.DropReplyTooLong), reply
	}
	// RFC 6347, Section 4.2.1: "the server MUST use the record sequence number in the ClientHello as the
	// record sequence number in the HelloVerifyRequest", and its version should be that of DTLS 1.0
	// whatever will be negotiated. The message_seq is mirrored too, as nothing is remembered.
	reply = wire.AppendRecordHeader(reply, wire.ContentHandshake, wire.VersionDTLS10, 0, in.recordSeq,
		wire.FragmentHeaderLen+challengeBodyLen)
	reply = wire.AppendMessageHeader(reply, wire.TypeHelloVerifyRequest, in.messageSeq, challengeBodyLen)
	request := wire.HelloVerifyRequest{
		Version: wire.VersionDTLS10,
		Cookie:  g.baker.bake(in.now, in.peer, hello),
	}
	return Verdict{Action: Reply}, request.AppendTo(reply)
}
