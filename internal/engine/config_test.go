package engine

import (
	"testing"
	"time"
)

func TestCompleteFillsInWhatIsNotSet(t *testing.T) {
	got := Config{}.Complete()
	if got.MTU != 1200 || got.RetransmitInitial != time.Second || got.RetransmitMax != time.Minute || got.RetransmitLimit != 6 ||
		got.ReassemblyLimit != 64<<10 || got.MaxMessage != 32<<10 || got.SessionLife != 12*time.Hour || got.HandshakeTimeout != 0 {
		t.Errorf("%+v", got)
	}
	got = Config{MTU: 1400, RetransmitInitial: 1, RetransmitMax: 2, RetransmitLimit: 3, ReassemblyLimit: 4, MaxMessage: 5, SessionLife: 6}.Complete()
	if got.MTU != 1400 || got.RetransmitInitial != 1 || got.RetransmitMax != 2 || got.RetransmitLimit != 3 ||
		got.ReassemblyLimit != 4 || got.MaxMessage != 5 || got.SessionLife != 6 {
		t.Errorf("%+v", got)
	}
	if got := (Config{MTU: 1}).Complete().MTU; got != MinMTU {
		t.Errorf("MTU %d", got)
	}
	if got := (Config{TicketCount: 1000}).Complete().TicketCount; got != 255 {
		t.Errorf("%d tickets, where a nonce is a byte", got)
	}
}

func TestSides(t *testing.T) {
	if Client.Peer() != Server || Server.Peer() != Client || Client.String() != "client" || Server.String() != "server" {
		t.Error("the sides are mixed up")
	}
}
