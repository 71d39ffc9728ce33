package dtls

import (
	"context"
	"crypto/tls"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/trust"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// selectCredentials finds our certificates for a handshake.
func (s *shard) selectCredentials(sess *Session, token engine.Token, e *engine.Event) {
	p := sess.hs.profile
	name, get := p.certificateSource(sess, e)
	if get == nil {
		s.answer(sess, token, engine.Credentials{List: engineCredentials(p.credentialsFor(name))})
		return
	}
	find := func(context.Context) engine.Credentials { return p.fetchCredentials(name, get) }
	lookUp(s, sess, token, find, func(c engine.Credentials) engine.Result {
		if c.Err != nil {
			s.logLookup(sess, "the look-up of a certificate", c.Err)
		}
		return c
	})
}

// certificateSource returns the name that a client asks for, if it is a client
// that asks, and the user's function that has to be asked, if there is one.
func (p *profile) certificateSource(sess *Session, e *engine.Event) (name string, get func() (*tls.Certificate, error)) {
	if e.Request != nil && e.Request.KeyType == wire.CertificateTypeRawPublicKey {
		return "", nil
	}
	if e.Request != nil {
		info := certificateRequestInfo(e.Request)
		return "", func() (*tls.Certificate, error) { return p.config.GetClientCertificate(info) }
	}
	if p.config.GetCertificate == nil || !wantsCertificate(e.Hello) {
		return e.Hello.ServerName, nil
	}
	info := clientHelloInfo(e.Hello, sess)
	return e.Hello.ServerName, func() (*tls.Certificate, error) { return p.config.GetCertificate(info) }
}

// fetchCredentials asks the user's function for a certificate, and falls back
// on those of the configuration if it has none.
func (p *profile) fetchCredentials(name string, get func() (*tls.Certificate, error)) engine.Credentials {
	cert, err := get()
	switch {
	case err != nil:
		return engine.Credentials{Err: err}
	case cert == nil:
		return engine.Credentials{List: engineCredentials(p.credentialsFor(name))}
	case len(cert.Certificate) == 0:
		return engine.Credentials{List: engineCredentials(p.rawCredentials())}
	}
	credential, err := trust.NewCredential(cert)
	if err != nil {
		return engine.Credentials{Err: err}
	}
	return engine.Credentials{List: engineCredentials(append([]trust.Credential{credential}, p.rawCredentials()...))}
}

// credentialsFor returns the certificates of the configuration, those first
// that are for the name the client asks for.
func (p *profile) credentialsFor(name string) []trust.Credential {
	if name == "" || len(p.credentials) < 2 {
		return p.credentials
	}
	var fitting, others []trust.Credential
	for _, c := range p.credentials {
		if c.IsFor(name) {
			fitting = append(fitting, c)
		} else {
			others = append(others, c)
		}
	}
	return append(fitting, others...)
}
