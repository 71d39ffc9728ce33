package browser

import (
	"net"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/interop/internal/chromium"
)

const (
	anyone = "*:1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d"
	alice  = "alice:1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d"
)

// The window of Qt's example server: what it says of a client from the first datagram to the last, and what the client
// sends, in both forms.
func TestLiveShowsAClientFromBeginningToEnd(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	p.awaitText("#log", "Server is listening on address 127.0.0.1 and port")

	c := s.client("--psk", alice)
	for _, line := range []string{
		"): not verified yet",
		"): verified, starting a handshake",
		"): handshake is in progress ...",
		"PSK callback, received a client's identity: 'alice'",
		"encrypted. Session cipher: TLS_AES_128_GCM_SHA256; session protocol: DTLS 1.3; key agreement: X25519MLKEM768.",
	} {
		p.awaitText("#log", line)
	}
	if err := c.WriteLine("the temperature is 21"); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"---------------", "A message from (127.0.0.1:", "DTLS datagram:", "2f ", "As plain text:", "the temperature is 21"} {
		p.awaitText("#messages", line)
	}
	if evaluate[bool](p, says("#messages", "ACK")) {
		t.Error("what was sent is shown though nobody asked for it")
	}
	p.click("#show-sent")
	p.awaitText("#messages", "Sent to (127.0.0.1:")
	p.awaitText("#messages", ": ACK")

	c.CloseInput()
	p.awaitText("#log .line.closed", "The DTLS connection has been shutdown")
}

// OpenSSL's client is a real one, too.
func TestLiveShowsOpenSSL(t *testing.T) {
	chromium.Require(t, "openssl")
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	c := s.run("openssl", "s_client", "-dtls1_2", "-connect", s.address, "-psk_identity", "openssl", "-psk", strings.TrimPrefix(anyone, "*:"))
	p.awaitText("#log", "PSK callback, received a client's identity: 'openssl'")
	p.awaitText("#log", "encrypted. Session cipher: ECDHE-PSK-CHACHA20-POLY1305")
	if err := c.WriteLine("hello from openssl"); err != nil {
		t.Fatal(err)
	}
	p.awaitText("#messages", `hello from openssl\x0a`)
}

// Stop listening is Qt's: no new client gets in, and those that are there stay.
func TestStopListeningKeepsThoseWhoAreThere(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	c := s.client("--psk", alice, "-v")
	p.awaitText("#log", "'alice'")

	p.click("#stop")
	p.awaitText("#log", "Server is not accepting new connections")
	if got := s.connect("--psk", "bob"+strings.TrimPrefix(alice, "alice"), "--message", "hello", "--timeout", "1500ms"); !strings.Contains(got, "handshake timed out") {
		t.Errorf("a new client got:\n%s", got)
	}
	if err := c.WriteLine("still here"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Want("answer", `^to \(127\.0\.0\.1:\d+\): ACK$`); err != nil {
		t.Error(err)
	}

	p.click("#start")
	if got := s.connect("--psk", "bob"+strings.TrimPrefix(alice, "alice"), "--message", "hello"); !strings.Contains(got, "ACK") {
		t.Errorf("a new client got:\n%s", got)
	}
	p.awaitText("#log", "'bob'")
}

func TestStopAndDisconnectSaysGoodbyeToAll(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	c := s.client("--psk", alice)
	p.awaitText("#log", "'alice'")
	p.click("#disconnect")
	if _, err := c.Want("end", `shutdown alert received`); err != nil {
		t.Error(err)
	}
	p.awaitText("#listen-told", "1")

	p.click("#start")
	p.awaitText("#listen-state", "istening")
	if got := s.connect("--psk", alice, "--message", "hello"); !strings.Contains(got, "ACK") {
		t.Errorf("after the start a client got:\n%s", got)
	}
}

func TestListeningElsewhereIsPossibleOrExplained(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	p.awaitText("#listen-state", "istening")

	taken, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.LocalAddr().String())
	p.choose("#address", "127.0.0.1")
	p.enter("#port", port)
	p.click("#start")
	p.awaitText("#listen-error", "the bound address is already in use")
	p.awaitText("#listen-error", "names the program that has it")

	p.enter("#port", "99999")
	p.click("#start")
	p.awaitText("#listen-error", "65535")
	if got := s.connect("--psk", alice, "--message", "hello"); !strings.Contains(got, "ACK") {
		t.Errorf("where listening was impossible, the server of before is gone: a client got:\n%s", got)
	}

	taken.Close()
	p.enter("#port", port)
	p.click("#start")
	p.awaitText("#log", "Server is listening on address 127.0.0.1 and port "+port)
	s.address = "127.0.0.1:" + port
	if got := s.connect("--psk", alice, "--message", "hello"); !strings.Contains(got, "ACK") {
		t.Errorf("on the new port a client got:\n%s", got)
	}
}

// Search finds by text, by plaintext and by hex; what is held waits, and is not lost.
func TestLinesAreSearchedAndHeld(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	s.connect("--psk", alice, "--message", "needle in a haystack")
	s.connect("--psk", "bob"+strings.TrimPrefix(alice, "alice"), "--message", "straw")
	p.awaitText("#messages", "straw")

	p.enter("#search", "needle")
	p.Await("the other message to go", "!"+says("#messages", "straw"))
	p.awaitText("#messages", "needle in a haystack")
	p.enter("#search", "6e 65 65 64 6c 65") // the same in hex
	p.awaitText("#messages", "needle in a haystack")
	p.enter("#search", "bob")
	p.awaitText("#log", "'bob'")
	p.Await("the other client to go", "!"+says("#log", "'alice'"))
	p.enter("#search", "")
	p.awaitText("#log", "'alice'")

	p.click("#pause")
	before := evaluate[int](p, "window.dtlsdConsole.received")
	s.connect("--psk", "carol"+strings.TrimPrefix(alice, "alice"), "--message", "later")
	p.Await("new lines to arrive", "window.dtlsdConsole.received > "+number(before+5))
	if evaluate[bool](p, says("#log", "carol")) {
		t.Error("the held pane moved")
	}
	p.click("#pause")
	p.awaitText("#log", "'carol'")
}
