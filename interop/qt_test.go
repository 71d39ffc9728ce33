package interop

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// qtKey is the key of both examples, for every identity.
const qtKey = "1a2b3c4d5e6f"

// qtSuites are those that the server accepts, and the client offers, that we have too. Qt speaks through OpenSSL and
// shows its names.
var qtSuites = openSSLNames(0xccac, 0x00a9, 0xccab, 0x00a8, 0xc038, 0x00af, 0xc037, 0x00ae)

// Where to click. The windows have fixed sizes.
var (
	qtClientConnect  = point{86, 475}
	qtClientShutdown = point{86, 506}
	qtClientInfo     = point{300, 300} // the pane of messages
	qtClientData     = point{900, 300} // the pane of datagrams
	qtHostName       = point{350, 34}  // in the dialog "Host info"
	qtHostPort       = point{350, 64}
	qtHostOK         = point{410, 107}

	qtServerListen = point{500, 597}
	qtServerInfo   = point{280, 300}
	qtServerData   = point{800, 300}
	qtListenPort   = point{80, 138} // in the dialog "IP and port"
	qtListenOK     = point{236, 189}
)

// TestQtClient serves Qt's example client, one association for each suite. All are made by one run of the program.
func TestQtClient(t *testing.T) {
	require(t, needQt)
	subject := run.subject(t)
	client := startQtClient(t)
	for _, suite := range common(qtSuites, subject.Suites(Server)) {
		scenario := client.next(suite)
		qtRow(t, Client, scenario, scenario.Authentication.String(), func() error { return client.converse(scenario, subject) })
	}
}

// TestQtClientLifetime serves Qt's client as its own server would: dtlsd shows the same lines in the same order, and
// the window two acknowledged pings.
func TestQtClientLifetime(t *testing.T) {
	require(t, needQt)
	if _, ours := run.subject(t).(dtlsd); !ours {
		t.Skip("only dtlsd shows the lines of Qt's server")
	}
	client := startQtClient(t)
	scenario := client.next(0xccac)
	qtRow(t, Client, scenario, "PSK, two pings, Qt's lines", func() error { return client.live(scenario) })
}

// TestQtServer connects to Qt's example server, once for each suite. One run of the program serves all.
func TestQtServer(t *testing.T) {
	require(t, needQt)
	subject := run.subject(t)
	server := startQtServer(t)
	for _, suite := range common(qtSuites, subject.Suites(Client)) {
		scenario := run.scenario(suite, Authentication{PreSharedKey, PreSharedKey})
		scenario.Key, scenario.Inside = qtKey, server.network
		qtRow(t, Server, scenario, scenario.Authentication.String(), func() error { return server.converse(scenario, subject) })
	}
}

// TestQtServerPings lets dtlsd behave like Qt's client: three pings, all acknowledged.
func TestQtServerPings(t *testing.T) {
	require(t, needQt)
	if _, ours := run.subject(t).(dtlsd); !ours {
		t.Skip("only dtlsd sends the pings of Qt's client")
	}
	server := startQtServer(t)
	scenario := run.scenario(0xccac, Authentication{PreSharedKey, PreSharedKey})
	qtRow(t, Server, scenario, "PSK, three pings", server.takePings)
}

// qtRow runs a row and enters it.
func qtRow(t *testing.T, role Role, s *Scenario, how string, try func() error) {
	t.Run(s.Suite.String()+"/"+how, func(t *testing.T) {
		err := try()
		run.table.Add(Result{Peer: "Qt", Role: role.String(), Suite: s.Suite.String(), How: how, Err: err})
		if err != nil {
			t.Error(err)
		}
	})
}

// startQt starts one of the programs on a desktop of its own and returns its window.
func startQt(t *testing.T, pattern, title string, network *Namespace) *Window {
	t.Helper()
	desktop, err := NewDesktop()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(desktop.Close)
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	program, err := desktop.Start(Command{Path: paths[0], Env: []string{"XDG_RUNTIME_DIR=" + t.TempDir()}, Inside: network})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(program.Stop)
	window, err := desktop.Window(title)
	if err != nil {
		t.Fatalf("%v; the program said: %s", err, program.Output())
	}
	if err := window.MoveToOrigin(); err != nil {
		t.Fatal(err)
	}
	return window
}

// A qtClient is the window of Qt's client. It makes one association after the other; the n-th, from 0, identifies
// itself as "Alice (clone number n)", sends a ping at once and then one every five seconds.
type qtClient struct {
	window *Window
	clones int
}

