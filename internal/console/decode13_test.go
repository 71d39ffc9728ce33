package console

import (
	"crypto/tls"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestMessagesOfDTLS13AreDecoded(t *testing.T) {
	a := newAuthority(t)
	inWorld13(t, func(s *dtls.Server) {
		s.Config.PSK, s.Config.Certificates = nil, []tls.Certificate{a.issue(t, "server.example")}
		s.Config.ClientAuth, s.Config.ClientCAs = tls.RequireAndVerifyClientCert, a.pool
		s.Config.NextProtos = []string{"coap"}
		s.Config.MTU = 16 << 10 // in which nothing is in parts
	}, func(w *world) {
		w.dial(&dtls.Config{
			RootCAs: a.pool, ServerName: "server.example", NextProtos: []string{"http/1.1", "coap"},
			Certificates: []tls.Certificate{a.issue(t, "device")}, MTU: 16 << 10,
		}).Close()
		synctest.Wait()
		trace := w.trace()
		wantFields(t, fieldsOf(t, trace, "client_hello"),
			"server_name", "server.example",
			"supported_versions", "+DTLS 1.3, -DTLS 1.2",
			"supported_groups", "+X25519MLKEM768, -X25519, -P-256, -P-384",
			"psk_key_exchange_modes", "psk_dhe_ke",
			"application_layer_protocol_negotiation", "-http/1.1, +coap")
		wantFields(t, fieldsOf(t, trace, "server_hello"), "supported_versions", "DTLS 1.3")
		wantFields(t, fieldsOf(t, trace, "encrypted_extensions"), "application_layer_protocol_negotiation", "coap")
		wantFields(t, fieldsOf(t, trace, "certificate"), "certificate 1",
			"subject: CN=device, issuer: CN=authority, names: device, valid: 1999-01-01T00:00:00Z to 2099-01-01T00:00:00Z, key: ECDSA, P-256, signature: ECDSA-SHA256")
		wantFields(t, fieldsOf(t, trace, "certificate_request"), "authorities", "CN=authority")
		wantFields(t, fieldsOf(t, trace, "certificate_verify"), "signature scheme", "ecdsa_secp256r1_sha256")
		wantFields(t, fieldsOf(t, trace, "finished"), "verify data", "32 bytes")
	})
}

func TestPartsOfHelloAreNoDrops(t *testing.T) {
	inWorld13(t, nil, func(w *world) {
		w.dial(clientConfig()).Close()
		synctest.Wait()
		w.want(OutcomeEstablished, "")
		for _, s := range w.trace().Trace {
			if s.Kind == StepDrop {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestRefusedHelloIsExplained(t *testing.T) {
	inWorld13(t, nil, func(w *world) {
		config := clientConfig()
		config.MaxVersion = dtls.VersionDTLS12
		go w.tryDial(config)
		synctest.Wait()
		w.want(OutcomeFailed, "the server refused the hello: no common version: client offers DTLS 1.2; server accepts DTLS 1.3")
		w.wantSteps("< client_hello", "> alert fatal protocol_version", "< drop refused_hello")
		if n := len(w.traces.summaries()); n != 1 {
			t.Errorf("%d traces of one hello", n)
		}
		time.Sleep(5 * time.Minute)
	})
}

// Without the words for it, the reason alone tells that a hello was refused.
func TestRefusedHelloIsNoGarbage(t *testing.T) {
	for reason, want := range map[dtls.DropReason]string{
		wire.DropRefusedHello: "the server refused the hello: no version, cipher suite or group in common (refused_hello)",
		wire.DropBadCookie:    "the server refused the hello: its cookie is not the server's (bad_cookie); did the client move, or was the server started anew?",
	} {
		p := newPlay()
		for range 2 {
			p.drop(dtls.Drop{Time: p.now, Peer: numberedPeer(1), Reason: reason})
		}
		if got := p.summaries(); len(got) != 1 || got[0].Outcome != OutcomeFailed || got[0].Explanation != want {
			t.Errorf("%+v", got)
		}
	}
}

func TestWrongKeyInDTLS13IsExplained(t *testing.T) {
	inWorld13(t, nil, func(w *world) {
		go w.tryDial(&dtls.Config{ClientPSK: dtls.StaticClientPSK("sensor-7", []byte("another key here"))})
		synctest.Wait()
		w.want(OutcomeFailed, `identity "sensor-7" is known, its key does not match`)
		time.Sleep(5 * time.Minute)
	})
}
