package main

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/dtlsd/dtlsd/dtls"
)

// Credentials say how server and clients prove who they are, as the command
// line has it. A server can have a pre-shared key, a certificate, or both.
type credentials struct {
	psk              string // IDENTITY:KEY
	certificate, key string // files of the server
	clientCA         string // file
}

// randomCredentials returns a pre-shared key that nobody can guess.
func randomCredentials() credentials {
	return credentials{psk: "sensor-7:" + rand.Text()}
}

// config returns the configuration of a server with these credentials.
//
// The cipher suites that RFC 7252, Section 9 makes mandatory, those with
// AES_128_CCM_8, are among the defaults of package dtls.
func (c credentials) config() (*dtls.Config, error) {
	config := &dtls.Config{}
	if c.psk != "" {
		identity, key, ok := strings.Cut(c.psk, ":")
		if !ok || key == "" {
			return nil, errors.New("-psk needs an identity, a colon and a key")
		}
		config.PSK = dtls.StaticPSK{identity: []byte(key)}
	}
	if c.certificate != "" || c.key != "" {
		certificate, err := tls.LoadX509KeyPair(c.certificate, c.key)
		if err != nil {
			return nil, fmt.Errorf("-cert and -key: %w", err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	if c.clientCA != "" {
		pem, err := os.ReadFile(c.clientCA)
		if err != nil {
			return nil, fmt.Errorf("-client-ca: %w", err)
		}
		config.ClientCAs = x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("-client-ca: no certificate in %s", c.clientCA)
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return config, nil
}
