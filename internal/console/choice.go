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
		}
	}
	return c
}

func choiceOf(serverHello []byte) choice {
	hello, err := wire.ParseServerHello(serverHello)
	if err != nil {
		return choice{}
	}
	ext, err := wire.ParseServerExtensions(hello.Extensions)
	if err != nil {
		return choice{}
	}
	return choice{made: true, hello: hello, ext: ext, suite: suite.Lookup(hello.CipherSuite)}
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
