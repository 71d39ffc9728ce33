// Package engine is one DTLS association as a sans-IO state machine, for
// both sides.
//
// An [Association] has no clock, no source of randomness of its own, no
// socket, no goroutine and no lock. Its owner calls a verb ([Association.Receive],
// [Association.Timeout], [Association.Resolve], [Association.Close]), each of
// which takes the time where it matters, and then drains [Association.Next]
// until it answers [EventNone]: datagrams to send, plaintext to deliver,
// questions to answer, news to show. Between verbs nothing happens.
//
// # The way of a record
//
// Receive splits a datagram into records (receive.go), with connection IDs or
// without (connectionid.go), checks each against the replay window (replay.go)
// and opens it in place. Application data leaves as an event at once. Return
// routability checks are answered, and told to the owner (routability.go).
// Handshake records go to the reassembly of messages (reassembly.go); each
// complete message, in the order of message_seq, is looked up in the flow of
// the side that we are (server12.go, client12.go): a table of state, message
// and handler. A handler answers with messages that form a flight (flight.go),
// which is repeated until the peer's next flight is complete.
//
// # Slow work
//
// Look-ups, signatures, key exchange and the verification of certificates
// leave as events with a [Token] and come back through Resolve (ask.go). The
// handshake stands still until then; the datagrams that arrive meanwhile are
// kept within the same bounds as any unfinished handshake.
//
// # Two lives
//
// Everything that only a handshake needs is in one struct (handshake.go),
// gone when the association is established. What may have to be repeated
// after that is in another, smaller one (linger.go), gone soon after. What
// remains is small. Between records it fits into a flat byte string (pack.go), and
// it can leave the process (export.go).
package engine
