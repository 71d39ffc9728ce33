package wire

import (
	"bytes"
	"errors"
	"testing"
)

// A sample13 is the body of a valid message of DTLS 1.3 that DTLS 1.2 has not, or has in another form.
type sample13 struct {
	name     string
	reencode func(body []byte) ([]byte, error)
	body     string // hex
}

var samples13 = []sample13{
	{"encrypted extensions", reencode(ParseEncryptedExtensions), "0009 0010 0005 0003 02 6869"},
	{"no encrypted extensions", reencode(ParseEncryptedExtensions), "0000"},
	{"certificate", reencode(ParseCertificate13), "02a1a2 000013 000003d1d2d3 0004 fafa0000 000002e1e2 0000"},
	{"certificate of a client that has none", reencode(ParseCertificate13), "00 000000"},
	{"certificate request", reencode(ParseCertificateRequest13), "01a1 0008 000d 0004 0002 0403"},
	{"new session ticket", reencode(ParseNewSessionTicket13), "00001c20 a1a2a3a4 02b1b2 0003c1c2c3 0004 fafa0000"},
	{"new session ticket without nonce", reencode(ParseNewSessionTicket13), "00000000 00000000 00 0001c1 0000"},
	{"key update", reencode(ParseKeyUpdate), "00"},
	{"key update with a request", reencode(ParseKeyUpdate), "01"},
	{"request connection ID", reencode(ParseRequestConnectionID), "03"},
	{"new connection ID", reencode(ParseNewConnectionID), "0006 02c1c2 02c3c4 01"},
	{"new connection ID at once", reencode(ParseNewConnectionID), "0003 02c1c2 00"},
	{"new connection ID without one", reencode(ParseNewConnectionID), "0000 01"},
	{"finished", reencodeFinished13, sampleRandom},
}

func reencodeFinished13(body []byte) ([]byte, error) {
	m, err := ParseFinished13(body, 32)
	return m.AppendTo(nil), err
}

func TestMessages13SurviveRoundTrip(t *testing.T) {
	for _, s := range samples13 {
		t.Run(s.name, func(t *testing.T) {
			body := unhex(t, s.body)
			again, err := s.reencode(body)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(again, body) {
				t.Errorf("written again:\n got %x\nfrom %x", again, body)
			}
		})
	}
}

func TestMessages13ParseOnlyWhenWhole(t *testing.T) {
	for _, s := range samples13 {
		t.Run(s.name, func(t *testing.T) {
			body := unhex(t, s.body)
			for n := range body {
				if _, err := s.reencode(body[:n]); !errors.Is(err, ErrMalformed) {
					t.Errorf("first %d of %d bytes: error %v", n, len(body), err)
				}
			}
			if _, err := s.reencode(append(body, 0)); !errors.Is(err, ErrMalformed) {
				t.Errorf("with a byte more: error %v", err)
			}
		})
	}
}

func TestMalformedMessages13AreNamed(t *testing.T) {
	tests := []struct {
		reencode func(body []byte) ([]byte, error)
		body     string
		want     string
	}{
		{reencode(ParseEncryptedExtensions), "0001", "malformed encrypted_extensions: extensions"},
		{reencode(ParseCertificate13), "02a1", "malformed certificate: certificate_request_context"},
		{reencode(ParseCertificate13), "00 000001", "malformed certificate: certificate_list"},
		{reencode(ParseCertificate13), "00 000005 000000 0000", "malformed certificate: cert_data"},
		{reencode(ParseCertificate13), "00 000005 000001 a1 00", "malformed certificate: extensions"},
		{reencode(ParseCertificateRequest13), "01", "malformed certificate_request: certificate_request_context"},
		{reencode(ParseCertificateRequest13), "00 0000", "malformed certificate_request: extensions"},
		{reencode(ParseNewSessionTicket13), "000000", "malformed new_session_ticket: ticket_lifetime"},
		{reencode(ParseNewSessionTicket13), "00000000 0000", "malformed new_session_ticket: ticket_age_add"},
		{reencode(ParseNewSessionTicket13), "00000000 00000000 01", "malformed new_session_ticket: ticket_nonce"},
		{reencode(ParseNewSessionTicket13), "00000000 00000000 00 0000 0000", "malformed new_session_ticket: ticket"},
		{reencode(ParseNewSessionTicket13), "00000000 00000000 00 0001c1", "malformed new_session_ticket: extensions"},
		{reencode(ParseKeyUpdate), "0000", "malformed key_update: length"},
		{reencode(ParseKeyUpdate), "02", "illegal value in key_update: request_update"},
		{reencode(ParseRequestConnectionID), "", "malformed request_connection_id: num_cids"},
		{reencode(ParseNewConnectionID), "0001", "malformed new_connection_id: cids"},
		{reencode(ParseNewConnectionID), "0002 02c1 00", "malformed new_connection_id: cids"},
		{reencode(ParseNewConnectionID), "0002 01c1", "malformed new_connection_id: usage"},
		{reencode(ParseNewConnectionID), "0002 01c1 02", "illegal value in new_connection_id: usage"},
		{reencodeFinished13, "000102030405060708090a0b", "malformed finished: verify_data"},
	}
	for _, test := range tests {
		_, err := test.reencode(unhex(t, test.body))
		checkError(t, test.body, err, test.want)
	}
}

