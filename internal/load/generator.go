package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/engine"
)

// Settings are what all scenarios have in common.
type Settings struct {
	// Server is the address of the server.
	Server netip.AddrPort
	// Client configures the clients. Its ValidateClient has to be content.
	Client *dtls.Config
	// Cores is how many goroutines generate load; 0 stands for half as many as
	// can run at a time.
	Cores int
	// Sources is a network whose addresses are ours, to send from. Without it
	// that is 127.0.0.0/8 to a server on it, and to others the one address that
	// the system takes.
	Sources netip.Prefix
	// PID is the server's process, to be watched; 0 for none.
	PID int
	// Label is repeated in the report.
	Label string
	// Progress gets a line that overwrites itself; nil for nobody.
	Progress io.Writer
}

// A Scenario is what the clients do: a [Handshake], an [Echo], an [Idle], a
// [Flood] or a [Mixed].
type Scenario interface {
	// name is what the scenario is called on the command line.
	name() string
	// check says what cannot be meant.
	check(s *Settings) error
	// run does it and adds what came of it to the report.
	run(ctx context.Context, g *generator, r *Report) error
}

// A UsageError says that something was asked for that cannot be meant.
type UsageError struct {
	text string
	Hint string // what to do about it; may be empty
}

func (e *UsageError) Error() string { return e.text }

func usageError(format string, args ...any) error {
	return &UsageError{text: fmt.Sprintf(format, args...)}
}

// Run runs a scenario. The end of ctx ends it early, with the report of what
// came of it until then. The error is a [*UsageError] where nothing began.
func Run(ctx context.Context, s Settings, scenario Scenario) (*Report, error) {
	if err := scenario.check(&s); err != nil {
		return nil, err
	}
	g, err := newGenerator(s)
	if err != nil {
		return nil, err
	}
	r := &Report{Scenario: scenario.name(), Label: s.Label}
	if err := scenario.run(ctx, g, r); err != nil {
		return nil, err
	}
	return r, nil
}

// A generator is one run of a scenario.
type generator struct {
	Settings
	server      netip.AddrPort
	sources     netip.Prefix
	config      *engine.Config
	credentials *credentials
	plain       bool    // without DTLS
	loss        float64 // share of all datagrams that are lost on purpose
	trains      bool    // send and receive datagrams in trains
	began       time.Time
	workers     []*worker
	running     sync.WaitGroup
	halt        context.CancelFunc
	budget      budget
}

func newGenerator(s Settings) (*generator, error) {
	if s.Cores == 0 {
		s.Cores = max(1, runtime.GOMAXPROCS(0)/2)
	}
	if s.PID != 0 {
		if _, err := (process{s.PID}).cpu(); err != nil {
			return nil, usageError("--pid: %v", err)
		}
	}
	g := &generator{Settings: s, server: s.Server, sources: s.Sources, began: time.Now()}
	if !g.sources.IsValid() && s.Server.Addr().Is4() && s.Server.Addr().IsLoopback() && runtime.GOOS == "linux" {
		g.sources = netip.PrefixFrom(s.Server.Addr(), 8).Masked()
	}
	g.budget.done = make(chan struct{})
	return g, nil
}

// equip makes the configuration of the clients.
func (g *generator) equip(resume bool) (err error) {
	g.credentials = newCredentials(g.Client)
	g.config, err = g.credentials.engine(resume)
	return err
}

// start opens the sockets for a number of clients at a time and starts the
// workers.
func (g *generator) start(ctx context.Context, clients int, newCast func(w *worker) cast) error {
	cores := min(g.Cores, clients)
	for i := range cores {
		w := &worker{gen: g, number: i}
		g.workers = append(g.workers, w)
		if err := w.open(ctx, share(clients, cores, i)); err != nil {
			g.closeAll()
			return err
		}
		w.cast = newCast(w)
	}
	// What the clients still have to say at the end is said after ctx.
	ctx, g.halt = context.WithCancel(context.WithoutCancel(ctx))
	for _, w := range g.workers {
		g.running.Go(func() { w.run(ctx) })
	}
	return nil
}

func (g *generator) closeAll() {
	for _, w := range g.workers {
		w.close()
	}
}

// stop ends the workers.
func (g *generator) stop() {
	g.halt()
	g.running.Wait()
}

// share returns the part of n that the i-th of some workers has.
func share(n, workers, i int) int { return n*(i+1)/workers - n*i/workers }

// each does something in the name of each worker.
func (g *generator) each(f func(w *worker)) {
	for _, w := range g.workers {
		w.do(func() { f(w) })
	}
}

// total adds up what the workers have counted.
func (g *generator) total() *tally {
	sum := &tally{}
	for _, w := range g.workers {
		w.mu.Lock()
		sum.merge(&w.tally)
		w.mu.Unlock()
	}
	return sum
}

// clear has the workers count from here on, and allows so many operations; 0
// stands for any number.
func (g *generator) clear(count int) {
	for _, w := range g.workers {
		w.mu.Lock()
		defer w.mu.Unlock()
	}
	for _, w := range g.workers {
		w.tally = tally{agreed: w.tally.agreed}
	}
	if count > 0 {
		g.budget.limit(int64(count))
	}
}

// await waits until done says so, which it is asked every few milliseconds, ctx
// ends or the time is up. It reports whether done said so.
func (g *generator) await(ctx context.Context, limit time.Duration, done func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		if done() {
			return true
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return false
		}
	}
}

// forever is longer than anybody waits.
const forever = 1 << 62

// sleep waits until the time is up, or ctx ends.
func (g *generator) sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	g.await(ctx, d, func() bool { return false })
}

// A budget bounds how many operations begin, and knows when all have ended.
type budget struct {
	limited atomic.Bool
	left    atomic.Int64 // that may begin
	open    atomic.Int64 // that have not ended
	done    chan struct{}
}

// limit allows n operations from here on.
func (b *budget) limit(n int64) {
	b.open.Store(n)
	b.left.Store(n)
	b.limited.Store(true)
}

// take asks whether another one may begin.
func (b *budget) take() bool { return !b.limited.Load() || b.left.Add(-1) >= 0 }

// exhausted reports whether none may begin any more.
func (b *budget) exhausted() bool { return b.limited.Load() && b.left.Load() <= 0 }

// spent says that one has ended that counts.
func (b *budget) spent() {
	if b.limited.Load() && b.open.Add(-1) == 0 {
		close(b.done)
	}
}

// wait waits until all have ended, the time is up or ctx ends.
func (b *budget) wait(ctx context.Context, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-b.done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// errNothing says that no client got through.
var errNothing = errors.New("no handshake has succeeded")
