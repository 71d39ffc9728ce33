package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	devlog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long something may take to appear on a page.
const patience = 15 * time.Second

// screenshots is where pictures are left; git ignores it.
const screenshots = "../../.build/screenshots"

// A browser is a Chromium, started with the first page.
type browser struct {
	once sync.Once
	ctx  context.Context
	end  []context.CancelFunc
}

var chromium browser

func (b *browser) start() {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, // the tests may run as root
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1280, 800),
	)
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	b.end = append(b.end, cancel)
	b.ctx, cancel = chromedp.NewContext(allocator)
	b.end = append(b.end, cancel)
}

func (b *browser) stop() {
	for i := len(b.end) - 1; i >= 0; i-- {
		b.end[i]()
	}
}

// A page is a tab of the browser with cookies of its own.
type page struct {
	t   testing.TB
	ctx context.Context

	mu         sync.Mutex
	complaints []string // of the page: exceptions, violations of its policy
}

// open opens a URL. A page that complains fails the test.
func open(t testing.TB, url string) *page {
	t.Helper()
	require(t, "chromium")
	chromium.once.Do(chromium.start)
	if err := chromedp.Do(chromium.ctx); err != nil { // the browser itself lives on
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	p := &page{t: t, ctx: ctx}
	t.Cleanup(func() {
		if t.Failed() {
			p.screenshot("failed-" + strings.ReplaceAll(t.Name(), "/", "-"))
		}
		cancel()
		if text := p.complained(); text != "" {
			t.Errorf("the page complained:\n%s", text)
		}
	})
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	p.do("open "+url, chromedp.EmulateViewport(1280, 800), p.enableLog(), chromedp.Navigate(url))
	return p
}

func (p *page) enableLog() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, devlog.Enable, cdp.Empty{})
		return err
	})
}

// hear notes what a page complains of. That a server is gone, or refuses, is
// for the page to say to its reader.
func (p *page) hear(event any) {
	var text string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = "exception: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
	case *devlog.EventEntryAdded:
		if e.Entry.Level != devlog.EntryLevelError || e.Entry.Source == devlog.EntrySourceNetwork {
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

func (p *page) complained() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.complaints, "\n")
}

// do takes steps that are to succeed.
func (p *page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

func (p *page) click(selector string) {
	p.t.Helper()
	p.do("click on "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// enter puts text into a field in the place of what is there.
func (p *page) enter(selector, text string) {
	p.t.Helper()
	evaluate[bool](p, fmt.Sprintf("(document.querySelector(%s).select(), true)", quoted(selector)))
	p.do("enter into "+selector, chromedp.KeyEvent(text+kb.Delete)) // the latter where there is nothing to enter
}

// press presses keys, one after the other.
func (p *page) press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.do("press a key", chromedp.KeyEvent(key))
	}
}

const (
	keyTab   = kb.Tab
	keyEnter = kb.Enter
	keyRight = kb.ArrowRight
)

// tabTo presses the tabulator until the element with that ID has the focus.
func (p *page) tabTo(id string) {
	p.t.Helper()
	for range 40 {
		p.press(keyTab)
		if evaluate[string](p, "document.activeElement?.id ?? ''") == id {
			return
		}
	}
	p.t.Fatalf("the tabulator never gets to #%s", id)
}

// choose chooses an option by its value.
func (p *page) choose(selector, value string) {
	p.t.Helper()
	p.await("the option "+value, fmt.Sprintf("[...document.querySelector(%s).options].some(o => o.value === %s || o.text === %s)", quoted(selector), quoted(value), quoted(value)))
	evaluate[bool](p, fmt.Sprintf(`(() => {
		const list = document.querySelector(%s);
		list.value = [...list.options].find(o => o.value === %s || o.text === %s).value;
		list.dispatchEvent(new Event('input', {bubbles: true}));
		list.dispatchEvent(new Event('change', {bubbles: true}));
		return true;
	})()`, quoted(selector), quoted(value), quoted(value)))
}

// navigate opens another URL.
func (p *page) navigate(url string) {
	p.t.Helper()
	p.do("open "+url, chromedp.Navigate(url))
}

func clickOn(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)
}

func number(n int) string { return strconv.Itoa(n) }

// grouped writes a number as the page does, in groups of three digits.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// await waits until an expression of JavaScript is true.
func (p *page) await(what, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience+5*time.Second)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(patience)))
	if err != nil {
		p.t.Fatalf("waiting for %s: %v\nthe page says:\n%s", what, err, p.text("body"))
	}
}

// awaitText waits until an element, as people read it, has a text in it.
func (p *page) awaitText(selector, text string) {
	p.t.Helper()
	p.await(fmt.Sprintf("%q in %s", text, selector), says(selector, text))
}

// says is an expression that tells whether an element has a text in it. Lines
// are broken where the page likes.
func says(selector, text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%s)].some(e => e.innerText.replace(/\s+/g, '').includes(%s))`,
		quoted(selector), quoted(strings.Join(strings.Fields(text), "")))
}

// text returns the text of an element, as people read it.
func (p *page) text(selector string) string {
	return evaluate[string](p, fmt.Sprintf("document.querySelector(%s)?.innerText ?? ''", quoted(selector)))
}

// evaluate returns the value of an expression of JavaScript.
func evaluate[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// quoted is a string of JavaScript.
func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// prefer has the page believe that its reader prefers a colour scheme.
func (p *page) prefer(scheme string) {
	p.t.Helper()
	p.do("prefer "+scheme, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
}

// resize changes the size of the window, in pixels of CSS.
func (p *page) resize(width, height int64) {
	p.t.Helper()
	p.do("resize", chromedp.EmulateViewport(width, height))
}

// screenshot leaves a picture of what a person sees.
func (p *page) screenshot(name string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
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
