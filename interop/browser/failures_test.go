package browser

import (
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/interop"
	"github.com/dtlsd/dtlsd/interop/internal/chromium"
)

// Whatever keeps a device from connecting, the page says so in a sentence.
func TestFailuresAreExplained(t *testing.T) {
	certificates, err := interop.MakeCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	own, stranger := certificates.Server(interop.ECDSA), certificates.Client(interop.RSA)
	keys := []string{"--psk", alice, "--ciphers", "PSK-AES128-GCM-SHA256"}
	withCertificate := []string{"--cert", own.Certificate, "--key", own.Key}
	failures := []struct {
		name        string
		server      []string
		happen      func(t *testing.T, s *server)
		explanation string
	}{
		{"wrong key", keys, func(t *testing.T, s *server) {
			s.client("--psk", "alice:00112233445566778899aabbccddeeff")
		}, `identity "alice" is known, its key does not match`},
		{"unknown identity", keys, func(t *testing.T, s *server) {
			s.client("--psk", "mallory:00112233445566778899aabbccddeeff")
		}, `identity "mallory" is unknown`},
		{"no common suite", keys, func(t *testing.T, s *server) {
			s.client("--psk", alice, "--ciphers", "PSK-CHACHA20-POLY1305:PSK-AES256-CCM8")
		}, `no common cipher suite: client offers PSK-CHACHA20-POLY1305, PSK-AES256-CCM8; server accepts PSK-AES128-GCM-SHA256`},
		{"no common version", keys, func(t *testing.T, s *server) {
			chromium.Require(t, "openssl")
			s.run("openssl", "s_client", "-dtls1", "-cipher", "ALL:PSK:@SECLEVEL=0", "-psk", "00", "-connect", s.address)
		}, `DTLS 1.0`},
		{"untrusted client certificate", append(withCertificate, "--client-ca", own.Certificate), func(t *testing.T, s *server) {
			s.client("--insecure", "--cert", stranger.Certificate, "--key", stranger.Key)
		}, `the client's certificate is not trusted`},
		{"client that never answers the cookie", keys, func(t *testing.T, s *server) {
			send(t, s.address, firstHello(t))
		}, `the client never answered the cookie: probably a firewall or a spoofed source`},
		{"garbage", keys, func(t *testing.T, s *server) {
			send(t, s.address, []byte("GET / HTTP/1.1\r\n\r\n"))
		}, `is another protocol sent to this port?`},
		{"lost last flight", keys, func(t *testing.T, s *server) {
			loseLastFlight(t, s)
		}, `the last flight of the handshake was lost on its way to the client`},
	}
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			s := serve(t, f.server...)
			p := open(t, s.console)
			p.click("#tab-handshakes")
			f.happen(t, s)
			p.awaitText("#handshakes-table .explanation", f.explanation)

			// Its steps are there, and what is in them.
			p.click("#handshakes-table tbody.handshake a, #handshakes-table tbody.handshake button")
			p.Await("steps", `document.querySelectorAll('#trace-steps button.step').length > 0`)
			p.awaitText("#trace-explanation", f.explanation)
			if f.name == "no common suite" {
				p.click("#trace-steps button.step[data-step='0']")
				p.awaitText("#trace-steps .fields", "PSK-CHACHA20-POLY1305")
				p.Screenshot("failure")
			}
		})
	}
}

// send sends a datagram from a port of its own and reads no answer.
func send(t *testing.T, address string, datagram []byte) {
	t.Helper()
	conn, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.Write(datagram); err != nil {
		t.Fatal(err)
	}
}

// firstHello returns the first datagram of a client, which has no cookie.
func firstHello(t *testing.T) []byte {
	t.Helper()
	near, far := net.Pipe()
	c, err := dtls.Client(packetPipe{near}, &dtls.Config{ClientPSK: dtls.StaticClientPSK("silent", make([]byte, 16))})
	if err != nil {
		t.Fatal(err)
	}
	go c.Handshake()
	defer c.Close()
	defer far.Close() // first: nobody reads what else the client says
	datagram := make([]byte, 2048)
	far.SetReadDeadline(time.Now().Add(patience))
	n, err := far.Read(datagram)
	if err != nil {
		t.Fatal(err)
	}
	return datagram[:n]
}

// A packetPipe is a connected socket whose datagrams come out of the other end of the pipe.
type packetPipe struct{ net.Conn }

func (packetPipe) RemoteAddr() net.Addr {
	return net.UDPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:22334"))
}

// loseLastFlight completes a handshake in which the server's last flight is lost once.
func loseLastFlight(t *testing.T, s *server) {
	t.Helper()
	fate := func(from interop.Role, datagram int) interop.Fate {
		if from == interop.Server && datagram == 2 { // after the cookie and the first flight
			return interop.Lost
		}
		return interop.Delivered
	}
	relay, err := interop.NewRelay(netip.MustParseAddrPort(s.address), fate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(relay.Stop)
	direct := s.address
	s.address = relay.Addr().String()
	defer func() { s.address = direct }()
	if got := s.connect("--psk", alice, "--message", "hello"); !strings.Contains(got, "ACK") {
		t.Errorf("the client got:\n%s", got)
	}
}

// A capture opens in Wireshark as it is: the secrets are in it.
func TestCaptureDecryptsItself(t *testing.T) {
	chromium.Require(t, "tshark")
	s := serve(t, "--psk", anyone, "--ciphers", "PSK-AES128-GCM-SHA256", "--console-captures")
	p := open(t, s.console)
	p.awaitText("#captures-banner", "Packets are being recorded")
	c := s.client("--psk", alice)
	if err := c.WriteLine("in the clear at last"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Want("answer", `ACK$`); err != nil {
		t.Fatal(err)
	}
	p.click("#tab-sessions")
	p.click("#sessions-body tr[data-session] a, #sessions-body tr[data-session] button")
	p.Await("the link to the capture", `document.querySelector('#session-capture').checkVisibility()`)
	path := evaluate[string](p, `new URL(document.querySelector('#session-capture').href).pathname`)
	file := filepath.Join(t.TempDir(), "session.pcapng")
	s.download(path, file)
	output := s.output("tshark", "-r", file, "-x")
	if !strings.Contains(output, "Decrypted DTLS") || !strings.Contains(output, "in the clear at") {
		t.Errorf("tshark says:\n%s", output)
	}
}

func TestCapturesAreOffUnlessAskedFor(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	s.client("--psk", alice)
	p.click("#tab-sessions")
	p.click("#sessions-body tr[data-session] a, #sessions-body tr[data-session] button")
	p.awaitText("#session-facts", "alice")
	if evaluate[bool](p, `document.querySelector('#session-capture').checkVisibility() || document.querySelector('#captures-banner').checkVisibility()`) {
		t.Error("the page speaks of captures")
	}
}
