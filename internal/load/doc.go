// Package load puts load on a DTLS server and measures what comes of it. The
// server may be anybody's.
//
// It is light, as it often shares a machine with the server that it measures.
// Its clients are associations of the engine, driven directly: a [worker] owns
// many of them over a few sockets, and none has a goroutine, a timer or a socket
// of its own. Where the addresses of a network are ours, as all of 127.0.0.0/8
// is on loopback, each client has an address of its own behind one socket
// (place.go); otherwise each has a socket.
//
// What the clients do is a [Scenario]. [Run] runs one and returns its [Report].
package load
