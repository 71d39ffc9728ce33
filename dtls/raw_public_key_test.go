package dtls

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// withRawKeys has a server use keys without certificates instead of pre-shared
// ones.
func withRawKeys(keys ...crypto.Signer) func(*Server) {
	return func(s *Server) {
		s.Config.PSK = nil
		s.Config.RawPublicKeys = keys
	}
}

// pinned returns a function that believes those keys.
func pinned(t *testing.T, keys ...crypto.Signer) func(crypto.PublicKey) error {
	t.Helper()
	var pins [][32]byte
	for _, key := range keys {
		pin, err := KeyPin(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		pins = append(pins, pin)
	}
	return PinnedKeys(pins...)
}

func wantPeerKey(t *testing.T, state ConnectionState, want crypto.Signer) {
	t.Helper()
	key, ok := want.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !key.Equal(state.PeerPublicKey) || len(state.PeerCertificates) > 0 {
		t.Errorf("peer has the key %v and %d certificates", state.PeerPublicKey, len(state.PeerCertificates))
	}
}

func TestRawPublicKeysOfBothSides(t *testing.T) {
	for _, kind := range []string{"ecdsa", "ecdsa-p384", "rsa", "ed25519"} {
		server, device := newKey(t, kind), newKey(t, kind)
		inWorld(t, func(s *Server) {
			withRawKeys(server)(s)
			s.Config.ClientAuth = tls.RequireAnyClientCert
			s.Config.VerifyRawPublicKey = pinned(t, newKey(t, "ed25519"), device)
		}, func(w *world) {
			config := &Config{
				RawPublicKeys:      []crypto.Signer{device},
				VerifyRawPublicKey: pinned(t, server),
				ClientSessionCache: NewClientSessionCache(1),
			}
			for _, resumes := range []bool{false, true} {
				c := w.dial(clientAddress, config)
				w.wantEcho(c, kind)
				wantPeerKey(t, c.ConnectionState(), server)
				wantPeerKey(t, w.srv.Sessions()[0].State, device)
				if c.ConnectionState().DidResume != resumes {
					t.Errorf("%s: resumed: %t", kind, !resumes)
				}
				c.Close()
				synctest.Wait()
			}
		})
	}
}

func TestRawPublicKeysThatAreNotPinned(t *testing.T) {
	server, device := newKey(t, "ecdsa"), newKey(t, "ecdsa")
	inWorld(t, func(s *Server) {
		withRawKeys(server)(s)
		s.Config.ClientAuth = tls.RequireAnyClientCert
		s.Config.VerifyRawPublicKey = pinned(t, device)
	}, func(w *world) {
		for name, config := range map[string]*Config{
			"server's": {RawPublicKeys: []crypto.Signer{device}, VerifyRawPublicKey: PinnedKeys()},
			"client's": {RawPublicKeys: []crypto.Signer{server}, VerifyRawPublicKey: pinned(t, server)},
			"none":     {VerifyRawPublicKey: pinned(t, server)},
		} {
			config.HandshakeTimeout = 10 * time.Second
			c, err := w.tryDial(clientAddress, config)
			if err == nil {
				// In DTLS 1.3 the server judges when the client is done.
				_, err = c.Read(make([]byte, 1))
				c.Close()
			}
			if err == nil {
				t.Errorf("%s key was believed", name)
			}
			var refused *CertificateError
			if got := errors.As(err, &refused); got != (name == "server's") {
				t.Errorf("%s key: %v", name, err)
			}
		}
	})
}

func TestServerWithCertificateAndRawPublicKey(t *testing.T) {
	ca := newAuthority(t)
	key := newKey(t, "ed25519")
	certificate := ca.issue(t, "ecdsa", serverName)
	asked := 0
	for _, get := range []bool{false, true} {
		inWorld(t, func(s *Server) {
			withCertificate(certificate)(s)
			s.Config.RawPublicKeys = []crypto.Signer{key}
			if get {
				s.Config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
					asked++
					return &certificate, nil
				}
			}
		}, func(w *world) {
			c := w.dial(clientAddress, ca.trusting())
			if state := c.ConnectionState(); len(state.PeerCertificates) != 1 || state.PeerPublicKey == nil {
				t.Errorf("client knows %+v", state)
			}
			c.Close()
			either := ca.trusting()
			either.VerifyRawPublicKey = pinned(t, key)
			c = w.dial(clientAddress, either)
			if len(c.ConnectionState().PeerCertificates) != 1 {
				t.Error("the server prefers its raw public key")
			}
			c.Close()
			c = w.dial(clientAddress, &Config{VerifyRawPublicKey: pinned(t, key)})
			wantPeerKey(t, c.ConnectionState(), key)
			c.Close()
		})
	}
	if asked != 2 {
		t.Errorf("the server was asked for %d certificates, want 2", asked)
	}
}

