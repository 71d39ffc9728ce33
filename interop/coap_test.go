package interop

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/dtls"
	coapdtls "github.com/plgd-dev/go-coap/v3/dtls"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/mux"
	coapnet "github.com/plgd-dev/go-coap/v3/net"
	"github.com/plgd-dev/go-coap/v3/options"
)

// A coapClient is a program of libcoap 4.3.1. It comes once with each library for DTLS.
type coapClient struct {
	name, program string
	suites        suiteTable
	suite         string // a regular expression for what -v 9 prints
}

var coapClients = []coapClient{
	{
		name: "libcoap, OpenSSL", program: "coap-client-openssl",
		suites: openSSLSuites, suite: `Using cipher: (\S+)$`,
	},
	{
		// libcoap's priority string has neither CBC with SHA-384 nor AES-256-CCM-8.
		name: "libcoap, GnuTLS", program: "coap-client-gnutls",
		suites: without(gnuTLSSuites, 0x00af, 0xc038, 0xc0a9, 0xc0af), suite: `Selected cipher suite: GNUTLS_(\w+)$`,
	},
}

// TestLibcoap serves libcoap's clients with go-coap on a listener of the library.
func TestLibcoap(t *testing.T) {
	require(t, needLibcoap)
	switch run.subject(t).(type) {
	case dtlsd, library:
	default:
		t.Skip("only the library of this repository serves CoAP here")
	}
	for _, client := range coapClients {
		for _, suite := range common(client.suites, dtlsdSuites) {
			for _, authentication := range suite.authentications() {
				if authentication.Server != Ed25519 {
					coapRow(t, client, suite, authentication)
				}
			}
		}
	}
}

func coapRow(t *testing.T, client coapClient, suite Suite, authentication Authentication) {
	scenario := run.scenario(suite, authentication)
	t.Run(fmt.Sprintf("%s/%v/%v", client.program, suite, authentication), func(t *testing.T) {
		err := client.put(scenario)
		run.table.Add(Result{Peer: client.name, Role: Client.String(), Suite: suite.String(), How: authentication.String(), Err: err})
		if err != nil {
			t.Error(err)
		}
	})
}

// put lets the program put a random text, which the server must get, and get another one as the answer.
func (c coapClient) put(s *Scenario) error {
	server, err := serveCoAP(s)
	if err != nil {
		return err
	}
	defer server.stop()
	ping := randomText("ping")
	args := []string{"-v", "9", "-B", "5", "-m", "put", "-e", ping}
	if s.Authentication.Server == PreSharedKey {
		key, err := hex.DecodeString(s.Key)
		if err != nil {
			return err
		}
		args = append(args, "-u", s.Identity, "-k", string(key))
	} else {
		args = append(args, "-C", s.ClientTrusts())
	}
	if shows, pair := s.ClientShows(); shows.isCertificate() {
		args = append(args, "-c", pair.Certificate, "-j", pair.Key)
	}
	p, err := Start(Command{Path: c.program, Args: append(args, "coaps://"+server.address+"/text")})
	if err != nil {
		return err
	}
	defer p.Stop()
	end := &programEnd{program: p, suites: c.suites, reports: map[Fact]string{SuiteName: c.suite}, received: `^v:1 t:ACK c:2\.04 .* :: '`}
	if err := wantSuite(s.Suite, end); err != nil {
		return err
	}
	if err := end.WantText(server.pong); err != nil {
		return err
	}
	if got := <-server.received; got != ping {
		return fmt.Errorf("the server received %q, not %q", got, ping)
	}
	return nil
}

// A coapServer answers every request with the same text and hands over what it received.
type coapServer struct {
	address  string
	pong     string
	received chan string
	stop     func()
}

func serveCoAP(s *Scenario) (*coapServer, error) {
	config, _, err := library{}.serverConfig(s, newTranscript())
	if err != nil {
		return nil, err
	}
	listener, err := dtls.Listen("udp4", "127.0.0.1:0", config)
	if err != nil {
		return nil, err
	}
	c := &coapServer{address: listener.Addr().String(), pong: randomText("pong"), received: make(chan string, 16)}
	server := coapdtls.NewServer(options.WithMux(mux.HandlerFunc(c.answer)))
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(coapListener{listener}) // it ends with Stop
	}()
	c.stop = func() {
		server.Stop()
		<-done
	}
	return c, nil
}

func (c *coapServer) answer(w mux.ResponseWriter, request *mux.Message) {
	text, _ := request.ReadBody()
	c.received <- string(text)
	w.SetResponse(codes.Changed, message.TextPlain, strings.NewReader(c.pong))
}

// A coapListener makes a listener of the library one of go-coap, which is ended by Close.
type coapListener struct {
	net.Listener
}

// AcceptWithContext waits for a connection.
func (l coapListener) AcceptWithContext(context.Context) (net.Conn, error) {
	conn, err := l.Accept()
	if errors.Is(err, net.ErrClosed) {
		err = coapnet.ErrListenerIsClosed
	}
	return conn, err
}

// without returns a table that lacks some suites.
func without(t suiteTable, lacks ...Suite) suiteTable {
	rest := make(suiteTable)
	for s, name := range t {
		rest[s] = name
	}
	for _, s := range lacks {
		delete(rest, s)
	}
	return rest
}
