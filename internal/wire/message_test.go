package wire

import (
	"bytes"
	"errors"
	"testing"
)

// A sample is the body of a valid message. Its bytes are small and distinct, so that a mistake shows.
type sample struct {
	name      string
	handshake HandshakeType
	form      KeyExchangeForm
	body      string // hex
	complete  int    // a strict prefix of that many bytes is valid as well; 0 when none is
}

const sampleRandom = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

var samples = []sample{
	{"client hello", TypeClientHello, 0,
		"fefd" + sampleRandom + "02a1a2 03c1c2c3 0004c02bc0ae 0100 0009 00170000 ff01000100", 49},
	{"client hello without extensions", TypeClientHello, 0, "fefd" + sampleRandom + "00 00 000200a8 020100", 0},
	{"client hello with empty extensions", TypeClientHello, 0, "fefd" + sampleRandom + "00 00 000200a8 0100 0000", 42},
	{"hello verify request", TypeHelloVerifyRequest, 0, "feff 04c1c2c3c4", 0},
	{"server hello", TypeServerHello, 0, "fefd" + sampleRandom + "03a1a2a3 c02b 00 0004 00170000", 41},
	{"server hello without extensions", TypeServerHello, 0, "fefd" + sampleRandom + "00 00a8 00", 0},
	{"certificate", TypeCertificate, 0, "00000b 000003d1d2d3 000002e1e2", 0},
	{"certificate of a client that has none", TypeCertificate, 0, "000000", 0},
	{"PSK server key exchange", TypeServerKeyExchange, FormPSK, "0004 68696e74", 0},
	{"ECDHE_PSK server key exchange", TypeServerKeyExchange, FormPSK | FormECDHE, "0000 03 001d 03b1b2b3", 0},
	{"ECDHE server key exchange", TypeServerKeyExchange, FormECDHE | FormSigned, "03 0017 02b1b2 0403 0003f1f2f3", 0},
	{"certificate request", TypeCertificateRequest, 0, "020140 0004 04030804 0009 0003414243 00024445", 0},
	{"certificate request for any authority", TypeCertificateRequest, 0, "0140 0002 0403 0000", 0},
	{"PSK client key exchange", TypeClientKeyExchange, FormPSK, "0002 6d65", 0},
	{"ECDHE_PSK client key exchange", TypeClientKeyExchange, FormPSK | FormECDHE, "0000 03b1b2b3", 0},
	{"ECDHE client key exchange", TypeClientKeyExchange, FormECDHE | FormSigned, "03b1b2b3", 0},
	{"certificate verify", TypeCertificateVerify, 0, "0807 0004f1f2f3f4", 0},
	{"finished", TypeFinished, 0, "000102030405060708090a0b", 0},
	{"new session ticket", TypeNewSessionTicket, 0, "00001c20 0003a1a2a3", 0},
	{"new session ticket without one", TypeNewSessionTicket, 0, "00000000 0000", 0},
}

// reencoder returns a function that parses a body of that type and form and writes it again.
func reencoder(t HandshakeType, form KeyExchangeForm) func(body []byte) ([]byte, error) {
	switch t {
	case TypeClientHello:
		return reencode(ParseClientHello)
	case TypeHelloVerifyRequest:
		return reencode(ParseHelloVerifyRequest)
	case TypeServerHello:
		return reencode(ParseServerHello)
	case TypeCertificate:
		return reencode(ParseCertificate)
	case TypeServerKeyExchange:
		return func(body []byte) ([]byte, error) {
			m, err := ParseServerKeyExchange(form, body)
			return m.AppendTo(form, nil), err
		}
	case TypeCertificateRequest:
		return reencode(ParseCertificateRequest)
	case TypeServerHelloDone:
		return func(body []byte) ([]byte, error) { return nil, nil }
	case TypeClientKeyExchange:
		return func(body []byte) ([]byte, error) {
			m, err := ParseClientKeyExchange(form, body)
			return m.AppendTo(form, nil), err
		}
	case TypeCertificateVerify:
		return reencode(ParseCertificateVerify)
	case TypeFinished:
		return reencode(ParseFinished)
	case TypeNewSessionTicket:
		return reencode(ParseNewSessionTicket)
	}
	return nil
}

func reencode[T interface{ AppendTo(b []byte) []byte }](parse func([]byte) (T, error)) func([]byte) ([]byte, error) {
	return func(body []byte) ([]byte, error) {
		m, err := parse(body)
		return m.AppendTo(nil), err
	}
}

func TestMessagesSurviveRoundTrip(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			body := unhex(t, s.body)
			again, err := reencoder(s.handshake, s.form)(body)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(again, body) {
				t.Errorf("written again:\n got %x\nfrom %x", again, body)
			}
		})
	}
}

func TestMessagesDoNotParseWhenCutOff(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			body := unhex(t, s.body)
			for n := range body {
				_, err := reencoder(s.handshake, s.form)(body[:n])
				if valid := s.complete > 0 && n == s.complete; valid != (err == nil) {
					t.Errorf("first %d of %d bytes: error %v", n, len(body), err)
				}
				if err != nil && !errors.Is(err, ErrMalformed) {
					t.Errorf("first %d of %d bytes: %v is not ErrMalformed", n, len(body), err)
				}
			}
		})
	}
}

func TestMessagesDoNotParseWithTrailingBytes(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			body := append(unhex(t, s.body), 0)
			if _, err := reencoder(s.handshake, s.form)(body); !errors.Is(err, ErrMalformed) {
				t.Errorf("with a byte more: error %v", err)
			}
		})
	}
}

