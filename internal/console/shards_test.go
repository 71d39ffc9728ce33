package console

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// The hooks of a server with several shards run at the same time, while pages
// look.
func TestSeveralShardsAreWatchedAtOnce(t *testing.T) {
	const clients, messages = 12, 5
	s := newSite(t, func(s *Settings) { s.Captures = true })
	key := []byte("a key of 16 byte")
	sockets, err := dtls.ListenGroup("udp", "127.0.0.1:0", 4)
	if err != nil {
		t.Fatal(err)
	}
	server := &dtls.Server{
		Config:  &dtls.Config{PSK: dtls.StaticPSK{"sensor-7": key}, Observer: s.console.Observer()},
		Handler: dtls.HandlerFunc(func(sess *dtls.Session, datagram []byte) { sess.Send(datagram) }),
		Closed:  s.console.SessionClosed,
	}
	served := make(chan error, 1)
	go func() { served <- server.ServeGroup(sockets) }()

	var talking sync.WaitGroup
	for range clients {
		talking.Go(func() {
			c, err := dtls.DialTimeout("udp", sockets[0].LocalAddr().String(), 10*time.Second, &dtls.Config{ClientPSK: dtls.StaticClientPSK("sensor-7", key)})
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(10 * time.Second))
			for i := range messages {
				fmt.Fprint(c, "message ", i)
				if _, err := c.Read(make([]byte, 100)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 5 {
		var status Status
		s.get("/api/v1/status", &status)
		s.console.traces.summaries()
		s.console.lines.read(&batch{}, 1, 100)
	}
	talking.Wait()
	server.Shutdown(t.Context())
	<-served

	established := 0
	for _, h := range s.console.traces.summaries() {
		if h.Outcome == OutcomeEstablished {
			established++
		}
	}
	if shown := s.console.lines.shown.Load(); established != clients || shown == 0 {
		t.Errorf("%d handshakes, %d datagrams", established, shown)
	}
	if got := len(s.console.closed.newestFirst()); got != clients {
		t.Errorf("%d sessions are over", got)
	}
}
