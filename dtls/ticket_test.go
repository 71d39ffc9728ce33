package dtls

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"
	"testing/iotest"
	"time"
)

var ticketTime = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func sealTicket(t *testing.T, k *ticketKeys, now time.Time) []byte {
	t.Helper()
	ticket, err := k.Seal(now, []byte("session"))
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func TestTicketsOpen(t *testing.T) {
	k := newTicketKeys(rand.Reader)
	a, b := sealTicket(t, k, ticketTime), sealTicket(t, k, ticketTime)
	if bytes.Equal(a, b) {
		t.Error("two tickets are the same")
	}
	if bytes.Contains(a, []byte("session")) {
		t.Error("the ticket shows what is in it")
	}
	if got, ok := k.Open(ticketTime, a); !ok || string(got) != "session" {
		t.Errorf("Open = %q, %v", got, ok)
	}
	for i := range a {
		forged := bytes.Clone(a)
		forged[i] ^= 1
		if _, ok := k.Open(ticketTime, forged); ok {
			t.Errorf("opened with byte %d changed", i)
		}
		if _, ok := k.Open(ticketTime, a[:i]); ok {
			t.Errorf("opened with %d of %d bytes", i, len(a))
		}
	}
	if _, ok := newTicketKeys(rand.Reader).Open(ticketTime, a); ok {
		t.Error("opened by another server")
	}
}

func TestTicketKeysRotate(t *testing.T) {
	k := newTicketKeys(rand.Reader)
	first := sealTicket(t, k, ticketTime)
	second := sealTicket(t, k, ticketTime.Add(ticketKeyRotation))
	if bytes.Equal(first[:ticketNameLen], second[:ticketNameLen]) {
		t.Error("the key is still the same a day later")
	}
	for _, test := range []struct {
		after time.Duration
		want  bool
	}{
		{ticketKeyRotation, true},
		{ticketKeyLife - time.Second, true},
		{ticketKeyLife, false},
	} {
		if _, ok := k.Open(ticketTime.Add(test.after), first); ok != test.want {
			t.Errorf("%v later: opens %v", test.after, ok)
		}
	}
	sealTicket(t, k, ticketTime.Add(3*ticketKeyLife))
	if len(k.keys) != 1 {
		t.Errorf("%d keys are kept", len(k.keys))
	}
}

func TestTicketKeysThatWereSetStay(t *testing.T) {
	old, new := newTicketKeys(rand.Reader), newTicketKeys(rand.Reader)
	old.set([][32]byte{{1}})
	new.set([][32]byte{{2}, {1}})
	later := ticketTime.AddDate(10, 0, 0)
	if _, ok := new.Open(later, sealTicket(t, old, ticketTime)); !ok {
		t.Error("the second key does not open")
	}
	if _, ok := old.Open(later, sealTicket(t, new, later)); ok {
		t.Error("the first key does not seal")
	}
}

func TestNoTicketWithoutRandomness(t *testing.T) {
	k := newTicketKeys(iotest.ErrReader(errors.New("no entropy")))
	if _, err := k.Seal(ticketTime, nil); err == nil {
		t.Error("sealed")
	}
	k.set([][32]byte{{1}})
	if _, err := k.Seal(ticketTime, nil); err == nil {
		t.Error("sealed without a nonce")
	}
}

func FuzzOpenTicket(f *testing.F) {
	k := newTicketKeys(rand.Reader)
	k.set([][32]byte{{1}})
	ticket, err := k.Seal(ticketTime, []byte("session"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ticket)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, ok := k.Open(ticketTime, b); ok && string(got) != "session" {
			t.Errorf("a forged ticket opens: %x", b)
		}
	})
}
