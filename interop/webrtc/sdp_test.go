package webrtc

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
)

// fingerprint identifies a certificate in SDP: RFC 8122, Section 5.
func fingerprint(certificate []byte) string {
	hash := fmt.Sprintf("% X", sha256.Sum256(certificate))
	return "sha-256 " + strings.ReplaceAll(hash, " ", ":")
}

// An offer is what Chromium says of itself, in SDP.
type offer string

// attribute returns the first value of an attribute.
func (o offer) attribute(name string) string {
	_, rest, _ := strings.Cut(string(o), "\r\na="+name+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

// verify accepts the certificate that the offer announces, and no other.
func (o offer) verify(certificates [][]byte, _ [][]*x509.Certificate) error {
	if len(certificates) == 0 || fingerprint(certificates[0]) != o.attribute("fingerprint") {
		return errors.New("the certificate is not that of the offer")
	}
	return nil
}

// sctpPort is that of both sides.
const sctpPort = 5000

// answer accepts an offer of audio, for which Chromium wants SRTP, and a data channel, both over one transport. setup is
// our part in DTLS: RFC 8842, Section 5.3.
func (i *iceLite) answer(setup string, certificate []byte) string {
	lines := []string{
		"v=0",
		"o=- 1 1 IN IP4 127.0.0.1",
		"s=-",
		"t=0 0",
		"a=ice-lite",
		"a=ice-ufrag:" + i.ufrag,
		"a=ice-pwd:" + i.password,
		"a=fingerprint:" + fingerprint(certificate),
		"a=setup:" + setup,
		"a=group:BUNDLE 0 1",
		"m=audio 9 UDP/TLS/RTP/SAVPF 0",
		"c=IN IP4 127.0.0.1",
		"a=mid:0",
		"a=recvonly",
		"a=rtcp-mux",
		fmt.Sprintf("a=candidate:1 1 udp 2130706431 127.0.0.1 %d typ host", i.LocalAddr().(*net.UDPAddr).Port),
		"a=end-of-candidates",
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
		"c=IN IP4 127.0.0.1",
		"a=mid:1",
		fmt.Sprintf("a=sctp-port:%d", sctpPort),
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}
