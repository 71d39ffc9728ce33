package engine_test

import (
	"testing"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A lie is a message that a peer sends under the keys of the handshake instead of
// the one that is due.
type lie struct {
	name  string
	side  engine.Side // that hears it
	state string
	typ   wire.HandshakeType
	body  []byte
	want  wire.AlertDescription
	next  string // where there is no alert: the state that follows
}

// Extensions as they are in a message.
func encryptedExtensions(e wire.ServerExtensions) []byte {
	return wire.EncryptedExtensions{Extensions: e.AppendTo(nil)}.AppendTo(nil)
}

var (
	someSchemes = wire.AppendUint16s(nil, wire.ECDSAWithP256AndSHA256)
	unknownExt  = []byte{0xfa, 0xfa, 0, 1, 7}
	shareExt    = wire.ServerExtensions{KeyShare: wire.KeyShare{Group: wire.GroupP256, KeyExchange: make([]byte, 65)}}
)

func certificateMessage(context string, entries ...wire.CertificateEntry) []byte {
	return wire.Certificate13{Context: []byte(context), Entries: entries}.AppendTo(nil)
}

func certificateRequest(context string, extensions []byte) []byte {
	return wire.CertificateRequest13{Context: []byte(context), Extensions: extensions}.AppendTo(nil)
}

func lies() []lie {
	const (
		extensions = "await encrypted_extensions"
		request    = "await certificate_request or certificate"
		proof      = "await certificate_verify"
	)
	schemes := wire.CertificateRequestExtensions{SignatureAlgorithms: someSchemes}.AppendTo(nil)
	entry := func(extensions []byte) wire.CertificateEntry {
		return wire.CertificateEntry{Data: []byte("a certificate"), Extensions: extensions}
	}
	staple := wire.CertificateExtensions{OCSPResponse: []byte("fresh")}.AppendTo(nil)
	all := []lie{
		{"an application protocol", engine.Client, extensions, wire.TypeEncryptedExtensions,
			encryptedExtensions(wire.ServerExtensions{ALPN: []byte("coap")}), wire.AlertUnsupportedExtension, ""},
		{"an SRTP profile", engine.Client, extensions, wire.TypeEncryptedExtensions,
			encryptedExtensions(wire.ServerExtensions{SRTP: &wire.UseSRTP{Profiles: wire.AppendUint16s(nil, uint16(7))}}), wire.AlertUnsupportedExtension, ""},
		{"a record size", engine.Client, extensions, wire.TypeEncryptedExtensions,
			encryptedExtensions(wire.ServerExtensions{RecordSizeLimit: 100}), wire.AlertUnsupportedExtension, ""},
		{"early data", engine.Client, extensions, wire.TypeEncryptedExtensions,
			encryptedExtensions(wire.ServerExtensions{EarlyData: true}), wire.AlertUnsupportedExtension, ""},
		{"an unknown extension", engine.Client, extensions, wire.TypeEncryptedExtensions,
			wire.EncryptedExtensions{Extensions: unknownExt}.AppendTo(nil), wire.AlertUnsupportedExtension, ""},
		{"a key share in another place", engine.Client, extensions, wire.TypeEncryptedExtensions,
			encryptedExtensions(shareExt), wire.AlertIllegalParameter, ""},
		{"groups, which change nothing", engine.Client, extensions, wire.TypeEncryptedExtensions,
			encryptedExtensions(wire.ServerExtensions{SupportedGroups: wire.AppendUint16s(nil, wire.GroupX25519MLKEM768)}), 0, request},
		{"no extension", engine.Client, extensions, wire.TypeEncryptedExtensions, encryptedExtensions(wire.ServerExtensions{}), 0, request},

		{"a request with a context", engine.Client, request, wire.TypeCertificateRequest,
			certificateRequest("context", schemes), wire.AlertIllegalParameter, ""},
		{"a request without schemes", engine.Client, request, wire.TypeCertificateRequest,
			certificateRequest("", unknownExt), wire.AlertMissingExtension, ""},
		{"a request with a key share", engine.Client, request, wire.TypeCertificateRequest,
			certificateRequest("", append(shareExt.AppendTo(nil), schemes...)), wire.AlertIllegalParameter, ""},
		{"a request with what is unknown", engine.Client, request, wire.TypeCertificateRequest,
			certificateRequest("", append(unknownExt[:len(unknownExt):len(unknownExt)], schemes...)), 0, "await certificate"},
		{"no certificate", engine.Client, request, wire.TypeCertificate, certificateMessage(""), wire.AlertDecodeError, ""},
		{"no certificate from a client that needs one", engine.Server, "await certificate", wire.TypeCertificate,
			certificateMessage(""), wire.AlertCertificateRequired, ""},
	}
	for side, state := range []string{engine.Client: "await certificate", engine.Server: "await certificate"} {
		side := engine.Side(side)
		all = append(all,
			lie{"a certificate with a context", side, state, wire.TypeCertificate,
				certificateMessage("context", entry(nil)), wire.AlertIllegalParameter, ""},
			lie{"an OCSP response", side, state, wire.TypeCertificate, certificateMessage("", entry(staple)), wire.AlertUnsupportedExtension, ""},
			lie{"a certificate with what is unknown", side, state, wire.TypeCertificate,
				certificateMessage("", entry(unknownExt)), wire.AlertUnsupportedExtension, ""},
			lie{"a certificate with a key share", side, state, wire.TypeCertificate,
				certificateMessage("", entry(shareExt.AppendTo(nil))), wire.AlertIllegalParameter, ""},
			lie{"a signature that is wrong", side, proof, wire.TypeCertificateVerify,
				wire.CertificateVerify{Scheme: wire.ECDSAWithP256AndSHA256, Signature: make([]byte, 70)}.AppendTo(nil), wire.AlertDecryptError, ""},
			lie{"a scheme that was not offered", side, proof, wire.TypeCertificateVerify,
				wire.CertificateVerify{Scheme: 0x0707, Signature: make([]byte, 70)}.AppendTo(nil), wire.AlertIllegalParameter, ""},
			lie{"a scheme of DTLS 1.2", side, proof, wire.TypeCertificateVerify,
				wire.CertificateVerify{Scheme: wire.PKCS1WithSHA256, Signature: make([]byte, 70)}.AppendTo(nil), wire.AlertIllegalParameter, ""},
			lie{"a finished that is wrong", side, "await finished", wire.TypeFinished, make([]byte, 32), wire.AlertDecryptError, ""},
			lie{"a finished that is too short", side, "await finished", wire.TypeFinished, make([]byte, 31), wire.AlertDecryptError, ""},
			lie{"another message", side, "await finished", wire.TypeKeyUpdate, []byte{0}, wire.AlertUnexpectedMessage, ""})
	}
	return all
}

// RFC 8446, Sections 4.3, 4.4 and 4.2: what a peer may not say under the keys of
// the handshake ends it, with the alert that tells why.
func TestLiesUnderTheKeysOfAHandshakeEndIt(t *testing.T) {
	for _, l := range lies() {
		t.Run(l.side.String()+" hears "+l.name, func(t *testing.T) {
			p, e := walk13(t, l.side, l.state)
			e.Receive(p.Now, peerOf(p, e).SealIn(2, wire.ContentHandshake, late(l.typ, e.PeerSeq(), l.body)))
			switch {
			case l.want == 0 && (e.Over || e.Awaits() != l.next):
				t.Errorf("now %q: %v; want %q", e.Awaits(), e.Err, l.next)
			case l.want != 0 && e.Established:
				t.Error("the handshake is complete")
			case l.want != 0:
				wantOverWith(t, e, l.want)
			}
		})
	}
}