func startQtClient(t *testing.T) *qtClient {
	t.Helper()
	return &qtClient{window: startQt(t, qtClientProgram, "DTLS client", nil)}
}

// next returns the scenario of the association that the window will make next.
func (c *qtClient) next(suite Suite) *Scenario {
	s := run.scenario(suite, Authentication{PreSharedKey, PreSharedKey})
	s.Identity, s.Key = fmt.Sprintf("Alice (clone number %d)", c.clones), qtKey
	c.clones++
	return s
}

// converse makes the window connect to a server of the subject and demands that a ping is answered, and that the
// server notices the goodbye. The client shows no suite: what it accepted is read from the ServerHello, and the
// window says that the connection is encrypted.
func (c *qtClient) converse(scenario *Scenario, subject Implementation) error {
	server, err := subject.Serve(scenario)
	if err != nil {
		return err
	}
	defer server.Stop()
	relay, err := NewRelay(server.Addr(), nil)
	if err != nil {
		return err
	}
	defer relay.Stop()
	if err := c.connect(relay.Addr()); err != nil {
		return err
	}
	defer c.window.Click(qtClientShutdown)
	if _, err := relay.Want("ServerHello with the suite", fmt.Sprintf("^server_hello 0x%04x$", uint16(scenario.Suite))); err != nil {
		return err
	}
	if err := wantSuite(scenario.Suite, server); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	if err := c.ping(scenario, server); err != nil {
		return err
	}
	return c.shutDown(scenario, server)
}

// live is the whole lifetime of an association with dtlsd: the handshake, two pings and their acknowledgements, the
// goodbye.
func (c *qtClient) live(scenario *Scenario) error {
	server, err := dtlsd{}.start([]string{"serve", "--console", "off", "--listen", "127.0.0.1:0", "--psk", "*:" + qtKey}, dtlsdServerReports, "", nil)
	if err != nil {
		return err
	}
	defer server.Stop()
	groups, err := server.Want("address", dtlsdListening)
	if err != nil {
		return err
	}
	if err := c.connect(netip.MustParseAddrPort(groups[1] + ":" + groups[2])); err != nil {
		return err
	}
	defer c.window.Click(qtClientShutdown)
	groups, err = server.Want("second ping", `^A message from \((\S+)\)\n.*\n.*\n.*\n I am `+regexp.QuoteMeta(scenario.Identity)+`, please, accept our ping 1$`)
	if err != nil {
		return err
	}
	peer := groups[1]
	acknowledged := `(?s:As plain text:\n *to \(` + regexp.QuoteMeta(peer) + `\): ACK.*){2}`
	if _, err := c.window.WantRead(qtClientData, acknowledged); err != nil {
		return err
	}
	if err := c.shutDown(scenario, server); err != nil {
		return err
	}
	return wantLines(server.Output(),
		"("+peer+"): not verified yet",
		"("+peer+"): verified, starting a handshake",
		"("+peer+"): handshake is in progress ...",
		"PSK callback, received a client's identity: '"+scenario.Identity+"'",
		"Connection with ("+peer+") encrypted. Session cipher: ECDHE-PSK-CHACHA20-POLY1305; session protocol: DTLS 1.2.",
		"---------------",
		"A message from ("+peer+")",
		"DTLS datagram:",
		"As plain text:",
		" I am "+scenario.Identity+", please, accept our ping 0",
		"("+peer+"): The DTLS connection has been shutdown",
	)
}

// wantLines demands that a text has the lines in that order, whatever stands between them.
func wantLines(text string, lines ...string) error {
	rest := text
	for _, line := range lines {
		_, after, found := strings.Cut("\n"+rest, "\n"+line+"\n")
		if !found {
			return fmt.Errorf("dtlsd does not show %q where it should; it shows:\n%s", line, text)
		}
		rest = after
	}
	return nil
}

// shutDown ends the association at the window and waits until both sides have shown what they should.
func (c *qtClient) shutDown(scenario *Scenario, server End) error {
	if _, err := c.window.WantRead(qtClientInfo, regexp.QuoteMeta(scenario.Identity)+": encrypted connection established!"); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if err := c.window.Click(qtClientShutdown); err != nil {
		return err
	}
	if _, err := server.Report(Goodbye); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	return nil
}

// connect fills in the dialog "Host info".
func (c *qtClient) connect(to netip.AddrPort) error {
	if err := c.window.Click(qtClientConnect); err != nil {
		return err
	}
	dialog, err := c.window.desktop.Window("Host info")
	if err != nil {
		return err
	}
	if err := dialog.Fill(qtHostName, to.Addr().String()); err != nil {
		return err
	}
	if err := dialog.Fill(qtHostPort, strconv.Itoa(int(to.Port()))); err != nil {
		return err
	}
	return dialog.Click(qtHostOK)
}

