package dtls

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// An authority makes certificates for tests. They are valid in real and in
// virtual time.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key := newKey(t, "ecdsa")
	template := certificateTemplate("authority")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	a := &authority{key: key, pool: x509.NewCertPool()}
	a.cert = signCertificate(t, template, template, key.Public(), key)
	a.pool.AddCert(a.cert)
	return a
}

func certificateTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{name},
		NotBefore:    time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func signCertificate(t testing.TB, template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func newKey(t testing.TB, kind string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case "ecdsa":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ecdsa-p384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue returns a certificate for a name, with a new key of that kind.
func (a *authority) issue(t testing.TB, kind, name string) tls.Certificate {
	t.Helper()
	key := newKey(t, kind)
	template := certificateTemplate(name)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	cert := signCertificate(t, template, a.cert, key.Public(), a.key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

const serverName = "server.example"

// trusting returns the configuration of a client that believes a.
func (a *authority) trusting() *Config { return &Config{RootCAs: a.pool, ServerName: serverName} }

// withCertificate has a server use certificates instead of keys.
func withCertificate(certificates ...tls.Certificate) func(*Server) {
	return func(s *Server) {
		s.Config.PSK = nil
		s.Config.Certificates = certificates
	}
}

func TestCertificatesOfEachKind(t *testing.T) {
	ca := newAuthority(t)
	for _, kind := range []string{"ecdsa", "ecdsa-p384", "rsa", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, withCertificate(ca.issue(t, kind, serverName)), func(w *world) {
				c := w.dial(clientAddress, ca.trusting())
				w.wantEcho(c, "hello")
				state := c.ConnectionState()
				if len(state.PeerCertificates) != 1 || len(state.VerifiedChains) != 1 || state.ServerName != serverName {
					t.Errorf("%+v", state)
				}
				if infos := w.srv.Sessions(); infos[0].State.ServerName != serverName {
					t.Errorf("the server saw the name %q", infos[0].State.ServerName)
				}
				c.Close()
			})
		})
	}
}

func TestClientRefusesServersItDoesNotTrust(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	for name, test := range map[string]struct {
		config *Config
		want   any
		alert  wire.AlertDescription
	}{
		"unknown authority": {other.trusting(), &unknown, wire.AlertUnknownCA},
		"another name":      {&Config{RootCAs: ca.pool, ServerName: "other.example"}, &hostname, wire.AlertBadCertificate},
	} {
		inWorld(t, withCertificate(ca.issue(t, "ecdsa", serverName)), func(w *world) {
			_, err := w.tryDial(clientAddress, test.config)
			var refused *CertificateError
			if !errors.As(err, &refused) || !errors.As(err, test.want) {
				t.Errorf("%s: %v", name, err)
			}
			synctest.Wait()
			if !w.log.has(KindAlert, test.alert.String()) {
				t.Errorf("%s: server's log:\n%s", name, strings.Join(w.log.lines(), "\n"))
			}
		})
	}
	inWorld(t, withCertificate(ca.issue(t, "ecdsa", serverName)), func(w *world) {
		c := w.dial(clientAddress, &Config{InsecureSkipVerify: true})
		if state := c.ConnectionState(); len(state.PeerCertificates) != 1 || state.VerifiedChains != nil {
			t.Errorf("%+v", state)
		}
		c.Close()
	})
}

func TestClientAuth(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	server := ca.issue(t, "ecdsa", serverName)
	good, bad := ca.issue(t, "ecdsa", "client"), other.issue(t, "rsa", "client")
	for _, test := range []struct {
		auth   tls.ClientAuthType
		client *tls.Certificate
		ok     bool
		seen   int // certificates that the server has of the client
	}{
		{tls.NoClientCert, &good, true, 0},
		{tls.RequestClientCert, nil, true, 0},
		{tls.RequestClientCert, &bad, true, 1},
		{tls.RequireAnyClientCert, nil, false, 0},
		{tls.RequireAnyClientCert, &bad, true, 1},
		{tls.VerifyClientCertIfGiven, nil, true, 0},
		{tls.VerifyClientCertIfGiven, &bad, false, 0},
		{tls.VerifyClientCertIfGiven, &good, true, 1},
		{tls.RequireAndVerifyClientCert, nil, false, 0},
		{tls.RequireAndVerifyClientCert, &bad, false, 0},
		{tls.RequireAndVerifyClientCert, &good, true, 1},
	} {
		inWorld(t, func(s *Server) {
			withCertificate(server)(s)
			s.Config.ClientAuth, s.Config.ClientCAs = test.auth, ca.pool
		}, func(w *world) {
			config := ca.trusting()
			config.HandshakeTimeout = 10 * time.Second
			if test.client != nil {
				config.Certificates = []tls.Certificate{*test.client}
			}
			c, err := w.tryAdmission(clientAddress, config)
			if (err == nil) != test.ok {
				t.Errorf("%v with certificate %v: %v", test.auth, test.client != nil, err)
			}
			if err != nil {
				return
			}
			if got := w.srv.Sessions()[0].State.PeerCertificates; len(got) != test.seen {
				t.Errorf("%v: the server has %d certificates", test.auth, len(got))
			}
			c.Close()
		})
	}
}

func TestServerChoosesItsCertificateByName(t *testing.T) {
	ca := newAuthority(t)
	one, two := ca.issue(t, "ecdsa", "one.example"), ca.issue(t, "ecdsa", "two.example")
	inWorld(t, withCertificate(one, two), func(w *world) {
		for i, name := range []string{"one.example", "two.example"} {
			c := w.dial(fmt.Sprint("198.51.100.7:", i+1), &Config{RootCAs: ca.pool, ServerName: name})
			if got := c.ConnectionState().PeerCertificates[0].Subject.CommonName; got != name {
				t.Errorf("asked for %s, got %s", name, got)
			}
			c.Close()
		}
	})
}

func TestGetCertificate(t *testing.T) {
	ca := newAuthority(t)
	own, fallback := ca.issue(t, "ecdsa", serverName), ca.issue(t, "rsa", "fallback.example")
	inWorld(t, func(s *Server) {
		s.Config.Certificates = []tls.Certificate{fallback}
		s.Config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			time.Sleep(time.Second / 2) // as an ACME client might
			if hello.Conn.RemoteAddr().String() != clientAddress || len(hello.CipherSuites) == 0 || len(hello.SignatureSchemes) == 0 {
				t.Errorf("%+v", hello)
			}
			switch hello.ServerName {
			case serverName:
				return &own, hello.SupportsCertificate(&own)
			case "fallback.example":
				return nil, nil
			}
			return nil, errors.New("no such name")
		}
	}, func(w *world) {
		w.dial(clientAddress, ca.trusting()).Close()
		w.dial(clientAddress, &Config{RootCAs: ca.pool, ServerName: "fallback.example"}).Close()
		if _, err := w.tryDial(clientAddress, &Config{RootCAs: ca.pool, ServerName: "other.example"}); err == nil {
			t.Error("a name without certificate was served")
		}
		if !w.log.has(KindCredentials, "the look-up of a certificate failed: no such name") {
			t.Errorf("log:\n%s", strings.Join(w.log.lines(), "\n"))
		}
		w.dial(clientAddress, clientConfig()).Close() // with a key: not asked
	})
}

