package console

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"strings"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func (f *fields) certificate(body []byte) error {
	m, err := wire.ParseCertificate(body)
	if err != nil {
		return err
	}
	if len(m.Chain) == 0 {
		f.add("certificates", "none")
	}
	for i, der := range m.Chain {
		f.add(fmt.Sprintf("certificate %d", i+1), certificateTexts(der)...)
	}
	return nil
}

// certificateTexts says whose a certificate is, from whom, until when, and of
// which kind.
func certificateTexts(der []byte) []string {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return []string{sizeText(len(der)), "malformed: " + err.Error()}
	}
	list := []string{"subject: " + c.Subject.String(), "issuer: " + c.Issuer.String()}
	if names := alternativeNames(c); names != "" {
		list = append(list, "names: "+names)
	}
	return append(list,
		"valid: "+c.NotBefore.UTC().Format(time.RFC3339)+" to "+c.NotAfter.UTC().Format(time.RFC3339),
		"key: "+keyName(c),
		"signature: "+c.SignatureAlgorithm.String())
}

// alternativeNames lists the names of a certificate besides its subject.
func alternativeNames(c *x509.Certificate) string {
	list := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		list = append(list, ip.String())
	}
	list = append(list, c.EmailAddresses...)
	for _, uri := range c.URIs {
		list = append(list, uri.String())
	}
	return strings.Join(list, ", ")
}

func keyName(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA, %d bits", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA, " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	default:
		return c.PublicKeyAlgorithm.String()
	}
}

func (f *fields) certificateRequest(body []byte) error {
	m, err := wire.ParseCertificateRequest(body)
	if err != nil {
		return err
	}
	f.add("certificate types", clientCertificateTypes(m.Types)...)
	f.add("signature schemes", names(m.Schemes, wire.SignatureScheme.String)...)
	f.authorities(m.Authorities)
	return nil
}

// authorities shows whose certificates are asked for.
func (f *fields) authorities(names [][]byte) {
	authorities := make([]string, len(names))
	for i, der := range names {
		authorities[i] = distinguishedName(der)
	}
	if len(authorities) == 0 {
		authorities = []string{"any"}
	}
	f.add("authorities", authorities...)
}

// clientCertificateTypes names the types of RFC 5246, Section 7.4.4 and
// RFC 8422, Section 5.5.
func clientCertificateTypes(types []byte) []string {
	texts := make([]string, len(types))
	for i, t := range types {
		switch t {
		case wire.ClientCertificateRSA:
			texts[i] = "rsa_sign"
		case wire.ClientCertificateECDSA:
			texts[i] = "ecdsa_sign"
		default:
			texts[i] = fmt.Sprintf("type %d", t)
		}
	}
	return texts
}

func distinguishedName(der []byte) string {
	var name pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &name); err != nil || len(rest) > 0 {
		return "malformed name of " + sizeText(len(der))
	}
	return name.String()
}

func (f *fields) certificateVerify(body []byte) error {
	m, err := wire.ParseCertificateVerify(body)
	if err != nil {
		return err
	}
	f.add("signature scheme", m.Scheme.String())
	f.size("signature", len(m.Signature))
	return nil
}
