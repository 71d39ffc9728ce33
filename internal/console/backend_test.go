package console

import (
	"context"
	"slices"
	"sync"

	"github.com/dtlsd/dtlsd/dtls"
)

// A fakeBackend is a server of which tests say what it does. What it was told
// is there to be looked at.
type fakeBackend struct {
	mu        sync.Mutex
	listening []string
	accepting bool
	err       error // of Listen and Disconnect
	infos     []dtls.SessionInfo
	sessions  map[uint64]*dtls.Session
	stats     dtls.Stats
	snapshots int // how often Sessions was called
	told      []string
}

func newFakeBackend() *fakeBackend {
	return &fakeBackend{listening: []string{"127.0.0.1:22334"}, accepting: true, sessions: make(map[uint64]*dtls.Session)}
}

func (b *fakeBackend) Listening() ([]string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.listening, b.accepting
}

func (b *fakeBackend) Listen(_ context.Context, addresses []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.listening, b.accepting = addresses, true
	}
	return b.err
}

func (b *fakeBackend) StopListening() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accepting = false
}

func (b *fakeBackend) Disconnect(context.Context) (told int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.listening, b.accepting = nil, false
	}
	return b.stats.Sessions, b.err
}

func (b *fakeBackend) Sessions() []dtls.SessionInfo {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.snapshots++
	return b.infos
}

func (b *fakeBackend) Session(id uint64) *dtls.Session {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sessions[id]
}

func (b *fakeBackend) Stats() dtls.Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stats
}

func (b *fakeBackend) setStats(stats dtls.Stats) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stats = stats
}

func (b *fakeBackend) Tell(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = append(b.told, text)
}

func (b *fakeBackend) wasTold() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.told)
}
