package console

import (
	"encoding/hex"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

func (f *fields) clientHello(body []byte, chosen *choice) error {
	m, err := wire.ParseClientHello(body)
	if err != nil {
		return err
	}
	f.add("client version", m.Version.String())
	f.add("random", hex.EncodeToString(m.Random[:]))
	f.size("session id", len(m.SessionID))
	f.size("cookie", len(m.Cookie))
	f.add("cipher suites", names(m.CipherSuites, suite.Name)...)
	f.accept(chosen.made, suite.Name(chosen.hello.CipherSuite))
	f.compression(m.CompressionMethods...)
	return f.extensions(m.Extensions, func(id wire.Extension, one []byte) error { return f.clientExtension(id, one, chosen) })
}

func (f *fields) helloVerifyRequest(body []byte) error {
	m, err := wire.ParseHelloVerifyRequest(body)
	if err != nil {
		return err
	}
	f.add("server version", m.Version.String())
	f.size("cookie", len(m.Cookie))
	return nil
}

func (f *fields) serverHello(body []byte) error {
	m, err := wire.ParseServerHello(body)
	if err != nil {
		return err
	}
	f.add("server version", m.Version.String())
	in := wire.InServerHello13
	if m.IsHelloRetryRequest() {
		in = wire.InHelloRetryRequest
		f.add("random", "that of a HelloRetryRequest: the client has to say hello once more")
	} else {
		f.add("random", hex.EncodeToString(m.Random[:]))
	}
	f.size("session id", len(m.SessionID))
	f.add("cipher suite", suite.Name(m.CipherSuite))
	f.compression(m.CompressionMethod)
	if v, err := m.SelectedVersion(); err != nil || v != wire.VersionDTLS13 {
		in = 0
	}
	return f.extensions(m.Extensions, func(id wire.Extension, one []byte) error { return f.serverExtension(id, one, in) })
}

func (f *fields) compression(methods ...byte) {
	f.add("compression", numbered(methods, "method", "null", "deflate")...)
}

// extensions has each extension in raw, headers included, shown on its own, so
// that one that is malformed does not hide the others.
func (f *fields) extensions(raw []byte, show func(id wire.Extension, one []byte) error) error {
	for rest := cryptobyte.String(raw); !rest.Empty(); {
		before := rest
		var id uint16
		var content cryptobyte.String
		if !rest.ReadUint16(&id) || !rest.ReadUint16LengthPrefixed(&content) {
			return wire.ParseError{Message: "extensions", Field: "length"}
		}
		one := before[:len(before)-len(rest)]
		if err := show(wire.Extension(id), one); err != nil {
			f.add(wire.Extension(id).String(), err.Error())
		}
	}
	return nil
}

// opaque shows an extension by its number and length.
func (f *fields) opaque(id wire.Extension, one []byte) {
	f.size(extensionName(id), len(one)-4)
}

// extensionName names an extension, even if this program does not know more of
// it than the name.
func extensionName(id wire.Extension) string {
	if name := id.String(); id.Known() {
		return name
	}
	return fmt.Sprintf("extension %d", uint16(id))
}