func TestMessagesAppendBehindWhatIsThere(t *testing.T) {
	m := NewSessionTicket{Lifetime: 1, Ticket: []byte{2}}
	got := m.AppendTo([]byte{0xee})
	if want := unhex(t, "ee 00000001 0001 02"); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestErrorsNameMessageAndField(t *testing.T) {
	random := sampleRandom
	tests := []struct {
		handshake HandshakeType
		form      KeyExchangeForm
		body      string
		want      string
	}{
		{TypeClientHello, 0, "fe", "malformed client_hello: client_version"},
		{TypeClientHello, 0, "fefd 00", "malformed client_hello: random"},
		{TypeClientHello, 0, "fefd" + random + "21" + random + "aa 00 0002c02b 0100", "malformed client_hello: session_id"},
		{TypeClientHello, 0, "fefd" + random + "00 01", "malformed client_hello: cookie"},
		{TypeClientHello, 0, "fefd" + random + "00 00 0000 0100", "malformed client_hello: cipher_suites"},
		{TypeClientHello, 0, "fefd" + random + "00 00 0003c02bc0 0100", "malformed client_hello: cipher_suites"},
		{TypeClientHello, 0, "fefd" + random + "00 00 0002c02b 00", "malformed client_hello: compression_methods"},
		{TypeClientHello, 0, "fefd" + random + "00 00 0002c02b 0100 0001", "malformed client_hello: extensions"},
		{TypeHelloVerifyRequest, 0, "fe", "malformed hello_verify_request: server_version"},
		{TypeHelloVerifyRequest, 0, "fefd 02aa", "malformed hello_verify_request: cookie"},
		{TypeServerHello, 0, "", "malformed server_hello: server_version"},
		{TypeServerHello, 0, "fefd 00", "malformed server_hello: random"},
		{TypeServerHello, 0, "fefd" + random + "21" + random + "aa c02b 00", "malformed server_hello: session_id"},
		{TypeServerHello, 0, "fefd" + random + "00 c0", "malformed server_hello: cipher_suite"},
		{TypeServerHello, 0, "fefd" + random + "00 c02b", "malformed server_hello: compression_method"},
		{TypeServerHello, 0, "fefd" + random + "00 c02b 00 00", "malformed server_hello: extensions"},
		{TypeCertificate, 0, "000003 000000", "malformed certificate: certificate_list"},
		{TypeServerKeyExchange, FormPSK, "00", "malformed server_key_exchange: psk_identity_hint"},
		{TypeServerKeyExchange, FormPSK, "0000 00", "malformed server_key_exchange: length"},
		{TypeServerKeyExchange, FormECDHE, "", "malformed server_key_exchange: curve_type"},
		{TypeServerKeyExchange, FormECDHE, "01 0017 01b1", "illegal value in server_key_exchange: curve_type"},
		{TypeServerKeyExchange, FormECDHE, "03 00", "malformed server_key_exchange: namedcurve"},
		{TypeServerKeyExchange, FormECDHE, "03 0017 00", "malformed server_key_exchange: public"},
		{TypeServerKeyExchange, FormECDHE | FormSigned, "03 0017 01b1", "malformed server_key_exchange: algorithm"},
		{TypeServerKeyExchange, FormECDHE | FormSigned, "03 0017 01b1 0403", "malformed server_key_exchange: signature"},
		{TypeCertificateRequest, 0, "00 00020403 0000", "malformed certificate_request: certificate_types"},
		{TypeCertificateRequest, 0, "0140 0000 0000", "malformed certificate_request: supported_signature_algorithms"},
		{TypeCertificateRequest, 0, "0140 00020403 0002 0000", "malformed certificate_request: certificate_authorities"},
		{TypeClientKeyExchange, FormPSK, "00", "malformed client_key_exchange: psk_identity"},
		{TypeClientKeyExchange, FormECDHE, "00", "malformed client_key_exchange: ecdh_yc"},
		{TypeClientKeyExchange, FormPSK | FormECDHE, "0000 01b1 00", "malformed client_key_exchange: length"},
		{TypeCertificateVerify, 0, "04", "malformed certificate_verify: algorithm"},
		{TypeCertificateVerify, 0, "0403 0001", "malformed certificate_verify: signature"},
		{TypeFinished, 0, "0001", "malformed finished: verify_data"},
		{TypeNewSessionTicket, 0, "000000", "malformed new_session_ticket: ticket_lifetime_hint"},
		{TypeNewSessionTicket, 0, "00000000 0001", "malformed new_session_ticket: ticket"},
	}
	for _, test := range tests {
		_, err := reencoder(test.handshake, test.form)(unhex(t, test.body))
		if err == nil || err.Error() != test.want {
			t.Errorf("%v %s: error %v, want %s", test.handshake, test.body, err, test.want)
		}
	}
}

// fuzzMessage checks that whatever parses as a message of that type is written again byte for byte.
func fuzzMessage(f *testing.F, handshake HandshakeType) {
	for _, s := range samples {
		if s.handshake == handshake {
			f.Add(uint8(s.form), unhex(f, s.body))
		}
	}
	for _, m := range recordedMessages(f) {
		if m.handshake == handshake {
			f.Add(uint8(m.form), m.body)
		}
	}
	f.Fuzz(func(t *testing.T, form uint8, body []byte) {
		again, err := reencoder(handshake, KeyExchangeForm(form))(body)
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
