package wire

import (
	"bytes"
	"testing"
)

func TestParseCertificateRequestFillsEveryField(t *testing.T) {
	m, err := ParseCertificateRequest(unhex(t, "020140 0004 04030804 0009 0003414243 00024445"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.Types, []byte{ClientCertificateRSA, ClientCertificateECDSA}) {
		t.Errorf("types %x", m.Types)
	}
	if m.Schemes.Len() != 2 || SignatureScheme(m.Schemes.At(1)) != PSSWithSHA256 {
		t.Errorf("schemes %x", m.Schemes)
	}
	if len(m.Authorities) != 2 || string(m.Authorities[0]) != "ABC" || string(m.Authorities[1]) != "DE" {
		t.Errorf("authorities %q", m.Authorities)
	}
}

func FuzzCertificateRequest(f *testing.F) { fuzzMessage(f, TypeCertificateRequest) }
