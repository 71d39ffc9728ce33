// Package dtls secures UDP with DTLS 1.2 (RFC 6347) and DTLS 1.3 (RFC 9147): a
// server, a listener and a client.
//
// A [Server] is like one of net/http. Its handler is called with each datagram
// that a client sends, decrypted, and answers through the [Session]:
//
//	srv := &dtls.Server{
//		Addr:   ":22334",
//		Config: &dtls.Config{PSK: dtls.StaticPSK{"sensor-7": key}},
//		Handler: dtls.HandlerFunc(func(s *dtls.Session, datagram []byte) {
//			s.Send([]byte("ACK"))
//		}),
//	}
//	err := srv.ListenAndServe()
//
// Code that wants connections has a [Listener], which is a [net.Listener], and
// [Dial]. A [Conn] is a [net.Conn] that keeps the bounds of datagrams:
//
//	conn, err := dtls.Dial("udp", "server.example:22334", &dtls.Config{
//		ClientPSK: dtls.StaticClientPSK("sensor-7", key),
//	})
//
// Without ClientPSK a client wants a certificate, by the authorities of the
// system or by those of RootCAs.
//
// A [Config] has the fields of the one in crypto/tls where the meaning is the
// same, and uses its certificates; what is peculiar to DTLS comes on top.
//
// Either side may have a raw public key instead of a certificate (RFC 7250):
// Config.RawPublicKeys are our own, and Config.VerifyRawPublicKey decides about
// those of peers.
//
// # Goroutines
//
// A socket has one goroutine, called its shard, which does everything for all
// of the sessions on it; there is none per session. Handlers and hooks are
// called on it and must not wait. Whatever takes time happens elsewhere:
// signatures, key agreements and certificates on a few workers, look-ups of
// credentials on goroutines of their own. On Linux, where there is one
// processor, the shard signs and agrees on keys itself, a little between two
// reads.
//
// On Linux, Listen and ListenAndServe open several sockets at their address, so
// that it has several shards: see Config.Shards. Each client has one of them,
// and keeps it even where its address changes, if it has a connection ID.
//
// # What strangers can do
//
// Nothing is kept of a client before it has shown a cookie, and with it that
// it receives what is sent to its address. What is discarded is counted by
// reason in [Stats]. No datagram that fails authentication changes an
// established session, and a client that lost its state gets in again from the
// same address and port: the old session ends when the new one is established
// (RFC 6347, Section 4.2.8).
//
// # Addresses that change
//
// A client that sets Config.ConnectionIDs to [ConnectionIDsAsk] gets a connection
// ID from a server that knows them (RFC 9146), as ours does. Its session goes on
// when its address changes, because a gateway wants it so or by [Conn.Rebind]. The
// server follows the newest record, after a return routability check (RFC 9853)
// where both sides know it.
//
// # Two versions
//
// Both versions are spoken, and the newer one where both sides have it:
// Config.MinVersion and Config.MaxVersion say otherwise. In DTLS 1.3 the cookie is
// in a HelloRetryRequest; a client is ready before its server, which may still
// refuse it; and keys are updated, by themselves in time or by [Session.KeyUpdate].
//
// # Limitations
//
// There is no renegotiation and no early data, no request for a certificate after
// the handshake, and peers get no new connection IDs in DTLS 1.3.
package dtls
