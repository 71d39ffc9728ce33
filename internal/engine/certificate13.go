package engine

import (
	"crypto"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// Certificates of DTLS 1.3, which both sides send and check in the same way.

// certificate13 returns the message with the chain, which may be empty.
func (c Credential) certificate13() wire.Certificate13 {
	var m wire.Certificate13
	for _, certificate := range c.Chain {
		m.Entries = append(m.Entries, wire.CertificateEntry{Data: certificate})
	}
	return m
}

// prove signs the transcript with the key of a certificate that was sent, and
// goes on.
//
// RFC 8446, Section 4.4.3.
func (h *handshake) prove(c Credential, scheme wire.SignatureScheme, then func(now time.Time) (state, error)) (state, error) {
	isClient, sum := h.a.side == Client, slices.Clone(h.transcript.sum())
	sign := func() ([]byte, error) { return suite.Sign13(c.Signer, scheme, isClient, sum) }
	return compute(h, sign, func(now time.Time, signature []byte) (state, error) {
		h.send(wire.TypeCertificateVerify, wire.CertificateVerify{Scheme: scheme, Signature: signature}.AppendTo(nil))
		return then(now)
	})
}

// peerCertificate reads a certificate message of the handshake.
func (h *handshake) peerCertificate(m message) (wire.Certificate13, error) {
	certificate, err := wire.ParseCertificate13(m.body)
	if err != nil {
		return certificate, err
	}
	if len(certificate.Context) > 0 {
		// RFC 8446, Section 4.4.2: it is empty but after the handshake.
		return certificate, refuse(wire.AlertIllegalParameter, "%v has a context", m.typ)
	}
	if h.peerKeyType == wire.CertificateTypeRawPublicKey && len(certificate.Entries) > 1 {
		// RFC 8446, Section 4.4.2.
		return certificate, refuse(wire.AlertIllegalParameter, "%v has %d raw public keys", m.typ, len(certificate.Entries))
	}
	for _, entry := range certificate.Entries {
		e, err := wire.ParseCertificateExtensions(entry.Extensions)
		if err != nil {
			return certificate, err
		}
		// We ask for none.
		if len(e.Present) > 0 {
			return certificate, misplaced(e.Present[0], "certificate", wire.InCertificate)
		}
	}
	return certificate, nil
}

// misplaced refuses an extension that we did not ask for, or that has no place
// in the message.
//
// RFC 8446, Section 4.2.
func misplaced(e wire.Extension, message string, in wire.MessageSet) error {
	if e.Known() && !e.In(in) {
		return refuse(wire.AlertIllegalParameter, "%v has no place in %s", e, message)
	}
	return refuse(wire.AlertUnsupportedExtension, "%s has extension %v, which was not offered", message, e)
}

// verifyEntries asks whether the peer's chain is to be trusted, and keeps its key.
func (h *handshake) verifyEntries(certificate wire.Certificate13, keep func(key crypto.PublicKey)) (state, error) {
	var chain [][]byte
	for _, entry := range certificate.Entries {
		chain = append(chain, entry.Data)
	}
	return h.verifyChain(chain, func(key crypto.PublicKey) (state, error) {
		keep(key)
		return awaitCertificateVerify, nil
	})
}

// checkCertificateVerify has the peer's signature checked.
func (h *handshake) checkCertificateVerify(m message, key crypto.PublicKey) (state, error) {
	verify, err := wire.ParseCertificateVerify(m.body)
	if err != nil {
		return h.state, err
	}
	if !slices.Contains(schemes13(h.a.cfg.Policy.Schemes), verify.Scheme) {
		return h.state, refuse(wire.AlertIllegalParameter, "%v signs with %v, which was not offered", h.a.side.Peer(), verify.Scheme)
	}
	isClient, sum := h.a.side == Server, slices.Clone(h.transcript.sum())
	check := func() (struct{}, error) {
		return struct{}{}, suite.Verify13(key, verify.Scheme, isClient, sum, verify.Signature)
	}
	return compute(h, check, func(time.Time, struct{}) (state, error) {
		h.record(m)
		return awaitFinished, nil
	})
}
