package browser

import (
	"fmt"
	"strings"
	"testing"
)

// What a client calls itself, and what it sends, is text and nothing else.
func TestHostileContentIsText(t *testing.T) {
	const attack = `<img src=x onerror="document.title='taken over'">`
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	s.connect("--psk", attack+strings.TrimPrefix(alice, "alice"), "--message", attack+"\x1b[31m\u202egnp")
	p.awaitText("#log", attack)
	p.awaitText("#messages", attack)
	p.awaitText("#messages", `\x1b[31m`)
	p.awaitText("#messages", `\u{202e}gnp`)
	p.click("#tab-handshakes")
	p.awaitText("#handshakes-table", "<img src=x")
	p.click("#tab-sessions")
	p.awaitText("#closed-body", "<img src=x")
	if images, title := evaluate[int](p, "document.images.length"), evaluate[string](p, "document.title"); images != 0 || title != "dtlsd console" {
		t.Errorf("%d images, title %q", images, title)
	}
}

// fill has something of everything happen.
func fill(t *testing.T, s *server) {
	t.Helper()
	for i := range 3 {
		s.connect("--psk", fmt.Sprintf("sensor-%d%s", i, strings.TrimPrefix(alice, "alice")), "--message", fmt.Sprintf("temperature %d.5", 20+i))
	}
	s.connect("--psk", "sensor-9:00", "--message", "x", "--timeout", "2500ms")
	send(t, s.address, []byte("GET / HTTP/1.1\r\n\r\n"))
	c := s.client("--psk", "meter-7"+strings.TrimPrefix(alice, "alice"), "--ping", "3", "--interval", "200ms")
	if _, err := c.Want("answer", "ACK$"); err != nil {
		t.Fatal(err)
	}
	s.client("--psk", "gateway-1"+strings.TrimPrefix(alice, "alice"))
}

// Dark or light, the page can be read: the contrast of every kind of line is at least 4.5.
func TestBothSchemesCanBeRead(t *testing.T) {
	s := serve(t, "--psk", anyone, "--psk", "sensor-9:1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d")
	p := open(t, s.console)
	fill(t, s)
	p.awaitText("#log .line.error, #log .line.warning", "does not match")
	backgrounds := map[string]bool{}
	for _, scheme := range []string{"light", "dark"} {
		p.prefer(scheme)
		backgrounds[evaluate[string](p, `getComputedStyle(document.querySelector('#log')).backgroundColor`)] = true
		p.click("#tab-live")
		for _, kind := range []string{".line.warning", ".line.info", ".line.closed", ".block"} {
			p.Await(kind, scrollTo(kind))
			if contrast := evaluate[float64](p, contrastOf(kind)); contrast < 4.5 {
				t.Errorf("%s, %s: contrast %.2f", scheme, kind, contrast)
			}
		}
		p.Screenshot("live-" + scheme)
		p.click("#tab-handshakes")
		p.awaitText("#handshakes-table .explanation", "its key does not match")
		p.click("#handshakes-table tbody.handshake:has(.explanation) a, #handshakes-table tbody.handshake:has(.explanation) button")
		p.Await("steps", `document.querySelectorAll('#trace-steps button.step').length > 5`)
		p.Screenshot("handshake-" + scheme)
		p.click("#tab-sessions")
		p.awaitText("#sessions-body tr", "gateway-1")
		p.Screenshot("sessions-" + scheme)
		p.click("#tab-charts")
		p.Await("charts", `document.querySelectorAll('#charts canvas').length >= 6`)
		p.Screenshot("charts-" + scheme)
	}
	if len(backgrounds) != 2 {
		t.Errorf("backgrounds %v", backgrounds)
	}
}

// scrollTo goes up a page in the log, and from its top back to its end, unless it shows an element: the log has only
// those in the document that can be seen.
func scrollTo(selector string) string {
	return `(() => {
		if (document.querySelector('` + selector + `')) return true;
		const log = document.querySelector('#log');
		log.scrollTop = log.scrollTop > 0 ? log.scrollTop - log.clientHeight / 2 : log.scrollHeight;
		return false;
	})()`
}

// contrastOf is the contrast of the text of an element and what is behind it, as WCAG 2.2 defines it.
func contrastOf(selector string) string {
	return `(() => {
		const channels = (css) => css.match(/[\d.]+/g).map(Number);
		const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
		const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
		const element = document.querySelector('` + selector + `');
		let behind = element;
		while (behind && (channels(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) behind = behind.parentElement;
		const pair = [getComputedStyle(element).color, getComputedStyle(behind ?? document.body).backgroundColor];
		const [light, dark] = pair.map((css) => luminance(channels(css))).sort((a, b) => b - a);
		return (light + 0.05) / (dark + 0.05);
	})()`
}

// Everything can be done from the keyboard.
func TestKeyboardIsEnough(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	p.awaitText("#listen-state", "istening")
	p.tabTo("stop")
	p.press(keyEnter)
	p.awaitText("#log", "Server is not accepting new connections")
	p.Do("go to the top", clickOn("#console h1"))
	p.tabTo("tab-live")
	p.press(keyRight)
	p.Await("the next tab", `document.querySelector('#tab-sessions').getAttribute('aria-selected') === 'true' && document.querySelector('#panel-sessions').checkVisibility()`)
	p.press(keyRight, keyRight, keyRight)
	p.Await("the first tab again", `document.activeElement.id === 'tab-live' && document.querySelector('#panel-live').checkVisibility()`)
	if outline := evaluate[string](p, `(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.boxShadow })()`); outline == "nonenone" {
		t.Error("nobody can see where the focus is")
	}
}

// On a phone nothing is cut off and nothing has to be pushed sideways.
func TestPageFitsAPhone(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	p.resize(390, 844)
	s.connect("--psk", alice, "--message", strings.Repeat("a long message ", 20))
	p.awaitText("#messages", "a long message")
	for _, tab := range []string{"live", "sessions", "handshakes", "charts"} {
		p.click("#tab-" + tab)
		if width := evaluate[int](p, "document.documentElement.scrollWidth"); width > 390 {
			t.Errorf("%s is %d pixels wide", tab, width)
		}
		p.Screenshot("phone-" + tab)
	}
}

func TestLogsAndTablesAreWhatTheyAreCalled(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	p.awaitText("#log .line", "info") // the level, as text
	for _, expression := range []string{
		`document.querySelectorAll('[role=log]').length === 2`,
		`document.querySelectorAll('table').length >= 3`,
		`[...document.querySelectorAll('input, select, button')].every(e => e.labels?.length || e.textContent.trim() || e.getAttribute('aria-label'))`,
		`document.documentElement.lang === 'en'`,
	} {
		if !evaluate[bool](p, expression) {
			t.Errorf("it is not true that %s", expression)
		}
	}
}
