package engine

import (
	"crypto"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// Types of certificates (RFC 7250), and what does not depend on the type.

// offerCertificateTypes offers the types that we take of the server's
// certificates, and those of our own.
func (c *clientStart) offerCertificateTypes(e *wire.ClientExtensions) {
	cfg := c.a.cfg
	e.ServerCertificateTypes = worthNaming(cfg.Policy.ServerCertificateTypes)
	ours := cfg.Policy.ClientCertificateTypes
	if ours == nil && !cfg.SelectCredentials {
		for _, credential := range cfg.Credentials {
			if !slices.Contains(ours, credential.KeyType) {
				ours = append(ours, credential.KeyType)
			}
		}
	}
	e.ClientCertificateTypes = worthNaming(ours)
}

// worthNaming returns nothing for a list of X.509 alone.
//
// RFC 7250, Section 4.1: a client with no other type to offer "MUST omit" the
// extension.
func worthNaming(types []uint8) []uint8 {
	if slices.ContainsFunc(types, func(t uint8) bool { return t != wire.CertificateTypeX509 }) {
		return types
	}
	return nil
}

// takeCertificateTypes takes the server's choice among the types that we
// offered. A server that does not mention types has X.509, and asks for it.
//
// RFC 7250, Section 4.2.
func (c *clientStart) takeCertificateTypes(ext *wire.ServerExtensions) error {
	c.ownKeyType, c.peerKeyType = ext.ClientCertificateType, ext.ServerCertificateType
	theirs, ours := c.offered.ServerCertificateTypes, c.offered.ClientCertificateTypes
	switch {
	case ext.HasClientCertificateType && !slices.Contains(ours, c.ownKeyType):
		return refuse(wire.AlertIllegalParameter, "server asks for a certificate of type %s, which was not offered", suite.CertificateTypeName(c.ownKeyType))
	case ext.HasServerCertificateType && !slices.Contains(theirs, c.peerKeyType):
		return refuse(wire.AlertIllegalParameter, "server has a certificate of type %s, which was not offered", suite.CertificateTypeName(c.peerKeyType))
	case theirs != nil && !slices.Contains(theirs, c.peerKeyType):
		return refuse(wire.AlertUnsupportedCertificate, "server has certificates of type %s, which the client does not accept", suite.CertificateTypeName(c.peerKeyType))
	}
	return nil
}

// takes reports whether we take certificates of the type that is in a session, if
// there is one.
func (h *handshake) takes(session *SessionState) bool {
	types := h.a.cfg.Policy.ServerCertificateTypes
	if h.a.side == Server {
		types = h.a.cfg.Policy.ClientCertificateTypes
	}
	if len(types) == 0 {
		types = []uint8{wire.CertificateTypeX509}
	}
	return len(session.PeerChain) == 0 || slices.Contains(types, session.PeerKeyType)
}

// answerCertificateTypes tells a client that mentioned types which ones follow.
func (s *serverStart) answerCertificateTypes(e *wire.ServerExtensions, requests bool) {
	if s.ext.ServerCertificateTypes != nil {
		e.HasServerCertificateType, e.ServerCertificateType = true, s.ownKeyType
	}
	if requests && s.ext.ClientCertificateTypes != nil && len(s.a.cfg.Policy.ClientCertificateTypes) > 0 {
		e.HasClientCertificateType, e.ClientCertificateType = true, s.peerKeyType
	}
}

// certificate12 returns the body of a message with the chain, which may be empty.
//
// RFC 7250, Section 3.
func (h *handshake) certificate12(c Credential) []byte {
	if h.ownKeyType != wire.CertificateTypeRawPublicKey {
		return wire.Certificate{Chain: c.Chain}.AppendTo(nil)
	}
	var m wire.RawPublicKey
	if len(c.Chain) > 0 {
		m.SPKI = c.Chain[0]
	}
	return m.AppendTo(nil)
}

// peerChain12 returns the chain in a message of the peer, which may be empty.
func (h *handshake) peerChain12(m message) ([][]byte, error) {
	if h.peerKeyType != wire.CertificateTypeRawPublicKey {
		certificate, err := wire.ParseCertificate(m.body)
		return certificate.Chain, err
	}
	key, err := wire.ParseRawPublicKey(m.body)
	if err != nil || len(key.SPKI) == 0 {
		return nil, err
	}
	return [][]byte{key.SPKI}, nil
}

// verifyChain asks whether the peer's chain is to be trusted, and goes on with
// its key.
func (h *handshake) verifyChain(chain [][]byte, then func(key crypto.PublicKey) (state, error)) (state, error) {
	e := Event{Kind: EventVerify, Chain: chain, KeyType: h.peerKeyType}
	return ask(h, e, func(_ time.Time, r Verified) (state, error) {
		if err := r.refusal(); err != nil {
			return h.state, err
		}
		h.result.PeerChain, h.result.PeerKeyType = chain, h.peerKeyType
		return then(r.PublicKey)
	})
}
