package browser

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/console"
)

const (
	floodRate = 20_000 // lines a second
	floodTime = 5 * time.Second
)

// quiet is a server of which nothing is known.
type quiet struct{}

func (quiet) Listening() ([]string, bool)                      { return nil, false }
func (quiet) Listen(context.Context, []string) error           { return nil }
func (quiet) StopListening()                                   {}
func (quiet) Disconnect(context.Context) (told int, err error) { return 0, nil }
func (quiet) Sessions() []dtls.SessionInfo                     { return nil }
func (quiet) Session(uint64) *dtls.Session                     { return nil }
func (quiet) Tell(string)                                      {}
func (quiet) Stats() dtls.Stats                                { return dtls.Stats{} }

// The page keeps up with 20,000 lines a second, and accounts for each: it was received, or it was missed and the page
// says so.
func TestPageKeepsUpWithAFlood(t *testing.T) {
	c, err := console.New(console.Settings{Address: "127.0.0.1:0", Payloads: console.PayloadsFull}, quiet{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go c.Serve()
	p := open(t, c.URL())
	p.Await("the connection", `document.querySelector('#connection').innerText === 'connected'`)
	frames, busy, begun := evaluate[int](p, "window.dtlsdConsole.frames"), p.busy(), time.Now()

	total := 0
	log := c.Observer().Log
	for tick := range time.Tick(10 * time.Millisecond) {
		for due := int(time.Since(begun).Seconds() * floodRate); total < due; total++ {
			log(dtls.Entry{Time: tick, Level: dtls.Level(total % 3), Kind: dtls.KindStarted, Text: fmt.Sprintf("line %d of a flood that nobody can read", total)})
		}
		if time.Since(begun) > floodTime {
			break
		}
	}
	took := time.Since(begun).Seconds()
	perSecond := float64(evaluate[int](p, "window.dtlsdConsole.frames")-frames) / took
	t.Logf("%d lines in %.1f s: %.0f frames a second, the page busy %.0f %% of the time", total, took, perSecond, (p.busy()-busy)/took*100)

	p.Await("the last line", fmt.Sprintf("window.dtlsdConsole.received + window.dtlsdConsole.missed === %d", total))
	received, missed := evaluate[int](p, "window.dtlsdConsole.received"), evaluate[int](p, "window.dtlsdConsole.missed")
	overwritten := evaluate[int](p, "window.dtlsdConsole.overwritten")
	t.Logf("received %d, missed %d, of those received %d overwritten in the page", received, missed, overwritten)
	if received-overwritten > 50_000 || overwritten > 0 && received-overwritten != 50_000 {
		t.Errorf("of %d lines %d were overwritten", received, overwritten)
	}
	p.awaitText("#log", fmt.Sprintf("line %d of a flood", total-1))
	if overwritten > 0 {
		p.awaitText("#live-counts", grouped(overwritten))
	}
	if rendered := evaluate[int](p, "window.dtlsdConsole.rendered"); rendered >= total {
		t.Errorf("%d lines were drawn, more than anybody can see", rendered)
	}
}

// busy returns the seconds that the page has worked so far.
func (p *page) busy() float64 {
	p.t.Helper()
	var seconds float64
	p.Do("read metrics", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, performance.Enable, performance.EnableParams{}); err != nil {
			return err
		}
		result, err := cdp.Call(ctx, t, performance.GetMetrics, cdp.Empty{})
		for _, m := range result.Metrics {
			if m.Name == "TaskDuration" {
				seconds = m.Value
			}
		}
		return err
	}))
	return seconds
}
