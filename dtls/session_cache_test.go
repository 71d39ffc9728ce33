package dtls

import (
	"context"
	"testing"

	"github.com/dtlsd/dtlsd/internal/engine"
)

func TestSessionCacheKeepsThoseUsedLast(t *testing.T) {
	ctx := context.Background()
	c := NewSessionCache(2)
	c.Put(ctx, "a", []byte("1"))
	c.Put(ctx, "b", []byte("2"))
	c.Get(ctx, "a")
	c.Put(ctx, "c", []byte("3"))
	c.Put(ctx, "c", []byte("4"))
	for id, want := range map[string]string{"a": "1", "b": "", "c": "4"} {
		if got := string(c.Get(ctx, id)); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
}

func TestClientSessionCacheForgets(t *testing.T) {
	c := NewClientSessionCache(0) // holds one
	s := &ClientSession{&engine.SessionState{ServerName: "a"}}
	c.Put("a", s)
	if c.Get("a") != s || c.Get("b") != nil {
		t.Error("it does not have what was put there")
	}
	c.Put("a", nil)
	c.Put("b", nil)
	if c.Get("a") != nil {
		t.Error("it does not forget")
	}
}

func TestClientSessionsSurviveAsBytes(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		config := clientConfig()
		cache := NewClientSessionCache(1)
		config.ClientSessionCache = cache
		w.dial(clientAddress, config).Close()
		session, err := ParseClientSession(cache.Get(serverAddress).Bytes())
		if err != nil {
			t.Fatal(err)
		}
		cache.Put(serverAddress, session)
		c := w.dial(clientAddress, config)
		if !c.ConnectionState().DidResume {
			t.Error("not resumed")
		}
		c.Close()
	})
	if _, err := ParseClientSession([]byte("junk")); err == nil {
		t.Error("junk is a session")
	}
}
