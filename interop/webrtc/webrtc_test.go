package webrtc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/interop/internal/chromium"
)

// patience bounds what takes place over one transport.
const patience = 15 * time.Second

// versions are those that both sides know, and Chromium's names of them.
var versions = []struct {
	version uint16
	name    string
}{
	{dtls.VersionDTLS12, "FEFD"},
	{dtls.VersionDTLS13, "FEFC"},
}

// Our parts in DTLS, as SDP calls them, and Chromium's.
var parts = []struct{ ours, chromium string }{
	{"passive", "client"},
	{"active", "server"},
}

func TestChromium(t *testing.T) {
	for _, v := range versions {
		for _, part := range parts {
			t.Run(fmt.Sprintf("%s/%s", dtls.VersionName(v.version), part.chromium), func(t *testing.T) {
				c := newCall(t)
				c.connect(part.ours, v.version)
				if part.chromium == "client" {
					t.Logf("Chromium sent %v", &c.ice.hello)
				}
				c.agree(part.chromium, v.name)

				if err := c.hear(part.chromium); err != nil {
					t.Errorf("audio: %v", err)
				}

				// What we send arrives, and comes back.
				if err := greet(c.conn); err != nil {
					t.Fatal(err)
				}
				c.page.Await("the data channel", "channel.readyState === 'open'")

				// Chromium says goodbye.
				chromium.Evaluate[bool](c.page, "(pc.close(), true)")
				if _, err := io.Copy(io.Discard, c.conn); err != nil {
					t.Errorf("no goodbye came: %v", err)
				}
			})
		}
	}
}

// Chromium takes our goodbye for the end of the transport.
func TestChromiumHearsGoodbye(t *testing.T) {
	for _, v := range versions {
		t.Run(dtls.VersionName(v.version), func(t *testing.T) {
			c := newCall(t)
			c.connect("passive", v.version)
			c.page.Await("the connection", "pc.connectionState === 'connected'")
			if err := c.conn.Close(); err != nil {
				t.Fatal(err)
			}
			c.page.Await("the end", "pc.sctp.transport.state === 'closed'")
		})
	}
}

// A call is a connection between a page and us.
type call struct {
	t     *testing.T
	page  *chromium.Page
	offer offer
	ice   *iceLite
	conn  *dtls.Conn
}

// newCall has a page make an offer.
func newCall(t *testing.T) *call {
	t.Helper()
	page := browser.Open(t, origin)
	sdp := chromium.Evaluate[string](page, `(async () => {
		const microphone = await navigator.mediaDevices.getUserMedia({audio: true});
		window.pc = new RTCPeerConnection();
		window.channel = pc.createDataChannel('', {negotiated: true, id: 0});
		pc.addTransceiver(microphone.getAudioTracks()[0], {direction: 'sendonly'});
		await pc.setLocalDescription();
		return pc.localDescription.sdp;
	})()`)
	return &call{t: t, page: page, offer: offer(sdp), ice: newICELite(t)}
}

// connect answers the offer and completes the handshake.
func (c *call) connect(part string, version uint16) {
	c.t.Helper()
	certificate := newCertificate(c.t)
	config := &dtls.Config{
		MinVersion: version, MaxVersion: version,
		Certificates:          []tls.Certificate{certificate},
		ClientAuth:            tls.RequireAnyClientCert,
		InsecureSkipVerify:    true, // the fingerprint says whose certificate it is
		VerifyPeerCertificate: c.offer.verify,
		SRTPProfiles:          []uint16{0x0007, 0x0001},
		Cookies:               dtls.CookiesNever,
	}
	answer := c.ice.answer(part, certificate.Certificate[0])
	chromium.Evaluate[bool](c.page, fmt.Sprintf("pc.setRemoteDescription({type: 'answer', sdp: %s}).then(() => true)", chromium.Quoted(answer)))

	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	handshake := c.accept
	if part == "active" {
		handshake = c.dial
	}
	if err := handshake(ctx, config); err != nil {
		c.t.Fatalf("%v; Chromium says %v", errors.Join(err, ctx.Err()), c.transport())
	}
	c.t.Cleanup(func() { c.conn.Close() })
	deadline, _ := ctx.Deadline()
	c.conn.SetDeadline(deadline)
}

// accept waits for Chromium, the client.
func (c *call) accept(ctx context.Context, config *dtls.Config) error {
	l, err := dtls.NewListener(c.ice, config)
	if err != nil {
		return err
	}
	defer l.Close()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	c.conn = conn.(*dtls.Conn)
	return nil
}

// dial connects to Chromium, the server.
func (c *call) dial(ctx context.Context, config *dtls.Config) error {
	if err := c.ice.find(ctx); err != nil {
		return err
	}
	var err error
	if c.conn, err = dtls.ClientPacket(c.ice, peer, config); err != nil {
		return err
	}
	return c.conn.HandshakeContext(ctx)
}

// A transport is what Chromium reports of one: RTCTransportStats.
type transport struct {
	DTLSState  string `json:"dtlsState"`
	DTLSRole   string `json:"dtlsRole"`
	TLSVersion string `json:"tlsVersion"`
	DTLSCipher string `json:"dtlsCipher"`
	SRTPCipher string `json:"srtpCipher"`
}

func (c *call) transport() transport {
	c.t.Helper()
	return chromium.Evaluate[transport](c.page, "pc.getStats().then(all => [...all.values()].find(s => s.type === 'transport'))")
}

// agree compares what both sides say of the connection.
func (c *call) agree(part, version string) {
	c.t.Helper()
	c.page.Await("the connection", "pc.connectionState === 'connected'")
	state := c.conn.ConnectionState()
	ours := transport{
		DTLSState: "connected", DTLSRole: part, TLSVersion: version,
		DTLSCipher: state.CipherSuite.Name, SRTPCipher: profiles[state.SRTPProfile].name,
	}
	if got := c.transport(); got != ours {
		c.t.Errorf("Chromium says %+v, we say %+v", got, ours)
	}
	c.t.Logf("%+v", ours)
}
