package console

import (
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func TestPageIsServedWithTheRightTypes(t *testing.T) {
	s := newSite(t)
	files := fstest.MapFS{}
	for name, content := range map[string]string{
		"index.html": "<!doctype html>", "main.js": "export {}", "style.css": "a{}", "icon.svg": "<svg/>", "picture.png": "PNG",
		"vendor/uplot/LICENSE": "MIT", "vendor/uplot/uPlot.esm.js": "export {}",
	} {
		files[name] = &fstest.MapFile{Data: []byte(content)}
	}
	p, err := pageOf(files)
	if err != nil {
		t.Fatal(err)
	}
	*s.console.page = *p
	for target, want := range map[string]string{
		"/":                          "text/html; charset=utf-8",
		"/index.html":                "text/html; charset=utf-8",
		"/main.js":                   "text/javascript; charset=utf-8",
		"/style.css":                 "text/css; charset=utf-8",
		"/icon.svg":                  "image/svg+xml",
		"/picture.png":               "image/png",
		"/vendor/uplot/LICENSE":      "text/plain; charset=utf-8",
		"/vendor/uplot/uPlot.esm.js": "text/javascript; charset=utf-8",
	} {
		r := s.request("GET", target, "")
		r.Header.Del("Authorization")
		w := s.send(r)
		if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != want {
			t.Errorf("%s: status %d, %s; want %s", target, w.Code, got, want)
		}
		if w.Body.Len() == 0 {
			t.Errorf("%s is empty", target)
		}
	}
	for _, target := range []string{"/vendor", "/vendor/", "/main.js/", "/missing.js"} {
		wantProblem(t, s.do("GET", target, ""), http.StatusNotFound, target)
	}
}

func TestEmbeddedPageHasAnIndex(t *testing.T) {
	p, err := newPage()
	if err != nil {
		t.Fatal(err)
	}
	if len(p.files["/"].content) == 0 {
		t.Error("there is nothing at /")
	}
}

func TestUnchangedFilesAreNotSentAgain(t *testing.T) {
	s := newSite(t)
	first := s.do("GET", "/", "")
	r := s.request("GET", "/", "")
	r.Header.Set("If-None-Match", first.Header().Get("ETag"))
	if w := s.send(r); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("status %d with %d bytes", w.Code, w.Body.Len())
	}
}

// A module that is not asked for at once is asked for late: when the one that
// imports it has come.
func TestIndexAsksForEveryModuleAtOnce(t *testing.T) {
	p, err := newPage()
	if err != nil {
		t.Fatal(err)
	}
	index := string(p.files["/index.html"].content)
	for name := range p.files {
		link := `<link rel="modulepreload" href="` + strings.TrimPrefix(name, "/") + `">`
		if path.Ext(name) == ".js" && name != "/main.js" && !strings.Contains(index, link) {
			t.Errorf("index.html lacks %s", link)
		}
	}
	for _, link := range regexp.MustCompile(`(?:href|src)="([^"#]+)"`).FindAllStringSubmatch(index, -1) {
		if _, ok := p.files["/"+link[1]]; !ok {
			t.Errorf("there is no %s", link[1])
		}
	}
}
