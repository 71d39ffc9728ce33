package dtls

import (
	"crypto/tls"
	"net"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// clientHelloInfo describes a hello to functions that were made for
// crypto/tls.
func clientHelloInfo(hello *engine.HelloInfo, sess *Session) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{
		CipherSuites:      convert[uint16](hello.CipherSuites),
		ServerName:        hello.ServerName,
		SupportedCurves:   convert[tls.CurveID](hello.Groups),
		SignatureSchemes:  convert[tls.SignatureScheme](hello.SignatureSchemes),
		SupportedPoints:   []uint8{wire.PointFormatUncompressed},
		SupportedProtos:   hello.ALPN,
		SupportedVersions: tlsVersions(hello.SupportedVersions),
		Conn:              helloConn{sess},
	}
}

// parseClientHello describes the body of a ClientHello.
func parseClientHello(body []byte, sess *Session) (*tls.ClientHelloInfo, error) {
	hello, err := wire.ParseClientHello(body)
	if err != nil {
		return nil, err
	}
	parse := wire.ParseClientExtensions
	if slices.Contains(sess.shard.host.profile.engine.Versions, wire.VersionDTLS13) {
		parse = wire.ParseClientExtensions13
	}
	ext, err := parse(hello.Extensions)
	if err != nil {
		return nil, err
	}
	info := &engine.HelloInfo{
		ServerName:        ext.ServerName,
		CipherSuites:      convert[wire.CipherSuite](slices.Collect(hello.CipherSuites.All())),
		Groups:            convert[wire.Group](slices.Collect(ext.SupportedGroups.All())),
		SignatureSchemes:  convert[wire.SignatureScheme](slices.Collect(ext.SignatureAlgorithms.All())),
		SupportedVersions: convert[wire.Version](slices.Collect(ext.SupportedVersions.All())),
	}
	for _, name := range ext.ALPN {
		info.ALPN = append(info.ALPN, string(name))
	}
	return clientHelloInfo(info, sess), nil
}

func convert[To, From ~uint16](list []From) []To {
	out := make([]To, len(list))
	for i, v := range list {
		out[i] = To(v)
	}
	return out
}

// tlsVersions returns the versions of TLS that those of DTLS are made from, the
// client's preferred one first. A hello that lists none is one of DTLS 1.2.
func tlsVersions(versions []wire.Version) []uint16 {
	if len(versions) == 0 {
		return []uint16{tls.VersionTLS12}
	}
	list := []uint16{}
	for _, v := range versions {
		switch v {
		case wire.VersionDTLS13:
			list = append(list, tls.VersionTLS13)
		case wire.VersionDTLS12:
			list = append(list, tls.VersionTLS12)
		}
	}
	return list
}

// wantsCertificate reports whether a client offers a suite in which the server
// has a certificate, and takes one. In DTLS 1.3 that is any suite, for a client
// that says which signatures it can verify.
func wantsCertificate(hello *engine.HelloInfo) bool {
	if types := hello.CertificateTypes; types != nil && !slices.Contains(types, wire.CertificateTypeX509) {
		return false
	}
	return slices.ContainsFunc(hello.CipherSuites, func(id wire.CipherSuite) bool {
		if suite.Lookup13(id) != nil {
			return len(hello.SignatureSchemes) > 0
		}
		s := suite.Lookup(id)
		return s != nil && s.KeyExchange.UsesCertificate()
	})
}

func certificateRequestInfo(r *engine.CertificateRequestInfo) *tls.CertificateRequestInfo {
	return &tls.CertificateRequestInfo{
		AcceptableCAs:    r.Authorities,
		SignatureSchemes: convert[tls.SignatureScheme](r.SignatureSchemes),
		Version:          tlsVersions([]wire.Version{r.Version()})[0],
	}
}

// A helloConn tells the addresses of a handshake. Nothing can be read from it
// or written to it.
type helloConn struct{ sess *Session }

func (c helloConn) LocalAddr() net.Addr              { return c.sess.localNetAddr() }
func (c helloConn) RemoteAddr() net.Addr             { return net.UDPAddrFromAddrPort(c.sess.peer()) }
func (c helloConn) Read([]byte) (int, error)         { return 0, net.ErrClosed }
func (c helloConn) Write([]byte) (int, error)        { return 0, net.ErrClosed }
func (c helloConn) Close() error                     { return nil }
func (c helloConn) SetDeadline(time.Time) error      { return net.ErrClosed }
func (c helloConn) SetReadDeadline(time.Time) error  { return net.ErrClosed }
func (c helloConn) SetWriteDeadline(time.Time) error { return net.ErrClosed }
