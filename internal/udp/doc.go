// Package udp moves datagrams between sockets and buffers, a batch at a time.
//
// It knows nothing of DTLS. A [Socket] hides what kind of socket is below: a
// [net.UDPConn], which is driven without allocation, any other
// [net.PacketConn], or a [net.Conn] with one peer. Addresses are [netip] values
// throughout, and an IPv4 address is never in its IPv6-mapped form, whatever
// the kernel says. A group is several sockets at one address, over which the
// kernel spreads the senders ([ListenGroup]), or which a program chooses from
// ([Steer]).
package udp
