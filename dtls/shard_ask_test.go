package dtls

import (
	"context"
	"crypto/tls"
	"errors"
	"testing"
)

// Look-ups that answer from memory are made on the shard, where they may still ask
// for whatever a hook may.
func TestLookupsInMemoryAreMadeAtOnce(t *testing.T) {
	ca := newAuthority(t)
	own := ca.issue(t, "ecdsa", serverName)
	var srv *Server
	keys, certificates := 0, 0
	inWorld(t, func(s *Server) {
		srv = s
		s.Config.LookupsInMemory = true
		s.Config.PSK = PSKFunc(func(ctx context.Context, identity []byte) ([]byte, error) {
			keys++
			if ctx.Done() != nil {
				t.Error("the context of a look-up in memory can end")
			}
			srv.Sessions()
			return StaticPSK{"client": testKey}.LookupPSK(ctx, identity)
		})
		s.Config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			certificates++
			srv.Sessions()
			if hello.ServerName != serverName {
				return nil, errors.New("no such name")
			}
			return &own, nil
		}
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		w.wantEcho(c, "with a key")
		c.Close()
		c = w.dial(clientAddress, ca.trusting())
		w.wantEcho(c, "with a certificate")
		c.Close()
		if keys != 1 || certificates != 1 {
			t.Errorf("%d keys and %d certificates looked up, want one each", keys, certificates)
		}
		if _, err := w.tryAdmission(clientAddress, clientConfigFor("stranger", testKey)); err == nil {
			t.Error("an unknown identity got in")
		}
		if _, err := w.tryDial(clientAddress, &Config{RootCAs: ca.pool, ServerName: "other.example"}); err == nil {
			t.Error("a name without certificate was served")
		}
	})
}
