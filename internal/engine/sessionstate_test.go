package engine

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"
)

func fullSession() *SessionState {
	return &SessionState{
		Suite:                0xc02b,
		Created:              946684800,
		Master:               [48]byte{1, 2, 3},
		ExtendedMasterSecret: true,
		EncryptThenMAC:       true,
		ServerName:           "server.example",
		Identity:             []byte("an\x00identity"),
		PeerChain:            [][]byte{[]byte("leaf"), []byte("authority")},
		PeerKeyType:          7,
		ID:                   []byte("id"),
		Ticket:               []byte("ticket"),
	}
}

func TestSessionStateSurvivesItsEncoding(t *testing.T) {
	for _, session := range []*SessionState{fullSession(), {Suite: 0xa8, EncryptThenMAC: true}, {ExtendedMasterSecret: true}} {
		got, err := ParseSessionState(session.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Marshal(), session.Marshal()) || got.ServerName != session.ServerName || got.Master != session.Master ||
			!bytes.Equal(got.Identity, session.Identity) || len(got.PeerChain) != len(session.PeerChain) {
			t.Errorf("%+v became %+v", session, got)
		}
	}
	got, err := ParseSessionState(fullSession().Marshal())
	if err != nil || !reflect.DeepEqual(got, fullSession()) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestSessionStateMustBeWhole(t *testing.T) {
	whole := fullSession().Marshal()
	for n := range whole {
		if _, err := ParseSessionState(whole[:n]); !errors.Is(err, ErrSessionState) {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
	for name, data := range map[string][]byte{
		"a byte more":     append(bytes.Clone(whole), 0),
		"another version": append([]byte{sessionStateVersion + 1}, whole[1:]...),
	} {
		if _, err := ParseSessionState(data); !errors.Is(err, ErrSessionState) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSessionIsResumableForItsLife(t *testing.T) {
	const life = time.Hour
	for _, test := range []struct {
		name string
		age  time.Duration
		want bool
	}{
		{"new", 0, true},
		{"old", life - time.Second, true},
		{"too old", life, false},
		{"of tomorrow", -time.Second, false},
	} {
		s := fullSession()
		if got := s.resumable(time.Unix(s.Created, 0).Add(test.age), life); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func FuzzSessionState(f *testing.F) {
	f.Add(fullSession().Marshal())
	f.Add((&SessionState{}).Marshal())
	f.Fuzz(func(t *testing.T, data []byte) {
		session, err := ParseSessionState(data)
		if err != nil {
			return
		}
		if again := session.Marshal(); !bytes.Equal(again, data) {
			t.Errorf("%x became %x", data, again)
		}
	})
}
