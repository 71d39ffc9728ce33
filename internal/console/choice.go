package console

import (
	"slices"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A choice is what the server chose from a ClientHello, as far as the messages
// of the same trace tell.
type choice struct {
	made  bool // there is a ServerHello
	hello wire.ServerHello
	ext   wire.ServerExtensions
	suite *suite.Suite         // nil for one that is not ours
	group wire.Group           // 0 without key agreement
	sign  wire.SignatureScheme // of the ServerKeyExchange; 0 without
}

// choice looks for what the server chose. A ServerHello that is followed by
// another belongs to an attempt that is over.
func (tr *trace) choice() choice {
	var c choice
	for _, s := range tr.steps {
		if !s.hasBody || !s.sent {
			continue
		}
		switch body := tr.data[s.body:s.bodyEnd]; s.typ {
		case wire.TypeServerHello:
			c = choiceOf(body)
		case wire.TypeServerKeyExchange:
			if m, err := wire.ParseServerKeyExchange(c.form(), body); err == nil {
				c.group, c.sign = m.Group, m.Scheme
			}
		case wire.TypeEncryptedExtensions:
			if m, err := wire.ParseEncryptedExtensions(body); err == nil {
				c.encrypted(m)
			}
		case wire.TypeCertificateVerify:
			if m, err := wire.ParseCertificateVerify(body); err == nil {
				c.sign = m.Scheme
			}
		}
	}
	return c
}

func choiceOf(serverHello []byte) choice {
	hello, err := wire.ParseServerHello(serverHello)
	if err != nil {
		return choice{}
	}
	c := choice{made: true, hello: hello, suite: suite.Lookup(hello.CipherSuite)}
	if c.is13() {
		in := wire.InServerHello13
		if hello.IsHelloRetryRequest() {
			in = wire.InHelloRetryRequest
		}
		c.ext, err = wire.ParseServerExtensions13(in, hello.Extensions)
		c.group = max(c.ext.KeyShare.Group, c.ext.SelectedGroup) // one of them is 0
	} else {
		c.ext, err = wire.ParseServerExtensions(hello.Extensions)
	}
	if err != nil {
		return choice{}
	}
	return c
}

// is13 reports whether the server chose DTLS 1.3.
func (c *choice) is13() bool {
	version, err := c.hello.SelectedVersion()
	return c.made && err == nil && version == wire.VersionDTLS13
}

// encrypted adds what a server of DTLS 1.3 says under the first keys.
func (c *choice) encrypted(m wire.EncryptedExtensions) {
	ext, err := wire.ParseServerExtensions13(wire.InEncryptedExtensions, m.Extensions)
	if err != nil {
		return
	}
	c.ext.ALPN, c.ext.SRTP = ext.ALPN, ext.SRTP
	c.ext.Present = append(c.ext.Present, ext.Present...)
}

// form returns which fields the key exchange messages have.
func (c *choice) form() wire.KeyExchangeForm {
	if c.suite == nil {
		return 0
	}
	return c.suite.KeyExchange.Form()
}

// has reports whether the server confirmed an extension.
func (c *choice) has(id wire.Extension) bool { return slices.Contains(c.ext.Present, id) }
