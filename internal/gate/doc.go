// Package gate is the front door of a server: it decides about datagrams of senders that have no session.
//
// Until a sender has shown a cookie, and so that it receives what is sent to its address, the gate keeps
// nothing, allocates nothing, signs nothing and looks nothing up, and its answer is never longer than
// what it answers: RFC 6347, Section 4.2.1, and RFC 9147, Section 5.1. The one thing kept are fragments of
// hellos, in a ring of fixed size.
//
//	client                                server
//	ClientHello                   -->             gate: no cookie
//	                              <--             HelloVerifyRequest (cookie)
//	ClientHello (cookie)          -->             gate: the cookie is good, admit
//
// In DTLS 1.3 the answer is a HelloRetryRequest, which also says what suite and group there will be. Its
// cookie holds that and the hash of the first hello, so that the handshake can begin with the second hello.
// A first hello that cannot be agreed with, and a cookie that is not good, are refused with an alert in
// plaintext; in DTLS 1.2 a cookie that is not good counts as none, and the handshake refuses.
//
//	ClientHello                   -->             gate: no cookie
//	                              <--             HelloRetryRequest (cookie, and perhaps a group)
//	ClientHello (cookie, share)   -->             gate: the cookie is good, admit with the Retry
//
// The gate has no clock, no lock of its own and no randomness but that of its Secrets.
package gate