// ping waits for the first ping at the server and for its answer in the window.
func (c *qtClient) ping(scenario *Scenario, server Listener) error {
	ping := fmt.Sprintf("I am %s, please, accept our ping 0", scenario.Identity)
	if err := server.WantText(ping); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	answer := regexp.QuoteMeta(ping)
	if !server.Echoes() {
		answer = randomText("pong")
		if err := server.Send(answer); err != nil {
			return fmt.Errorf("server: %w", err)
		}
	}
	_, err := c.window.WantRead(qtClientData, `(?s:`+regexp.QuoteMeta(scenario.Identity)+` received a DTLS datagram:.*As plain text:\n.*)`+answer)
	return err
}

// A qtServer is the window of Qt's server, which listens at address.
type qtServer struct {
	window  *Window
	network *Namespace // nil where the server runs in the network of the tests
	address netip.AddrPort
}

// startQtServer starts the server in a network of its own where it can use the loopback interface. Where none can be
// made it listens on the first address of this machine that it offers.
func startQtServer(t *testing.T) *qtServer {
	t.Helper()
	network, err := NewNamespace()
	if err != nil {
		t.Logf("%v; Qt's server uses an address of this machine", err)
		network = nil
	} else {
		t.Cleanup(network.Close)
	}
	s := &qtServer{window: startQt(t, qtServerProgram, "DTLS server", network), network: network}
	if err := s.listen(); err != nil {
		t.Fatal(err)
	}
	return s
}

// listen fills in the dialog "IP and port" and reads from the window where the server listens.
func (s *qtServer) listen() error {
	port, err := freePort()
	if err != nil {
		return err
	}
	if err := s.window.Click(qtServerListen); err != nil {
		return err
	}
	dialog, err := s.window.desktop.Window("IP and port")
	if err != nil {
		return err
	}
	if err := dialog.Fill(qtListenPort, strconv.Itoa(port)); err != nil {
		return err
	}
	if err := dialog.Click(qtListenOK); err != nil {
		return err
	}
	groups, err := s.window.WantRead(qtServerInfo, `Server is listening on address (\S+) and port (\d+)`)
	if err != nil {
		return err
	}
	s.address, err = netip.ParseAddrPort(groups[1] + ":" + groups[2])
	return err
}

// converse connects a client of the subject and demands that the window shows the suite, the text that was sent and
// the client's goodbye. The server answers with the client's own address.
func (s *qtServer) converse(scenario *Scenario, subject Implementation) error {
	client, err := subject.Connect(scenario, s.address)
	if err != nil {
		return err
	}
	defer client.Stop()
	if err := wantSuite(scenario.Suite, client); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	text := randomText("ping")
	if err := client.Send(text); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if err := client.WantText("to ("); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	from, err := s.sender(text)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	if err := client.WantText("to " + from + ": ACK"); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if err := client.Close(); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	encrypted := "Connection with " + from + " encrypted. Session cipher: " + scenario.Suite.OpenSSL() + "; session protocol: DTLS 1.2."
	goodbye := from + ": The DTLS connection has been shutdown"
	if _, err := s.window.WantRead(qtServerInfo, regexp.QuoteMeta(encrypted)+`(?s:.*)`+regexp.QuoteMeta(goodbye)); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	return nil
}

// takePings lets dtlsd send three pings and demands that it counts as many acknowledgements, and that the window shows
// the last ping.
func (s *qtServer) takePings() error {
	args := []string{"connect", s.address.String(), "--psk", "interop:" + qtKey, "--ping", "3", "--interval", "100ms"}
	client, err := dtlsd{}.start(args, dtlsdClientReports, "^", s.network)
	if err != nil {
		return err
	}
	defer client.Stop()
	code, err := client.program.(*Process).ExitCode()
	if err != nil {
		return err
	}
	if code != 0 {
		return fmt.Errorf("dtlsd ended with %d; it said:\n%s", code, lastLines(client.Output(), 5))
	}
	_, err = s.sender("I am interop, please, accept our ping 2")
	return err
}

// sender returns the address, in parentheses, that the window shows with a text that was received.
func (s *qtServer) sender(text string) (string, error) {
	groups, err := s.window.WantRead(qtServerData, `A message from (\(\S+:\d+\))\nDTLS datagram:\n.*\nAs plain text:\n *`+regexp.QuoteMeta(text))
	if err != nil {
		return "", err
	}
	return groups[1], nil
}
