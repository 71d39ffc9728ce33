package console

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A route is one thing that can be asked of the console over HTTP. The files of
// the page are none.
type route struct {
	method  string
	path    string // of [http.ServeMux]
	open    bool   // for those who are not signed in, too
	handler http.HandlerFunc
}

// api is where the routes of the page begin; openapi.json describes them.
const api = "/api/v1"

func (c *Console) routes() []route {
	all := []route{
		{"POST", api + "/login", true, c.serveLogin},
		{"GET", api + "/status", false, c.serveStatus},
		{"POST", api + "/listeners", false, c.serveListen},
		{"DELETE", api + "/listeners", false, c.serveStopListening},

		{"GET", api + "/events", false, c.serveEvents},
		{"GET", api + "/lines", false, c.serveLines},
		{"GET", api + "/samples", false, c.serveSamples},

		{"GET", api + "/sessions", false, c.serveSessions},
		{"GET", api + "/sessions/closed", false, c.serveClosedSessions},
		{"GET", api + "/sessions/{id}", false, c.serveSession},
		{"DELETE", api + "/sessions/{id}", false, c.serveCloseSession},
		{"POST", api + "/sessions/{id}/datagrams", false, c.serveSendDatagram},
		{"GET", api + "/sessions/{id}/capture", false, c.serveCapture},

		{"GET", api + "/handshakes", false, c.serveHandshakes},
		{"GET", api + "/handshakes/{id}", false, c.serveHandshake},

		{"GET", api + "/openapi.json", false, serveOpenAPI},

		{"GET", "/livez", true, serveAlive},
		{"GET", "/readyz", true, c.serveReady},
		{"GET", "/metrics", false, c.metrics.handler.ServeHTTP},
	}
	if c.settings.Profiles {
		all = append(all, profileRoutes()...)
	}
	return all
}

// handler is everything that the console answers.
func (c *Console) handler() http.Handler {
	return withHeaders(c.hosts.only(sameOriginWrites(c.mux(c.routes()))))
}

func (c *Console) mux(routes []route) *http.ServeMux {
	paths := make(map[string]methods)
	for _, r := range routes {
		handler := r.handler
		if !r.open {
			handler = c.needsSignIn(handler)
		}
		if paths[r.path] == nil {
			paths[r.path] = make(methods)
		}
		paths[r.path][r.method] = handler
	}
	mux := http.NewServeMux()
	for path, handlers := range paths {
		mux.Handle(path, handlers)
	}
	mux.Handle("/api/", c.needsSignIn(serveNothing))
	mux.Handle("/", methods{http.MethodGet: c.page.serve})
	return mux
}

// methods are what can be done with one path. A [http.ServeMux] would answer
// others itself, with no problem in the body, and takes no pattern for a path
// beside one for a method and what is above that path.
type methods map[string]http.HandlerFunc

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead { // net/http leaves out the body
		method = http.MethodGet
	}
	if handler, ok := m[method]; ok {
		handler(w, r)
		return
	}
	possible := strings.Join(slices.Sorted(maps.Keys(m)), ", ")
	w.Header().Set("Allow", possible)
	writeProblem(w, problem{http.StatusMethodNotAllowed, r.Method + " is not possible here", "possible: " + possible})
}

func serveNothing(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, problem{http.StatusNotFound, "there is nothing at " + r.URL.Path, "/api/v1/openapi.json describes what there is"})
}