func TestGetClientCertificate(t *testing.T) {
	ca := newAuthority(t)
	device := ca.issue(t, "ed25519", "device")
	inWorld(t, func(s *Server) {
		withCertificate(ca.issue(t, "ecdsa", serverName))(s)
		s.Config.ClientAuth, s.Config.ClientCAs = tls.RequireAndVerifyClientCert, ca.pool
	}, func(w *world) {
		config := ca.trusting()
		config.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if len(r.AcceptableCAs) != 1 || !bytes.Equal(r.AcceptableCAs[0], ca.cert.RawSubject) || len(r.SignatureSchemes) == 0 {
				t.Errorf("%+v", r)
			}
			return &device, nil
		}
		c := w.dial(clientAddress, config)
		if got := w.srv.Sessions()[0].State.PeerCertificates[0].Subject.CommonName; got != "device" {
			t.Errorf("the server sees %q", got)
		}
		c.Close()
		config = ca.trusting()
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &tls.Certificate{}, nil }
		if _, err := w.tryAdmission(clientAddress, config); err == nil {
			t.Error("a client without certificate got in")
		}
	})
}

func TestGetConfigForClient(t *testing.T) {
	ca := newAuthority(t)
	special := &Config{PSK: StaticPSK{"special": []byte("special key")}}
	inWorld(t, func(s *Server) {
		withCertificate(ca.issue(t, "ecdsa", serverName))(s)
		s.Config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*Config, error) {
			time.Sleep(time.Second / 4)
			switch hello.ServerName {
			case "special.example":
				return special, nil
			case "refused.example":
				return nil, errors.New("not here")
			}
			return nil, nil
		}
	}, func(w *world) {
		w.dial(clientAddress, ca.trusting()).Close()
		config := clientConfigFor("special", []byte("special key"))
		config.ServerName = "special.example"
		c := w.dial(clientAddress, config)
		w.wantEcho(c, "special")
		c.Close()
		config = ca.trusting()
		config.ServerName = "refused.example"
		var alert *AlertError
		if _, err := w.tryDial(clientAddress, config); !errors.As(err, &alert) || alert.Alert != uint8(wire.AlertHandshakeFailure) {
			t.Errorf("a client that is refused: %v", err)
		}
		if !w.log.has(KindCredentials, "the look-up of a configuration failed: not here") {
			t.Errorf("log:\n%s", strings.Join(w.log.lines(), "\n"))
		}
		if got := w.srv.Stats(); got.HalfOpen != 0 {
			t.Errorf("%d half open", got.HalfOpen)
		}
	})
}

