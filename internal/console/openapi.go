package console

import (
	_ "embed"
	"io"
	"net/http"
)

//go:embed openapi.json
var openAPI string

// serveOpenAPI sends the description of everything in routes.
func serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, openAPI)
}
