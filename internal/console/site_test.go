package console

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/dtls"
)

// A site is a console of a fake server, and a client who is signed in.
type site struct {
	t       *testing.T
	console *Console
	backend *fakeBackend
}

func newSite(t *testing.T, changes ...func(*Settings)) *site {
	t.Helper()
	settings := Settings{Address: "127.0.0.1:0", Version: "dtlsd (test)", Payloads: PayloadsFull}
	for _, change := range changes {
		change(&settings)
	}
	b := newFakeBackend()
	c, err := New(settings, b)
	if err != nil {
		t.Fatalf("New: %v; %s", err, hintOf(err))
	}
	t.Cleanup(func() { c.Close() })
	return &site{t, c, b}
}

// request returns a request of a client who is signed in. It may be changed
// before it is sent.
func (s *site) request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = s.console.listener.Addr().String()
	r.Header.Set("Authorization", "Bearer "+s.console.secret.token())
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func (s *site) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.console.server.Handler.ServeHTTP(w, r)
	return w
}

func (s *site) do(method, target, body string) *httptest.ResponseRecorder {
	return s.send(s.request(method, target, body))
}

// get reads JSON that must be there.
func (s *site) get(target string, v any) {
	s.t.Helper()
	w := s.do("GET", target, "")
	if w.Code != http.StatusOK {
		s.t.Fatalf("GET %s: status %d, %s", target, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		s.t.Fatalf("GET %s: %v in %s", target, err, w.Body)
	}
}

// wantProblem checks that an answer is a problem with a status, and that title
// and hint mention something.
func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int, mention string) {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("status %d, %v in %q", w.Code, err, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("the problem is %s", got)
	}
	if w.Code != status || p.Status != status || p.Title == "" || !strings.Contains(p.Title+"; "+p.Hint, mention) {
		t.Errorf("status %d, %+v; want status %d and %q", w.Code, p, status, mention)
	}
}

// A peer is a client with a session at a real server, which a site shows.
type peer struct {
	conn    *dtls.Conn
	session *dtls.Session
	closed  chan struct{} // once the site heard of the end
}

// connect makes a session. The site hears of it as it would of its server's.
func (s *site) connect() peer {
	s.t.Helper()
	key := []byte("a key of 16 byte")
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	opened := make(chan *dtls.Session, 1)
	closed := make(chan struct{})
	server := &dtls.Server{
		Config:  &dtls.Config{PSK: dtls.StaticPSK{"sensor-7": key}, Observer: s.console.Observer()},
		Handler: dtls.HandlerFunc(func(*dtls.Session, []byte) {}),
		Opened:  func(sess *dtls.Session) { opened <- sess },
		Closed: func(sess *dtls.Session, reason error) {
			s.console.SessionClosed(sess, reason)
			close(closed)
		},
	}
	go server.Serve(socket)
	s.t.Cleanup(func() { server.Close() })
	conn, err := dtls.Dial("udp", socket.LocalAddr().String(), &dtls.Config{ClientPSK: dtls.StaticClientPSK("sensor-7", key)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	sess := <-opened
	s.backend.mu.Lock()
	defer s.backend.mu.Unlock()
	s.backend.sessions[sess.ID()] = sess
	s.backend.infos = append(s.backend.infos, sess.Info())
	return peer{conn, sess, closed}
}

// toldLines returns the texts of the lines that the page shows.
func (s *site) toldLines() []string {
	s.t.Helper()
	var page struct {
		Lines []struct {
			Text string `json:"text"`
		} `json:"lines"`
	}
	s.get("/api/v1/lines", &page)
	var texts []string
	for _, l := range page.Lines {
		texts = append(texts, l.Text)
	}
	return texts
}
