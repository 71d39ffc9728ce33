// Package udp moves datagrams between sockets and buffers, a batch at a time.
//
// It knows nothing of DTLS. A [Socket] hides what kind of socket is below: a
// [net.UDPConn], which is driven without allocation, any other
// [net.PacketConn], or a [net.Conn] with one peer. Addresses are [netip] values
// throughout, and an IPv4 address is never in its IPv6-mapped form, whatever
// the kernel says. A group is several sockets at one address, over which the
// kernel spreads the senders ([ListenGroup]), or which a program chooses from
// ([Steer]).
//
// On Linux a batch is one system call each way. Most of what a datagram costs is
// its way through the kernel, so datagrams of one peer and one length go there
// as one, a train: what comes in is cut before it is seen, and trains that go
// out are put together from the messages of a batch. Where many peers send single
// datagrams, a socket that is read too often for batches to form pauses between
// reads. On other systems a batch is one datagram.
package udp
