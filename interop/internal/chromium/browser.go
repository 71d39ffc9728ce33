// Package chromium drives headless Chromium for tests of what people use it for.
package chromium

import (
	"context"
	"os"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/dtlsd/dtlsd/interop"
)

// A Browser is a Chromium, started with the first page. Its zero value has no flags of its own.
type Browser struct {
	Flags map[string]any // on its command line: values, or true for those without

	once sync.Once
	ctx  context.Context
	end  []context.CancelFunc
}

func (b *Browser) start() {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, // the tests may run as root
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(width, height),
	)
	for name, value := range b.Flags {
		options = append(options, chromedp.Flag(name, value))
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	b.end = append(b.end, cancel)
	b.ctx, cancel = chromedp.NewContext(allocator)
	b.end = append(b.end, cancel)
}

// Stop ends the browser, if it was started.
func (b *Browser) Stop() {
	for i := len(b.end) - 1; i >= 0; i-- {
		b.end[i]()
	}
}

// Require ends the test if a program is missing on this machine: as failed, or, where DTLSD_INTEROP=skip-missing is set,
// as skipped.
func Require(t testing.TB, program string) {
	t.Helper()
	debian := interop.MissingForBrowser(program)
	if debian == "" {
		return
	}
	text := program + " is missing here; try: apt-get install --no-install-recommends " + debian
	if os.Getenv("DTLSD_INTEROP") == "skip-missing" {
		t.Skip(text)
	}
	t.Fatal(text)
}
