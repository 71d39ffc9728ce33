package console

import (
	"crypto/tls"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// fieldTexts returns the values of a field of a step's message, separated by
// commas: those that were accepted with a plus sign, those that were not with a
// minus sign.
func fieldTexts(t *testing.T, fields []Field, name string) string {
	t.Helper()
	for _, f := range fields {
		if f.Name != name {
			continue
		}
		var texts []string
		for _, v := range f.Values {
			switch {
			case v.Accepted == nil:
				texts = append(texts, v.Text)
			case *v.Accepted:
				texts = append(texts, "+"+v.Text)
			default:
				texts = append(texts, "-"+v.Text)
			}
		}
		return strings.Join(texts, ", ")
	}
	return "(no field)"
}

// wantFields checks fields of a message, whose names and values alternate.
func wantFields(t *testing.T, fields []Field, want ...string) {
	t.Helper()
	for i := 0; i < len(want); i += 2 {
		if got := fieldTexts(t, fields, want[i]); got != want[i+1] {
			t.Errorf("%s: %s\nwant %s", want[i], got, want[i+1])
		}
	}
}

// fieldsOf returns the fields of the last message with a name.
func fieldsOf(t *testing.T, trace HandshakeTrace, name string) []Field {
	t.Helper()
	var found *Step
	for i, s := range trace.Trace {
		if s.Name == name {
			found = &trace.Trace[i]
		}
	}
	if found == nil {
		t.Fatalf("there is no %s", name)
	}
	return found.Fields
}

func TestMessagesOfAHandshakeWithKeysAreDecoded(t *testing.T) {
	inWorld(t, func(s *dtls.Server) {
		s.Config.PSKIdentityHint = []byte("sensors")
	}, func(w *world) {
		config := clientConfig()
		config.CipherSuites = []uint16{dtls.TLS_PSK_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256}
		w.dial(config).Close()
		trace := w.trace()
		wantFields(t, fieldsOf(t, trace, "client_hello"),
			"client version", "DTLS 1.2",
			"session id", "0 bytes",
			"cookie", "32 bytes",
			"cipher suites", "-PSK-AES128-GCM-SHA256, +ECDHE-PSK-CHACHA20-POLY1305, -TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
			"compression", "null",
			"supported_groups", "+X25519, -P-256, -P-384",
			"extended_master_secret", "+offered")
		wantFields(t, fieldsOf(t, trace, "hello_verify_request"), "server version", "DTLS 1.0", "cookie", "32 bytes")
		wantFields(t, fieldsOf(t, trace, "server_hello"),
			"server version", "DTLS 1.2", "cipher suite", "ECDHE-PSK-CHACHA20-POLY1305", "extended_master_secret", "accepted")
		wantFields(t, fieldsOf(t, trace, "server_key_exchange"), "identity hint", "sensors", "group", "X25519", "public key", "32 bytes")
		wantFields(t, fieldsOf(t, trace, "client_key_exchange"), "identity", "sensor-7", "public key", "32 bytes")
		wantFields(t, fieldsOf(t, trace, "finished"), "verify data", "12 bytes")
	})
}

func TestMessagesOfAHandshakeWithCertificatesAreDecoded(t *testing.T) {
	a := newAuthority(t)
	inWorld(t, func(s *dtls.Server) {
		s.Config.PSK, s.Config.Certificates = nil, []tls.Certificate{a.issue(t, "server.example")}
		s.Config.ClientAuth, s.Config.ClientCAs = tls.RequireAndVerifyClientCert, a.pool
		s.Config.NextProtos = []string{"coap"}
	}, func(w *world) {
		w.dial(&dtls.Config{
			RootCAs: a.pool, ServerName: "server.example", NextProtos: []string{"http/1.1", "coap"},
			Certificates: []tls.Certificate{a.issue(t, "device")},
		}).Close()
		trace := w.trace()
		wantFields(t, fieldsOf(t, trace, "client_hello"),
			"server_name", "server.example",
			"application_layer_protocol_negotiation", "-http/1.1, +coap")
		if got := fieldTexts(t, fieldsOf(t, trace, "client_hello"), "signature_algorithms"); !strings.HasPrefix(got, "+ecdsa_secp256r1_sha256, -ecdsa_secp384r1_sha384, ") {
			t.Errorf("signature_algorithms: %s", got)
		}
		wantFields(t, fieldsOf(t, trace, "server_hello"), "application_layer_protocol_negotiation", "coap")
		wantFields(t, fieldsOf(t, trace, "certificate"), "certificate 1",
			"subject: CN=device, issuer: CN=authority, names: device, valid: 1999-01-01T00:00:00Z to 2099-01-01T00:00:00Z, key: ECDSA, P-256, signature: ECDSA-SHA256")
		wantFields(t, fieldsOf(t, trace, "certificate_request"), "certificate types", "ecdsa_sign, rsa_sign", "authorities", "CN=authority")
		wantFields(t, fieldsOf(t, trace, "certificate_verify"), "signature scheme", "ecdsa_secp256r1_sha256")
	})
}

// clientHelloWith returns the body of a ClientHello with extensions.
func clientHelloWith(extensions []byte) []byte {
	return wire.ClientHello{
		Version: wire.VersionDTLS12, CompressionMethods: []byte{0, 1, 64}, Extensions: extensions,
		CipherSuites: wire.AppendUint16s(nil, wire.TLS_PSK_WITH_AES_128_CCM_8, 0x1301, 0xc0ff, 0x5600),
	}.AppendTo(nil)
}

func TestEveryExtensionIsDecoded(t *testing.T) {
	extensions := wire.ClientExtensions{
		ServerName: "a.example", SupportedGroups: wire.AppendUint16s(nil, wire.GroupP256, 0x1234), PointFormats: []byte{0, 2, 9},
		SignatureAlgorithms:     wire.AppendUint16s(nil, wire.Ed25519),
		SignatureAlgorithmsCert: wire.AppendUint16s(nil, wire.PKCS1WithSHA256),
		ALPN:                    [][]byte{[]byte("coap"), {0xff, 0x1b}},
		SRTP:                    &wire.UseSRTP{Profiles: wire.AppendUint16s[uint16](nil, 1, 7, 99)},
		MaxFragmentLength:       1, RecordSizeLimit: 512, EncryptThenMAC: true, ExtendedMasterSecret: true, StatusRequest: true,
		HasSessionTicket: true, SessionTicket: []byte("a secret ticket"),
		HasRenegotiationInfo: true, HasConnectionID: true, ConnectionID: []byte{1},
		ClientCertificateTypes: []byte{0, 2}, ServerCertificateTypes: []byte{2, 7},
		SupportedVersions: wire.AppendUint16s(nil, wire.VersionDTLS13, wire.VersionDTLS12),
		Padding:           20,
	}.AppendTo(nil)
	extensions = append(extensions, 0, 51, 0, 9, 0, 7, 0, 29, 0, 3, 1, 2, 3, 0x4a, 0x4a, 0, 0)
	fields := decode(wire.TypeClientHello, clientHelloWith(extensions), &choice{})
	wantFields(t, fields,
		"cipher suites", "PSK-AES128-CCM8, TLS_AES_128_GCM_SHA256, 0xC0FF, TLS_FALLBACK_SCSV",
		"compression", "null, deflate, method 64",
		"server_name", "a.example",
		"supported_groups", "P-256, group 0x1234",
		"ec_point_formats", "uncompressed, ansiX962_compressed_char2, format 9",
		"signature_algorithms", "ed25519",
		"signature_algorithms_cert", "rsa_pkcs1_sha256",
		"application_layer_protocol_negotiation", `coap, \xff\x1b`,
		"use_srtp", "SRTP_AES128_CM_HMAC_SHA1_80, SRTP_AEAD_AES_128_GCM, profile 0x0063",
		"max_fragment_length", "512 bytes",
		"record_size_limit", "512 bytes",
		"encrypt_then_mac", "offered",
		"extended_master_secret", "offered",
		"status_request", "OCSP",
		"session_ticket", "15 bytes",
		"renegotiation_info", "0 bytes",
		"connection_id", "1 byte",
		"client_certificate_type", "X.509, raw public key",
		"server_certificate_type", "raw public key, type 7",
		"supported_versions", "DTLS 1.3, DTLS 1.2",
		"padding", "20 bytes",
		"key_share", "X25519",
		"extension 19018", "0 bytes",
		"malformed", "(no field)",
	)
}

// What is malformed is said, and does not hide what is not.
func TestMalformedMessagesAreSaidToBe(t *testing.T) {
	extensions := []byte{0, 10, 0, 1, 9, 0, 23, 0, 0}
	wantFields(t, decode(wire.TypeClientHello, clientHelloWith(extensions), &choice{}),
		"supported_groups", "malformed client_hello: supported_groups",
		"extended_master_secret", "offered")
	wantFields(t, decode(wire.TypeClientHello, clientHelloWith([]byte{0, 23, 0, 9}), &choice{}),
		"client version", "DTLS 1.2",
		"malformed", "malformed extensions: length")
	for typ, want := range map[wire.HandshakeType]string{
		wire.TypeClientHello:        "malformed client_hello: client_version",
		wire.TypeHelloVerifyRequest: "malformed hello_verify_request: server_version",
		wire.TypeServerHello:        "malformed server_hello: server_version",
		wire.TypeCertificate:        "malformed certificate: certificate_list",
		wire.TypeCertificateRequest: "malformed certificate_request: certificate_types",
		wire.TypeCertificateVerify:  "malformed certificate_verify: algorithm",
		wire.TypeNewSessionTicket:   "malformed new_session_ticket: ticket_lifetime_hint",
	} {
		wantFields(t, decode(typ, []byte{0}, &choice{}), "malformed", want)
	}
	chain := wire.Certificate{Chain: [][]byte{[]byte("no certificate")}}.AppendTo(nil)
	if got := fieldTexts(t, decode(wire.TypeCertificate, chain, &choice{}), "certificate 1"); !strings.HasPrefix(got, "14 bytes, malformed: x509: ") {
		t.Errorf("certificate: %s", got)
	}
}

// Nothing with which others could read or resume the session is shown.
func TestSecretsAreNotShown(t *testing.T) {
	secret := "a secret"
	for typ, body := range map[wire.HandshakeType][]byte{
		wire.TypeHelloVerifyRequest: wire.HelloVerifyRequest{Cookie: []byte(secret)}.AppendTo(nil),
		wire.TypeNewSessionTicket:   wire.NewSessionTicket{Ticket: []byte(secret)}.AppendTo(nil),
		wire.TypeFinished:           []byte(secret),
		wire.TypeClientKeyExchange:  []byte(secret),
		wire.TypeClientHello: clientHelloWith(wire.ClientExtensions{
			HasSessionTicket: true, SessionTicket: []byte(secret), HasConnectionID: true, ConnectionID: []byte(secret),
		}.AppendTo(nil)),
	} {
		shown, err := json.Marshal(decode(typ, body, &choice{}))
		if err != nil || strings.Contains(string(shown), "secret\"") || strings.Contains(string(shown), secret) {
			t.Errorf("%v: %s, %v", typ, shown, err)
		}
	}
}

// FuzzDecode decodes what anybody may send, as any message, after any
// ServerHello.
func FuzzDecode(f *testing.F) {
	hello := func(id wire.CipherSuite) []byte {
		return wire.ServerHello{Version: wire.VersionDTLS12, CipherSuite: id}.AppendTo(nil)
	}
	psk, signed := hello(wire.TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256), hello(wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
	f.Add(uint8(wire.TypeClientHello), clientHelloWith(wire.ClientExtensions{ServerName: "a\xff", ALPN: [][]byte{{0}}}.AppendTo(nil)), psk)
	f.Add(uint8(wire.TypeServerHello), psk, psk)
	f.Add(uint8(wire.TypeServerHello), append(signed, 0, 4, 0, 16, 0, 0), signed)
	f.Add(uint8(wire.TypeHelloVerifyRequest), wire.HelloVerifyRequest{Cookie: []byte{1}}.AppendTo(nil), []byte{})
	f.Add(uint8(wire.TypeCertificate), wire.Certificate{Chain: [][]byte{newAuthority(f).cert.Raw}}.AppendTo(nil), signed)
	f.Add(uint8(wire.TypeCertificateRequest), wire.CertificateRequest{Types: []byte{1, 64, 3}, Schemes: []byte{4, 3}, Authorities: [][]byte{{0x30, 0}}}.AppendTo(nil), signed)
	f.Add(uint8(wire.TypeServerKeyExchange), wire.ServerKeyExchange{IdentityHint: []byte("\x1b"), Group: wire.GroupX25519, PublicKey: []byte{1}}.AppendTo(wire.FormPSK|wire.FormECDHE, nil), psk)
	f.Add(uint8(wire.TypeClientKeyExchange), wire.ClientKeyExchange{Identity: []byte("\xff"), PublicKey: []byte{1}}.AppendTo(wire.FormPSK|wire.FormECDHE, nil), psk)
	f.Add(uint8(wire.TypeCertificateVerify), wire.CertificateVerify{Scheme: wire.Ed25519, Signature: []byte{1}}.AppendTo(nil), signed)
	f.Add(uint8(wire.TypeNewSessionTicket), wire.NewSessionTicket{Lifetime: 1}.AppendTo(nil), psk)
	f.Add(uint8(wire.TypeFinished), make([]byte, wire.VerifyDataLen), psk)
	f.Add(uint8(99), []byte{1}, []byte{1})
	f.Fuzz(func(t *testing.T, typ uint8, body, serverHello []byte) {
		p := newPlay()
		p.begins(1)
		e := dtls.HandshakeEvent{Time: start, Session: 1, Sent: true, Message: "server_hello", Type: uint8(wire.TypeServerHello), Length: len(serverHello), Body: serverHello}
		p.handshake(e)
		e.Message, e.Type, e.Length, e.Body = wire.HandshakeType(typ).String(), typ, len(body), body
		p.handshake(e)
		e.Sent = false
		p.handshake(e)
		trace, ok := p.get(1)
		if !ok || len(trace.Trace) != 3 {
			t.Fatalf("%+v", trace)
		}
		for _, s := range trace.Trace {
			for _, field := range s.Fields {
				wantText(t, field.Name)
				for _, v := range field.Values {
					wantText(t, v.Text)
				}
			}
		}
	})
}

// wantText checks that a text can be shown.
func wantText(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) || dtls.Escape(text) != text {
		t.Errorf("%q is not fit to be shown", text)
	}
}
