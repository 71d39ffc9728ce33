package dtls

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/internal/engine"
)

func TestConfigSaysWhatIsWrong(t *testing.T) {
	ca := newAuthority(t)
	psk := func(change func(*Config)) *Config {
		c := &Config{PSK: StaticPSK{}, ClientPSK: clientConfig().ClientPSK}
		change(c)
		return c
	}
	for _, test := range []struct {
		side   engine.Side
		config *Config
		want   string
	}{
		{engine.Server, &Config{}, "a server needs Certificates, GetCertificate, RawPublicKeys, PSK or GetConfigForClient"},
		{engine.Client, psk(func(c *Config) { c.MTU = 100 }), "MTU of 100 bytes is not between 256 and 65535"},
		{engine.Client, psk(func(c *Config) { c.RetransmitInitial = -1 }), "cannot be negative"},
		{engine.Server, psk(func(c *Config) { c.MaxHalfOpen = -1 }), "cannot be negative"},
		{engine.Server, psk(func(c *Config) { c.PSKIdentityHint = make([]byte, 70_000) }), "PSKIdentityHint has 70000 bytes"},
		{engine.Server, psk(func(c *Config) { c.NextProtos = []string{""} }), "NextProtos"},
		{engine.Server, psk(func(c *Config) { c.CipherSuites = []uint16{0x00ff} }), "CipherSuites has 0x00ff"},
		{engine.Server, psk(func(c *Config) { c.CipherSuites = []uint16{TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256} }), "none of CipherSuites"},
		{engine.Client, psk(func(c *Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP521} }), "CurvePreferences has CurveP521"},
		{engine.Server, psk(func(c *Config) { c.ClientAuth = tls.RequireAndVerifyClientCert }), "needs ClientCAs"},
		{engine.Server, psk(func(c *Config) { c.ClientAuth = 9 }), "unknown ClientAuth 9"},
		{engine.Server, psk(func(c *Config) { c.Certificates = make([]tls.Certificate, 1) }), "certificate 0: the certificate is empty"},
		{engine.Server, psk(func(c *Config) {
			cert := ca.issue(t, "ecdsa", "a")
			cert.PrivateKey = newKey(t, "ecdsa")
			c.Certificates = []tls.Certificate{cert}
		}), "the private key is not that of the certificate"},
		{engine.Server, &Config{
			Certificates: []tls.Certificate{ca.issue(t, "ecdsa", "a")},
			CipherSuites: []uint16{TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_PSK_WITH_AES_128_CCM_8},
		}, "none of CipherSuites goes with the keys and certificates that are configured"},
		{engine.Client, &Config{CipherSuites: []uint16{TLS_PSK_WITH_AES_128_CCM_8}}, "none of CipherSuites"},
		{engine.Client, psk(func(c *Config) { c.MaxVersion, c.CipherSuites = VersionDTLS12, []uint16{TLS_AES_128_GCM_SHA256} }),
			"none of CipherSuites is of a version between MinVersion and MaxVersion: DTLS 1.2"},
		{engine.Server, &Config{
			Certificates: []tls.Certificate{ca.issue(t, "ecdsa", "a")},
			MaxVersion:   VersionDTLS12, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768},
		}, "none of CurvePreferences is a group of DTLS 1.2"},
		{engine.Client, &Config{MaxVersion: VersionDTLS12, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}}, "none of CurvePreferences is a group of DTLS 1.2"},
		{engine.Server, nil, "a server needs Certificates"},
	} {
		err := test.config.validate(test.side)
		if err == nil || !strings.HasPrefix(err.Error(), "dtls: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %q", test.side, err, test.want)
		}
	}
}

func TestConfigsThatAreFine(t *testing.T) {
	ca := newAuthority(t)
	for name, config := range map[string]*Config{
		"nothing at all":     nil,
		"PSK only":           clientConfig(),
		"any certificate":    {InsecureSkipVerify: true},
		"a name":             {ServerName: "server.example"},
		"suites of one kind": {ServerName: "server.example", CipherSuites: []uint16{TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}},
	} {
		if err := config.ValidateClient(); err != nil {
			t.Errorf("client, %s: %v", name, err)
		}
	}
	for name, config := range map[string]*Config{
		"PSK without groups": {
			PSK: StaticPSK{}, MaxVersion: VersionDTLS12,
			CipherSuites: []uint16{TLS_PSK_WITH_AES_128_CCM_8}, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768},
		},
		"PSK":                     {PSK: StaticPSK{}, CipherSuites: []uint16{TLS_PSK_WITH_AES_128_CCM_8}},
		"a certificate":           {Certificates: []tls.Certificate{ca.issue(t, "rsa", "a")}, CipherSuites: []uint16{TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}},
		"certificates to come":    {GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }},
		"a configuration to come": {GetConfigForClient: func(*tls.ClientHelloInfo) (*Config, error) { return nil, nil }},
		"suites for what is to come": {
			PSK: StaticPSK{}, CipherSuites: []uint16{TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
			GetConfigForClient: func(*tls.ClientHelloInfo) (*Config, error) { return nil, nil },
		},
	} {
		if err := config.ValidateServer(); err != nil {
			t.Errorf("server, %s: %v", name, err)
		}
	}
}

func TestValidationIsNoUse(t *testing.T) {
	c := clientConfig()
	if err := c.ValidateClient(); err != nil {
		t.Fatal(err)
	}
	c.MTU = 1000
	if p, err := c.profile(engine.Client); err != nil || p.engine.MTU != 1000 {
		t.Errorf("what was changed after validation does not count: %v", err)
	}
}

func TestClientNeedsANameOrAKey(t *testing.T) {
	_, err := Client(newMemNet().dial(clientAddress, serverAddress), &Config{})
	if err == nil || !strings.HasPrefix(err.Error(), "dtls: a client needs ServerName") {
		t.Errorf("Client = %v", err)
	}
}