func TestClientWithCertificateAndRawPublicKey(t *testing.T) {
	ca := newAuthority(t)
	server, device := newKey(t, "ecdsa"), newKey(t, "ecdsa")
	certificate := ca.issue(t, "ecdsa", "device")
	for _, get := range []bool{false, true} {
		for _, takesCertificates := range []bool{false, true} {
			inWorld(t, func(s *Server) {
				withRawKeys(server)(s)
				s.Config.ClientAuth = tls.RequireAndVerifyClientCert
				if takesCertificates {
					s.Config.ClientCAs = ca.pool
				} else {
					s.Config.VerifyRawPublicKey = pinned(t, device)
				}
			}, func(w *world) {
				config := &Config{
					Certificates:       []tls.Certificate{certificate},
					RawPublicKeys:      []crypto.Signer{device},
					VerifyRawPublicKey: pinned(t, server),
				}
				if get {
					config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
						if !takesCertificates {
							t.Error("the client is asked for a certificate")
						}
						return &certificate, nil
					}
				}
				c := w.dial(clientAddress, config)
				if state := w.srv.Sessions()[0].State; !takesCertificates {
					wantPeerKey(t, state, device)
				} else if len(state.PeerCertificates) != 1 {
					t.Error("the server knows no certificate")
				}
				c.Close()
			})
		}
	}
}

func TestClientThatTakesRawPublicKeysAloneTellsWhatItOffered(t *testing.T) {
	ca := newAuthority(t)
	inWorld(t, withCertificate(ca.issue(t, "ecdsa", serverName)), func(w *world) {
		_, err := w.tryDial(clientAddress, &Config{VerifyRawPublicKey: PinnedKeys(), HandshakeTimeout: 10 * time.Second})
		var alert *AlertError
		if !errors.As(err, &alert) || alert.Alert != uint8(wire.AlertUnsupportedCertificate) {
			t.Errorf("error %v", err)
		}
	})
}

func TestCertificateTypesFollowFromTheConfig(t *testing.T) {
	key := []crypto.Signer{newKey(t, "ed25519")}
	believe := PinnedKeys()
	pool := x509.NewCertPool()
	type types = []uint8
	const x, raw = wire.CertificateTypeX509, wire.CertificateTypeRawPublicKey
	for _, test := range []struct {
		name           string
		side           engine.Side
		config         *Config
		server, client types
	}{
		{"client", engine.Client, &Config{}, types{x}, nil},
		{"client with a pre-shared key", engine.Client, clientConfig(), nil, nil},
		{"client that takes keys", engine.Client, &Config{VerifyRawPublicKey: believe}, types{raw}, nil},
		{"client that takes either", engine.Client, &Config{VerifyRawPublicKey: believe, RootCAs: pool}, types{raw, x}, nil},
		{"client with a key", engine.Client, &Config{RawPublicKeys: key}, types{x}, types{raw}},
		{"client with both", engine.Client, &Config{RawPublicKeys: key, Certificates: make([]tls.Certificate, 1)}, types{x}, types{x, raw}},
		{"server with a key", engine.Server, &Config{RawPublicKeys: key}, types{raw}, nil},
		{"server that asks nobody", engine.Server, &Config{VerifyRawPublicKey: believe}, nil, nil},
		{"server that takes keys", engine.Server, &Config{VerifyRawPublicKey: believe, ClientAuth: tls.RequestClientCert}, nil, types{raw}},
		{
			"server that takes either", engine.Server,
			&Config{VerifyRawPublicKey: believe, ClientAuth: tls.RequireAnyClientCert, ClientCAs: pool}, nil, types{raw, x},
		},
	} {
		server, client := test.config.certificateTypes(test.side)
		if !slices.Equal(server, test.server) || !slices.Equal(client, test.client) {
			t.Errorf("%s: %v and %v, want %v and %v", test.name, server, client, test.server, test.client)
		}
	}
}

func TestRawPublicKeyThatCannotBeUsed(t *testing.T) {
	config := &Config{RawPublicKeys: []crypto.Signer{newKey(t, "ed25519"), nil}}
	if err := config.ValidateServer(); err == nil || err.Error() != "dtls: raw public key 1: the key is nil" {
		t.Errorf("error %v", err)
	}
	if _, err := KeyPin("no key"); err == nil {
		t.Error("a string has a pin")
	}
}
