package interop

import (
	"context"
	"testing"
	"time"

	pion "github.com/pion/dtls/v4"

	"github.com/dtlsd/dtlsd/dtls"
)

// TestPionClientGoesToAnotherPath has pion's client ask for a connection ID that nobody has seen, check another path with
// it, and go there: RFC 9147, Section 9.
func TestPionClientGoesToAnotherPath(t *testing.T) {
	server := &dtls.Server{
		Config:  &dtls.Config{PSK: dtls.StaticPSK{"*": cidKey}},
		Handler: dtls.HandlerFunc(func(s *dtls.Session, b []byte) { s.Send(b) }),
	}
	socket := localSocket(t)
	go server.Serve(socket)
	defer server.Close()

	var own []pion.ClientOption
	for _, o := range pionCIDOptions(5, cidCase{suite: 0x1301, policy: pion.CIDPathMigrationRRC}) {
		own = append(own, o)
	}
	c, err := pion.Client(localSocket(t), socket.LocalAddr(), own...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	wantCIDEcho(t, c, "from the old path", 1)
	path, err := c.AddPath(localSocket(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := path.Probe(ctx); err != nil {
		t.Fatal("probe: ", err)
	}
	if err := path.Switch(); err != nil {
		t.Fatal(err)
	}
	wantCIDEcho(t, c, "from the new path", 10)
	wantCIDEcho(t, c, "once more", 1)
	if got := server.Stats(); got.AddressChanges != 1 || got.HandshakesStarted != 1 {
		t.Errorf("stats: %+v", got)
	}
}
