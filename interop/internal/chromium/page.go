package chromium

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Patience is how long something may take to appear on a page.
const Patience = 15 * time.Second

// The size of the window, in pixels of CSS.
const width, height = 1280, 800

// screenshots is where pictures are left, seen from the folder of the tests; git ignores it.
const screenshots = "../../.build/screenshots"

// A Page is a tab of the browser with cookies of its own.
type Page struct {
	t   testing.TB
	ctx context.Context

	mu         sync.Mutex
	complaints []string // of the page: exceptions, violations of its policy
}

// Open opens a URL. A page that complains fails the test.
func (b *Browser) Open(t testing.TB, url string) *Page {
	t.Helper()
	Require(t, "chromium")
	b.once.Do(b.start)
	if err := chromedp.Do(b.ctx); err != nil { // the browser itself lives on
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	p := &Page{t: t, ctx: ctx}
	t.Cleanup(func() {
		if t.Failed() {
			p.Screenshot("failed-" + strings.ReplaceAll(t.Name(), "/", "-"))
		}
		cancel()
		if text := p.complained(); text != "" {
			t.Errorf("the page complained:\n%s", text)
		}
	})
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	p.Do("open "+url, chromedp.EmulateViewport(width, height), p.enableLog(), chromedp.Navigate(url))
	return p
}

func (p *Page) enableLog() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, log.Enable, cdp.Empty{})
		return err
	})
}

// hear notes what a page complains of. That a server is gone, or refuses, is
// for the page to say to its reader.
func (p *Page) hear(event any) {
	var text string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = "exception: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level != log.EntryLevelError || e.Entry.Source == log.EntrySourceNetwork {
			return
		}
		text = string(e.Entry.Source) + ": " + e.Entry.Text
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, text)
}

func (p *Page) complained() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.complaints, "\n")
}

// Do takes steps that are to succeed.
func (p *Page) Do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// Await waits until an expression of JavaScript is true.
func (p *Page) Await(what, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience+5*time.Second)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(Patience)))
	if err != nil {
		p.t.Fatalf("waiting for %s: %v\nthe page says:\n%s", what, err, p.Text("body"))
	}
}

// Text returns the text of an element, as people read it.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	return Evaluate[string](p, fmt.Sprintf("document.querySelector(%s)?.innerText ?? ''", Quoted(selector)))
}

// Evaluate returns the value of an expression of JavaScript. Where that is a promise, it waits for what it promises.
func Evaluate[T any](p *Page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// Quoted is a string of JavaScript.
func Quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// Screenshot leaves a picture of what a person sees.
func (p *Page) Screenshot(name string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.MkdirAll(screenshots, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(screenshots, name+".png"), png, 0o644)
	}
	if err != nil {
		p.t.Errorf("screenshot %s: %v", name, err)
	}
}
