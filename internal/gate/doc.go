// Package gate is the front door of a server: it decides about datagrams of senders that have no session.
//
// Until a sender has shown a cookie, and so that it receives what is sent to its address, the gate keeps
// nothing, allocates nothing, signs nothing and looks nothing up, and its answer is never longer than
// what it answers: RFC 6347, Section 4.2.1. The one thing kept are fragments of hellos, in a ring of
// fixed size.
//
//	client                                server
//	ClientHello                   -->             gate: no cookie
//	                              <--             HelloVerifyRequest (cookie)
//	ClientHello (cookie)          -->             gate: the cookie is good, admit
//
// The gate has no clock, no lock of its own and no randomness but that of its Secrets.
package gate
