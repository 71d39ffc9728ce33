package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed page
var pageFiles embed.FS

// A page is the files that browsers load, by the path of their URL.
type page struct {
	files map[string]pageFile
}

type pageFile struct {
	content     []byte
	contentType string
	tag         string
}

// newPage reads the embedded files.
func newPage() (*page, error) {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		return nil, err
	}
	return pageOf(files)
}

func pageOf(files fs.FS) (*page, error) {
	p := &page{make(map[string]pageFile)}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		hash := sha256.Sum256(content)
		p.files["/"+name] = pageFile{content, contentType(name), `"` + hex.EncodeToString(hash[:16]) + `"`}
		return nil
	})
	if index, ok := p.files["/index.html"]; ok {
		p.files["/"] = index
	}
	return p, err
}

// contentType does not ask the machine, which may have its own idea of what a
// module is: browsers run no script of a type that is not one for scripts.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	}
	return "text/plain; charset=utf-8"
}

func (p *page) serve(w http.ResponseWriter, r *http.Request) {
	file, ok := p.files[r.URL.Path]
	if !ok {
		serveNothing(w, r)
		return
	}
	w.Header().Set("Content-Type", file.contentType)
	w.Header().Set("ETag", file.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.content))
}
