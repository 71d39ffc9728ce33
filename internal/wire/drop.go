package wire

import "strconv"

// A Drop is the reason why a datagram or a record was discarded. It is not an error: it is counted.
type Drop uint8

// The reasons.
const (
	DropNone Drop = iota // not discarded

	// Datagrams, before anybody looks for their session.

	DropEmptyDatagram     // no byte in it
	DropTruncatedDatagram // longer than the receive buffer
	DropMalformedRecord   // a header is cut off, or declares more bytes than there are
	DropSocketError       // the socket reported an error, an ICMP message for example, instead

	// Senders that have no session.

	DropUnknownPeer        // neither a session nor a ClientHello
	DropMalformedHello     // a ClientHello that does not parse
	DropUnsupportedVersion // a ClientHello of something else than DTLS
	DropReplyTooLong       // a ClientHello shorter than the request for a cookie would be
	DropRefusedHello       // a ClientHello of DTLS 1.3 without a version or parameters that we have
	DropBadCookie          // a ClientHello of DTLS 1.3 with a cookie that is not ours, or no longer, or another client's
	DropNotListening       // a ClientHello, and new sessions are not accepted
	DropHalfOpenLimit      // a ClientHello, and too many handshakes are in progress
	DropSessionLimit       // a ClientHello, and there are too many sessions
	DropRateLimited        // a ClientHello from a network that sent too many
	DropAnswerLimit        // a ClientHello without a good cookie, and enough of those were answered lately

	// Records of a session.

	DropReplay                   // its sequence number was seen, or is older than the window
	DropUnknownCID               // its connection ID is not the session's
	DropMissingCID               // without the connection ID that the session wants
	DropOldEpoch                 // of an epoch whose keys are gone
	DropFutureEpoch              // of an epoch whose keys are still to come
	DropAuthentication           // not protected with the session's keys
	DropForgeryLimit             // of keys with which too many records did not open
	DropEarlyData                // early data, which is never accepted
	DropRecordOverflow           // longer than we said that we take
	DropEmptyRecord              // no content where there must be some
	DropUnexpectedContent        // a content type that has no place at this point
	DropPlaintextApplicationData // application data without protection
	DropPlaintextAlert           // an alert that anybody could have sent
	DropClosed                   // the session is closed
	DropSequenceExhausted        // to be sent, and the sequence numbers of the epoch are used up

	// Handshake messages of a session.

	DropDuplicateMessage  // received before
	DropFutureMessage     // its message_seq is too far ahead
	DropFragmentConflict  // contradicts fragments of the same message
	DropReassemblyLimit   // too large, or too many, to keep until the rest arrives
	DropUnexpectedMessage // has no place at this point of the handshake
	DropRenegotiation     // asks for a new handshake inside the session
	DropIdentityTooLong   // a PSK identity above the limit

	// Queues inside the program.

	DropQueueFull     // the inbox of the shard is full
	DropReadQueueFull // the reader of the connection does not keep up

	// Addresses of peers that change.

	DropUnprovenAddress // to be sent, and more than may go where the peer is not proven to be

	numDrops
)

// NumDrops is the number of reasons, DropNone included: the length of an array of counters.
const NumDrops = int(numDrops)

// String returns the label of the reason's counter.
func (d Drop) String() string {
	if int(d) < len(dropLabels) {
		return dropLabels[d]
	}
	return "drop_" + strconv.Itoa(int(d))
}

var dropLabels = [NumDrops]string{
	DropNone:                     "none",
	DropEmptyDatagram:            "empty_datagram",
	DropTruncatedDatagram:        "truncated_datagram",
	DropMalformedRecord:          "malformed_record",
	DropSocketError:              "socket_error",
	DropUnknownPeer:              "unknown_peer",
	DropMalformedHello:           "malformed_hello",
	DropUnsupportedVersion:       "unsupported_version",
	DropReplyTooLong:             "reply_too_long",
	DropRefusedHello:             "refused_hello",
	DropBadCookie:                "bad_cookie",
	DropNotListening:             "not_listening",
	DropHalfOpenLimit:            "half_open_limit",
	DropSessionLimit:             "session_limit",
	DropRateLimited:              "rate_limited",
	DropAnswerLimit:              "answer_limit",
	DropReplay:                   "replay",
	DropUnknownCID:               "unknown_cid",
	DropMissingCID:               "missing_cid",
	DropOldEpoch:                 "old_epoch",
	DropFutureEpoch:              "future_epoch",
	DropAuthentication:           "authentication",
	DropForgeryLimit:             "forgery_limit",
	DropEarlyData:                "early_data",
	DropRecordOverflow:           "record_overflow",
	DropEmptyRecord:              "empty_record",
	DropUnexpectedContent:        "unexpected_content",
	DropPlaintextApplicationData: "plaintext_application_data",
	DropPlaintextAlert:           "plaintext_alert",
	DropClosed:                   "closed",
	DropSequenceExhausted:        "sequence_exhausted",
	DropDuplicateMessage:         "duplicate_message",
	DropFutureMessage:            "future_message",
	DropFragmentConflict:         "fragment_conflict",
	DropReassemblyLimit:          "reassembly_limit",
	DropUnexpectedMessage:        "unexpected_message",
	DropRenegotiation:            "renegotiation",
	DropIdentityTooLong:          "identity_too_long",
	DropQueueFull:                "queue_full",
	DropReadQueueFull:            "read_queue_full",
	DropUnprovenAddress:          "unproven_address",
}
