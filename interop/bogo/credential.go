package main

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/trust"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// credentialFiles are the files of a certificate, in PEM, and how its key is
// to be used.
type credentialFiles struct {
	chain, key string
	raw        bool                   // the key goes without a certificate
	delegated  bool                   // the key is not the certificate's, which vouches for it
	schemes    []wire.SignatureScheme // to sign with, in order of preference; all if empty
}

// load reads the credential. Each signature is noted in the ledger under the
// index.
func (c credentialFiles) load(index int, ledger *ledger) (engine.Credential, error) {
	credential, err := c.read()
	if err != nil {
		return engine.Credential{}, fmt.Errorf("%w: %w", errUnimplemented, err)
	}
	ledger.delegated = ledger.delegated || c.delegated
	return engine.Credential{
		KeyType: credential.KeyType,
		Chain:   credential.Chain,
		Signer:  witness{credential.Signer, index, ledger},
		Schemes: c.schemes,
	}, nil
}

func (c credentialFiles) read() (trust.Credential, error) {
	if c.raw {
		return c.readKey()
	}
	if c.delegated {
		// Among other types it counts as a certificate. It is never shown.
		credential, err := c.readKey()
		credential.KeyType = wire.CertificateTypeX509
		return credential, err
	}
	pair, err := tls.LoadX509KeyPair(c.chain, c.key)
	if err != nil {
		return trust.Credential{}, err
	}
	return trust.NewCredential(&pair)
}

// readKey reads a key that has no certificate.
func (c credentialFiles) readKey() (trust.Credential, error) {
	text, err := os.ReadFile(c.key)
	if err != nil {
		return trust.Credential{}, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return trust.Credential{}, fmt.Errorf("%s holds no key", c.key)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return trust.Credential{}, err
	}
	signer, _ := key.(crypto.Signer)
	return trust.NewRawKey(signer)
}

// loadCredentials reads the credentials in order of preference: the default
// one comes last.
func (s *settings) loadCredentials(ledger *ledger) ([]engine.Credential, error) {
	var list []engine.Credential
	for i, files := range append(s.files[1:len(s.files):len(s.files)], s.files[0]) {
		if files.key == "" {
			continue
		}
		if i == len(s.files)-1 {
			i = defaultCredential
		}
		credential, err := files.load(i, ledger)
		if err != nil {
			return nil, err
		}
		list = append(list, credential)
	}
	return list, nil
}

// A ledger notes whose key was used.
type ledger struct {
	signed    []int
	delegated bool // there is a key that cannot be used
}

// A witness is a key that is seen signing.
type witness struct {
	crypto.Signer
	index  int
	ledger *ledger
}

// Sign implements crypto.Signer.
func (w witness) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	w.ledger.signed = append(w.ledger.signed, w.index)
	return w.Signer.Sign(rand, digest, opts)
}
