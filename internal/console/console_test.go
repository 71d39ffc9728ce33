package console

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

func TestConsoleIsNotForTheNetworkWithoutTLS(t *testing.T) {
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0"} {
		_, err := New(Settings{Address: address}, newFakeBackend())
		if err == nil || hintOf(err) != "--console-cert and --console-key, or listen on 127.0.0.1" {
			t.Errorf("%s: error %v, hint %q", address, err, hintOf(err))
		}
	}
	for _, address := range []string{"127.0.0.1:0", "localhost:0", "127.0.0.2:0"} {
		newSite(t, func(s *Settings) { s.Address = address })
	}
	newSite(t, withTLS, func(s *Settings) { s.Address = ":0" })
}

func TestAddressesThatCannotBeListenedOnComeWithAHint(t *testing.T) {
	taken := newSite(t).console.listener.Addr().String()
	for address, mention := range map[string]string{
		taken:             "another program listens on " + taken,
		"127.0.0.1":       "port",
		"127.0.0.1:99999": "99999",
	} {
		_, err := New(Settings{Address: address}, newFakeBackend())
		if err == nil || !strings.Contains(err.Error(), mention) || hintOf(err) == "" {
			t.Errorf("%s: error %v, hint %q", address, err, hintOf(err))
		}
	}
}

// serve has a console answer on its real listener until it is closed.
func (s *site) serve() (closed func()) {
	served := make(chan error)
	go func() { served <- s.console.Serve() }()
	return func() {
		s.t.Helper()
		if err := s.console.Close(); err != nil {
			s.t.Errorf("Close: %v", err)
		}
		if err := <-served; err != nil {
			s.t.Errorf("Serve: %v", err)
		}
	}
}

func TestLinkOpensThePage(t *testing.T) {
	for name, tlsOn := range map[string]bool{"http": false, "https": true} {
		t.Run(name, func(t *testing.T) {
			client := &http.Client{}
			s := newSite(t, func(s *Settings) {
				if tlsOn {
					withTLS(s)
					roots := x509.NewCertPool()
					roots.AddCert(s.Certificate.Leaf)
					client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
				}
			})
			defer client.CloseIdleConnections()
			closed := s.serve()
			if !strings.HasPrefix(s.console.URL(), name+"://127.0.0.1:") {
				t.Errorf("the link is %s", s.console.URL())
			}
			response, err := client.Get(s.console.URL())
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), "<title>") {
				t.Errorf("status %d, %s, %v", response.StatusCode, body, err)
			}
			closed()
		})
	}
}

func TestClosingEndsEventStreams(t *testing.T) {
	s := newSite(t)
	closed := s.serve()
	r, err := http.NewRequest("GET", strings.Replace(s.console.URL(), "/#", "/api/v1/events#", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.tokenOfLink())
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	events := bufio.NewReader(response.Body)
	if line, err := events.ReadString('\n'); err != nil || line != "event: hello\n" {
		t.Fatalf("the stream begins with %q, %v", line, err)
	}
	closed()
	if _, err := io.Copy(io.Discard, events); err != nil {
		t.Errorf("the stream ends with %v", err)
	}
}

func TestConsoleThatNeverServedCanBeClosed(t *testing.T) {
	s := newSite(t)
	address := s.console.listener.Addr().String()
	s.console.Close()
	s.console.Close()
	if err := s.console.Serve(); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
	newSite(t, func(s *Settings) { s.Address = address }) // the port is free again
}

func TestPacketsAndSecretsAreWatchedOnlyIfAskedFor(t *testing.T) {
	quiet := newSite(t).console.Observer()
	if quiet.Packet != nil || quiet.Secret != nil {
		t.Error("packets or secrets are watched though nobody asked for it")
	}
	if quiet.Log == nil || quiet.Datagram == nil || quiet.Handshake == nil || quiet.Drop == nil {
		t.Error("something is not watched")
	}
	marked := newSite(t, func(s *Settings) { s.Captures = true }).console.Observer()
	if marked.Packet == nil || marked.Secret == nil {
		t.Error("packets or secrets are not watched though they were asked for")
	}
}

func TestFaultsOfHTTPBecomeLines(t *testing.T) {
	s := newSite(t)
	var told []string
	tell := func(text string) { s.console.server.ErrorLog.Print(text) }
	tell("http: panic serving 127.0.0.1:1: \x1b[31moops\ngoroutine 1")
	tell("http: TLS handshake error from 192.0.2.1:1: EOF")
	told = s.toldLines()
	if !slices.Equal(told, []string{`console: http: panic serving 127.0.0.1:1: \x1b[31moops`}) {
		t.Errorf("told %q", told)
	}
	s.console.Tell(time.Now(), dtls.Warning, "hello")
	if told = s.toldLines(); len(told) != 2 || told[1] != "hello" {
		t.Errorf("told %q", told)
	}
}