func TestMessages13WithOverlongFieldsAreNil(t *testing.T) {
	b256, b64k := make([]byte, 1<<8), make([]byte, 1<<16)
	tests := []struct {
		name string
		got  []byte
	}{
		{"encrypted extensions", EncryptedExtensions{b64k}.AppendTo(nil)},
		{"context of a certificate", Certificate13{Context: b256}.AppendTo(nil)},
		{"certificate", Certificate13{Entries: []CertificateEntry{{Data: make([]byte, 1<<24)}}}.AppendTo(nil)},
		{"extensions of a certificate", Certificate13{Entries: []CertificateEntry{{Extensions: b64k}}}.AppendTo(nil)},
		{"OCSP response", CertificateExtensions{OCSPResponse: b64k}.AppendTo(nil)},
		{"context of a request", CertificateRequest13{Context: b256}.AppendTo(nil)},
		{"extensions of a request", CertificateRequest13{Extensions: b64k}.AppendTo(nil)},
		{"authority", CertificateRequestExtensions{CertificateAuthorities: [][]byte{b64k}}.AppendTo(nil)},
		{"nonce", NewSessionTicket13{Nonce: b256}.AppendTo(nil)},
		{"ticket", NewSessionTicket13{Ticket: b64k}.AppendTo(nil)},
		{"extensions of a ticket", NewSessionTicket13{Extensions: b64k}.AppendTo(nil)},
		{"connection IDs", NewConnectionID{CIDs: b64k}.AppendTo(nil)},
		{"key shares", ClientExtensions{HasKeyShare: true, KeyShares: b64k, RRC: true}.AppendTo(nil)},
		{"identities", ClientExtensions{PreSharedKey: OfferedPSKs{Identities: b64k}}.AppendTo(nil)},
		{"key share", ServerExtensions{KeyShare: KeyShare{GroupP256, b64k}, EarlyData: true}.AppendTo(nil)},
	}
	for _, test := range tests {
		if test.got != nil {
			t.Errorf("%s: %d bytes", test.name, len(test.got))
		}
	}
}

// fuzzBytes checks that whatever parses is written again byte for byte.
func fuzzBytes(f *testing.F, reencode func(body []byte) ([]byte, error)) {
	f.Fuzz(func(t *testing.T, body []byte) {
		again, err := reencode(body)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%v is not ErrMalformed", err)
			}
			return
		}
		if !bytes.Equal(again, body) {
			t.Errorf("written again:\n got %x\nfrom %x", again, body)
		}
	})
}

// fuzzMessage13 is fuzzBytes with the samples as seeds. Those of other messages do no harm.
func fuzzMessage13(f *testing.F, reencode func(body []byte) ([]byte, error)) {
	for _, s := range samples13 {
		f.Add(unhex(f, s.body))
	}
	for _, m := range rfc8448Messages {
		f.Add(unhex(f, m.body))
	}
	fuzzBytes(f, reencode)
}
