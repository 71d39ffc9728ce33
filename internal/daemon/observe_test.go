package daemon

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/dtlsd/dtlsd/dtls"
)

func TestSessionSaysWhoItIsWith(t *testing.T) {
	suite, err := dtls.CipherSuiteByName("PSK-AES128-GCM-SHA256")
	if err != nil {
		t.Fatal(err)
	}
	certificate := &x509.Certificate{Subject: pkix.Name{CommonName: "device"}}
	tests := []struct {
		name  string
		state dtls.ConnectionState
		attrs string
		lines []string // after the first
	}{
		{"key", dtls.ConnectionState{PSKIdentity: []byte("a\x1b")},
			`[kind=established cipher=PSK-AES128-GCM-SHA256 version=DTLS 1.2 resumed=false identity=a\x1b]`, nil},
		{"resumed", dtls.ConnectionState{PSKIdentity: []byte("a"), DidResume: true},
			`[kind=established cipher=PSK-AES128-GCM-SHA256 version=DTLS 1.2 resumed=true identity=a]`,
			[]string{"(127.0.0.1:34908): session resumed, identity 'a'"}},
		{"certificate", dtls.ConnectionState{PeerCertificates: []*x509.Certificate{certificate}},
			`[kind=established cipher=PSK-AES128-GCM-SHA256 version=DTLS 1.2 resumed=false subject=CN=device]`,
			[]string{"(127.0.0.1:34908): client certificate CN=device"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.state.Version, tt.state.CipherSuite = dtls.VersionDTLS12, suite
			var told []Line
			o := observer("", LevelInfo, func(l Line) { told = append(told, l) })
			o.Log(dtls.Entry{Kind: dtls.KindEstablished, Peer: peer4, Text: "encrypted", State: &tt.state})
			var texts []string
			for _, l := range told[1:] {
				texts = append(texts, l.Text)
			}
			if got := fmt.Sprint(told[0].Attrs); got != tt.attrs || !slices.Equal(texts, tt.lines) {
				t.Errorf("got %s, then %q", got, texts)
			}
		})
	}
}

func TestGoodbyeOfAPeerIsInformationInCrimson(t *testing.T) {
	l := lineOf(dtls.Entry{Kind: dtls.KindShutdown, Level: dtls.Info, Text: "bye"})
	var out bytes.Buffer
	newTextPrinter(Stream{Writer: &out, Colour: TrueColour}, Stream{}).line(l)
	if l.Level != slog.LevelInfo || out.String() != "\x1b[48;2;220;20;60;38;2;255;255;255mbye\x1b[0m\n" {
		t.Errorf("level %v, %q", l.Level, out.String())
	}
}
