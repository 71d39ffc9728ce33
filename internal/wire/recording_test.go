package wire

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// The recordings in testdata are real handshakes, one datagram a line, C or S for who sent it:
//
//	openssl_ecdsa.txt     OpenSSL 3.0 both sides; ECDHE_ECDSA, client certificate, fragments, OCSP, ALPN, SRTP
//	gnutls_ecdhe_psk.txt  GnuTLS 3.7 client, OpenSSL 3.0 server; ECDHE_PSK
var recordings = []struct {
	file string
	form KeyExchangeForm
}{
	{"openssl_ecdsa.txt", FormECDHE | FormSigned},
	{"gnutls_ecdhe_psk.txt", FormPSK | FormECDHE},
}

// A recordedMessage is a handshake message put together from the fragments of a recording.
type recordedMessage struct {
	handshake HandshakeType
	form      KeyExchangeForm
	body      []byte
}

// recordedMessages returns the unprotected handshake messages of all recordings.
func recordedMessages(t testing.TB) []recordedMessage {
	t.Helper()
	var messages []recordedMessage
	for _, recording := range recordings {
		for _, datagram := range readRecording(t, recording.file) {
			for _, f := range epoch0Fragments(t, datagram) {
				if f.Offset == 0 {
					messages = append(messages, recordedMessage{f.Type, recording.form, nil})
				}
				last := &messages[len(messages)-1]
				last.body = append(last.body, f.Body...)
			}
		}
	}
	return messages
}

// readRecording returns the datagrams of a recording.
func readRecording(t testing.TB, file string) [][]byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var datagrams [][]byte
	for line := range strings.Lines(string(text)) {
		_, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
		datagrams = append(datagrams, unhex(t, digits))
	}
	return datagrams
}

// epoch0Fragments returns the handshake fragments in the unprotected records of a datagram, and checks
// that writing record and fragments again gives the same bytes.
func epoch0Fragments(t testing.TB, datagram []byte) []Fragment {
	t.Helper()
	var fragments []Fragment
	for rest := datagram; len(rest) > 0; {
		whole := rest
		var r Record
		var err error
		if r, rest, err = ParseRecord(rest); err != nil {
			t.Fatal(err)
		}
		again := AppendRecordHeader(nil, r.Type, r.Version, r.Epoch, r.Seq, len(r.Payload))
		if r.Type != ContentHandshake || r.Epoch != 0 {
			continue
		}
		for payload := r.Payload; len(payload) > 0; {
			var f Fragment
			if f, payload, err = ParseFragment(payload); err != nil {
				t.Fatal(err)
			}
			again = f.AppendTo(again)
			fragments = append(fragments, f)
		}
		if !bytes.HasPrefix(whole, again) {
			t.Fatalf("record written again:\n got %x\nfrom %x", again, whole)
		}
	}
	return fragments
}

func unhex(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRecordedHandshakesSurviveRoundTrip(t *testing.T) {
	for _, m := range recordedMessages(t) {
		t.Run(m.handshake.String(), func(t *testing.T) {
			again, err := reencoder(m.handshake, m.form)(m.body)
			if err != nil {
				t.Fatalf("%x: %v", m.body, err)
			}
			if !bytes.Equal(again, m.body) {
				t.Errorf("written again:\n got %x\nfrom %x", again, m.body)
			}
		})
	}
}

func TestRecordedHellosNameTheirExtensions(t *testing.T) {
	client, server := recordedExtensions(t)
	c, err := ParseClientExtensions(client)
	if err != nil {
		t.Fatal(err)
	}
	if c.ServerName != "localhost" || !c.EncryptThenMAC || !c.ExtendedMasterSecret || !c.StatusRequest || !c.HasSessionTicket {
		t.Errorf("client extensions of OpenSSL: %+v", c)
	}
	if len(c.ALPN) != 2 || string(c.ALPN[0]) != "coap" || string(c.ALPN[1]) != "x" {
		t.Errorf("ALPN of OpenSSL: %q", c.ALPN)
	}
	if !c.SupportedGroups.Contains(uint16(GroupX25519)) || c.SRTP == nil || c.SRTP.Profiles.Len() != 2 {
		t.Errorf("groups and profiles of OpenSSL: %x %+v", c.SupportedGroups, c.SRTP)
	}
	s, err := ParseServerExtensions(server)
	if err != nil {
		t.Fatal(err)
	}
	if !s.HasRenegotiationInfo || !s.ExtendedMasterSecret || !s.SessionTicket || string(s.ALPN) != "coap" || s.SRTP == nil {
		t.Errorf("server extensions of OpenSSL: %+v", s)
	}
}

// recordedExtensions returns the extensions of both hellos of the OpenSSL recording.
func recordedExtensions(t testing.TB) (client, server []byte) {
	t.Helper()
	for _, m := range recordedMessages(t) {
		switch {
		case m.handshake == TypeClientHello && client == nil:
			hello, err := ParseClientHello(m.body)
			if err != nil {
				t.Fatal(err)
			}
			client = hello.Extensions
		case m.handshake == TypeServerHello && server == nil:
			hello, err := ParseServerHello(m.body)
			if err != nil {
				t.Fatal(err)
			}
			server = hello.Extensions
		}
	}
	return client, server
}
