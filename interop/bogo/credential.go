package main

import (
	"crypto"
	"crypto/tls"
	"fmt"
	"io"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/trust"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// credentialFiles are the files of a certificate, in PEM, and how its key is
// to be used.
type credentialFiles struct {
	chain, key string
	schemes    []wire.SignatureScheme // to sign with, in order of preference; all if empty
}

// load reads the credential. Each signature is noted in the ledger under the
// index.
func (c credentialFiles) load(index int, ledger *ledger) (engine.Credential, error) {
	pair, err := tls.LoadX509KeyPair(c.chain, c.key)
	if err != nil {
		return engine.Credential{}, fmt.Errorf("%w: %w", errUnimplemented, err)
	}
	credential, err := trust.NewCredential(&pair)
	if err != nil {
		return engine.Credential{}, fmt.Errorf("%w: %w", errUnimplemented, err)
	}
	return engine.Credential{
		Chain:   credential.Chain,
		Signer:  witness{credential.Signer, index, ledger},
		Schemes: c.schemes,
	}, nil
}

// loadCredentials reads the credentials in order of preference: the default
// one comes last.
func (s *settings) loadCredentials(ledger *ledger) ([]engine.Credential, error) {
	var list []engine.Credential
	for i, files := range append(s.files[1:len(s.files):len(s.files)], s.files[0]) {
		if files.chain == "" {
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
type ledger struct{ signed []int }

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