func TestUserMayRefuse(t *testing.T) {
	ca := newAuthority(t)
	refusal := errors.New("not today")
	for name, change := range map[string]func(server, client *Config){
		"VerifyConnection of the server": func(s, _ *Config) { s.VerifyConnection = func(ConnectionState) error { return refusal } },
		"VerifyConnection of the client": func(_, c *Config) { c.VerifyConnection = func(ConnectionState) error { return refusal } },
		"VerifyPeerCertificate of the client": func(_, c *Config) {
			c.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error { return refusal }
		},
	} {
		var r roll
		client := ca.trusting()
		inWorld(t, func(s *Server) {
			r.keep(s)
			withCertificate(ca.issue(t, "ecdsa", serverName))(s)
			change(s.Config, client)
		}, func(w *world) {
			c, err := w.tryDial(clientAddress, client)
			if strings.HasSuffix(name, "client") && (!errors.Is(err, refusal) || !errors.Is(err, net.ErrClosed) || !strings.HasPrefix(err.Error(), "dtls: ")) {
				t.Errorf("%s: %v", name, err)
			}
			if strings.HasSuffix(name, "server") {
				var alert *AlertError
				if _, err := c.Read(nil); !errors.As(err, &alert) || alert.Alert != uint8(wire.AlertAccessDenied) || !alert.Authenticated {
					t.Errorf("%s: the client reads %v", name, err)
				}
				c.Close()
				if r.opened != nil || !w.log.has(KindFailed, "not today") {
					t.Errorf("%s: %d sessions opened; log:\n%s", name, len(r.opened), strings.Join(w.log.lines(), "\n"))
				}
			}
			time.Sleep(5 * time.Second) // an alert in plaintext is believed with the next timeout only
			if got := w.srv.Stats(); got.Sessions != 0 || got.HalfOpen != 0 {
				t.Errorf("%s: %d sessions, %d half open", name, got.Sessions, got.HalfOpen)
			}
		})
	}
}

func TestVerifyConnectionSeesWhatWasNegotiated(t *testing.T) {
	inWorld(t, func(s *Server) {
		s.Config.VerifyConnection = func(state ConnectionState) error {
			if string(state.PSKIdentity) != "client" {
				t.Errorf("identity %q", state.PSKIdentity)
			}
			_, err := state.ExportKeyingMaterial("EXPERIMENTAL test", nil, 16)
			return err
		}
	}, func(w *world) { w.dial(clientAddress, clientConfig()).Close() })
}

