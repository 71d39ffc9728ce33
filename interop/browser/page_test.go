package browser

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/dtlsd/dtlsd/interop/internal/chromium"
)

// patience is how long something may take to appear on a page.
const patience = chromium.Patience

// The browser of all tests.
var browser chromium.Browser

// A page is a tab of the browser, as a person uses it.
type page struct {
	*chromium.Page
	t testing.TB
}

// open opens a URL. A page that complains fails the test.
func open(t testing.TB, url string) *page {
	t.Helper()
	return &page{browser.Open(t, url), t}
}

func (p *page) click(selector string) {
	p.t.Helper()
	p.Do("click on "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// enter puts text into a field in the place of what is there.
func (p *page) enter(selector, text string) {
	p.t.Helper()
	evaluate[bool](p, fmt.Sprintf("(document.querySelector(%s).select(), true)", chromium.Quoted(selector)))
	p.Do("enter into "+selector, chromedp.KeyEvent(text+kb.Delete)) // the latter where there is nothing to enter
}

// press presses keys, one after the other.
func (p *page) press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.Do("press a key", chromedp.KeyEvent(key))
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
	p.Await("the option "+value, fmt.Sprintf("[...document.querySelector(%s).options].some(o => o.value === %s || o.text === %s)", chromium.Quoted(selector), chromium.Quoted(value), chromium.Quoted(value)))
	evaluate[bool](p, fmt.Sprintf(`(() => {
		const list = document.querySelector(%s);
		list.value = [...list.options].find(o => o.value === %s || o.text === %s).value;
		list.dispatchEvent(new Event('input', {bubbles: true}));
		list.dispatchEvent(new Event('change', {bubbles: true}));
		return true;
	})()`, chromium.Quoted(selector), chromium.Quoted(value), chromium.Quoted(value)))
}

// navigate opens another URL.
func (p *page) navigate(url string) {
	p.t.Helper()
	p.Do("open "+url, chromedp.Navigate(url))
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

// awaitText waits until an element, as people read it, has a text in it.
func (p *page) awaitText(selector, text string) {
	p.t.Helper()
	p.Await(fmt.Sprintf("%q in %s", text, selector), says(selector, text))
}

// says is an expression that tells whether an element has a text in it. Lines
// are broken where the page likes.
func says(selector, text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%s)].some(e => e.innerText.replace(/\s+/g, '').includes(%s))`,
		chromium.Quoted(selector), chromium.Quoted(strings.Join(strings.Fields(text), "")))
}

// evaluate returns the value of an expression of JavaScript.
func evaluate[T any](p *page, expression string) T {
	p.t.Helper()
	return chromium.Evaluate[T](p.Page, expression)
}

// prefer has the page believe that its reader prefers a colour scheme.
func (p *page) prefer(scheme string) {
	p.t.Helper()
	p.Do("prefer "+scheme, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
}

// resize changes the size of the window, in pixels of CSS.
func (p *page) resize(width, height int64) {
	p.t.Helper()
	p.Do("resize", chromedp.EmulateViewport(width, height))
}