func TestBothSidesExportTheSameKeys(t *testing.T) {
	var fromHandler []byte
	inWorld(t, func(s *Server) {
		s.Handler = HandlerFunc(func(s *Session, _ []byte) {
			fromHandler, _ = s.ConnectionState().ExportKeyingMaterial("EXPERIMENTAL test", []byte("context"), 32)
		})
	}, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		state := c.ConnectionState()
		mine, err := state.ExportKeyingMaterial("EXPERIMENTAL test", []byte("context"), 32)
		if err != nil {
			t.Fatal(err)
		}
		c.Write([]byte("now you"))
		synctest.Wait()
		if !bytes.Equal(mine, fromHandler) {
			t.Errorf("client %x, server %x", mine, fromHandler)
		}
		// RFC 5705, Section 4: no context is not an empty one. In DTLS 1.3 it is:
		// RFC 8446, Section 7.5.
		none, _ := state.ExportKeyingMaterial("EXPERIMENTAL test", nil, 32)
		empty, _ := state.ExportKeyingMaterial("EXPERIMENTAL test", []byte{}, 32)
		if bytes.Equal(none, empty) != (version == VersionDTLS13) || bytes.Equal(none, mine) {
			t.Error("different contexts give the same keys")
		}
		if _, err := state.ExportKeyingMaterial("client finished", nil, 32); err == nil && version == VersionDTLS12 {
			t.Error("a reserved label was taken")
		}
		c.Close()
		if _, err := state.ExportKeyingMaterial("EXPERIMENTAL test", nil, 32); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestNegotiatedExtras(t *testing.T) {
	inWorld(t, func(s *Server) {
		s.Config.NextProtos = []string{"coap", "syslog"}
		s.Config.SRTPProfiles = []uint16{0x0007, 0x0001}
	}, func(w *world) {
		config := clientConfig()
		config.NextProtos = []string{"syslog"}
		config.SRTPProfiles = []uint16{0x0001}
		config.CurvePreferences = []tls.CurveID{tls.CurveP384}
		c := w.dial(clientAddress, config)
		if s := c.ConnectionState(); s.NegotiatedProtocol != "syslog" || s.SRTPProfile != 1 || s.Group != tls.CurveP384 {
			t.Errorf("%+v", s)
		}
		c.Close()
	})
}

func TestKeyLogIsTheSameOnBothSides(t *testing.T) {
	var server, client bytes.Buffer
	inWorld(t, func(s *Server) { s.Config.KeyLogWriter = &server }, func(w *world) {
		config := clientConfig()
		config.KeyLogWriter = &client
		w.dial(clientAddress, config).Close()
		if !w.log.has(KindKeyLog, "whoever reads it can decrypt everything") {
			t.Error("nobody was warned")
		}
	})
	first, lines := "CLIENT_RANDOM ", 1
	if version == VersionDTLS13 {
		first, lines = "CLIENT_HANDSHAKE_TRAFFIC_SECRET ", 5
	}
	if server.String() != client.String() || !strings.HasPrefix(server.String(), first) || strings.Count(server.String(), "\n") != lines {
		t.Errorf("server %q, client %q", server.String(), client.String())
	}
}

// A resumed session has the certificates of the first, verified again: both
// functions that may refuse them are asked each time.
func TestResumptionWithCertificates(t *testing.T) {
	ca := newAuthority(t)
	var asked [2]int // server, client
	count := func(n *int) func([][]byte, [][]*x509.Certificate) error {
		return func(_ [][]byte, chains [][]*x509.Certificate) error {
			if len(chains) == 1 {
				*n++
			}
			return nil
		}
	}
	server, device := ca.issue(t, "ecdsa", serverName), ca.issue(t, "ecdsa", "device")
	inWorld(t, func(s *Server) {
		withCertificate(server)(s)
		s.Config.ClientAuth, s.Config.ClientCAs = tls.RequireAndVerifyClientCert, ca.pool
		s.Config.VerifyPeerCertificate = count(&asked[0])
	}, func(w *world) {
		config := ca.trusting()
		config.VerifyPeerCertificate = count(&asked[1])
		config.Certificates = []tls.Certificate{device}
		config.ClientSessionCache = NewClientSessionCache(1)
		w.dial(clientAddress, config).Close()
		c := w.dial(clientAddress, config)
		state := c.ConnectionState()
		if !state.DidResume || state.PSKIdentity != nil || len(state.PeerCertificates) != 1 || len(state.VerifiedChains) != 1 {
			t.Errorf("client: %+v", state)
		}
		synctest.Wait() // the client's Finished is the last
		if got := w.srv.Sessions()[0].State; !got.DidResume || got.PSKIdentity != nil || len(got.PeerCertificates) != 1 || len(got.VerifiedChains) != 1 {
			t.Errorf("server: %+v", got)
		}
		if asked != [2]int{2, 2} {
			t.Errorf("server and client verified %v times", asked)
		}
		c.Close()
	})
}

// A cache that waits stalls its own handshake only, like any look-up.
type slowCache struct{ SessionCache }

func (c slowCache) Get(ctx context.Context, id string) []byte {
	time.Sleep(time.Second / 2)
	return c.SessionCache.Get(ctx, id)
}

func TestSlowSessionCache(t *testing.T) {
	about(t, VersionDTLS12)
	inWorld(t, func(s *Server) {
		s.Config.SessionTicketsDisabled = true
		s.Config.SessionCache = slowCache{NewSessionCache(10)}
	}, func(w *world) {
		config := clientConfig()
		config.ClientSessionCache = NewClientSessionCache(1)
		w.dial(clientAddress, config).Close()
		synctest.Wait()
		start := time.Now()
		c := w.dial(clientAddress, config)
		if !c.ConnectionState().DidResume || time.Since(start) != time.Second/2 {
			t.Errorf("resumed %v after %v", c.ConnectionState().DidResume, time.Since(start))
		}
		c.Close()
	})
}

func TestTicketsOfServersWithTheSameKeys(t *testing.T) {
	keys := [][32]byte{{1}, {2}}
	cache := NewClientSessionCache(1)
	for i := range 2 {
		inWorld(t, func(s *Server) { s.Config.SetSessionTicketKeys(keys) }, func(w *world) {
			config := clientConfig()
			config.ClientSessionCache = cache
			c := w.dial(clientAddress, config)
			if got := c.ConnectionState().DidResume; got != (i > 0) {
				t.Errorf("handshake %d resumed: %v", i, got)
			}
			c.Close()
		})
	}
}
