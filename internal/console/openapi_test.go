package console

import (
	"context"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestDescriptionHasEveryRouteAndNoOther(t *testing.T) {
	described := make(map[string]bool) // and whether it is for everybody
	readDescription(t).operations(t, func(method, path string, o *operation) {
		described[method+" "+path] = o.Security != nil && len(*o.Security) == 0
	})
	for _, r := range newSite(t).console.routes() {
		open, ok := described[r.method+" "+r.path]
		if !ok {
			t.Errorf("%s %s is not described", r.method, r.path)
		}
		if open != r.open {
			t.Errorf("%s %s: described as for everybody: %v", r.method, r.path, open)
		}
		delete(described, r.method+" "+r.path)
	}
	for name := range described {
		t.Errorf("there is no %s", name)
	}
}

func TestDescribedPathsHaveTheirParameters(t *testing.T) {
	ids := make(map[string]bool)
	readDescription(t).operations(t, func(method, path string, o *operation) {
		if ids[o.ID] || o.ID == "" {
			t.Errorf("%s %s: the operation ID %q is not its own", method, path, o.ID)
		}
		ids[o.ID] = true
		has := slices.ContainsFunc(o.Parameters, func(p describedParameter) bool { return p.In == "path" && p.Name == "id" })
		if has != strings.Contains(path, "{id}") {
			t.Errorf("%s %s: parameter id is described: %v", method, path, has)
		}
	})
}

// Each of these types is what a schema says, down to the types of its fields.
func TestSchemasHaveTheFieldsOfTheirTypes(t *testing.T) {
	types := map[string]any{
		"Problem":          problem{},
		"Login":            login{},
		"Status":           Status{},
		"Departure":        departure{},
		"ListenRequest":    listenRequest{},
		"LogLine":          LogLine{},
		"DatagramLine":     DatagramLine{},
		"Lines":            LinesPage{},
		"Hello":            HelloEvent{},
		"LinesEvent":       LinesEvent{},
		"HandshakesEvent":  HandshakesEvent{},
		"Samples":          SamplesPage{},
		"Session":          Session{},
		"Sessions":         SessionsPage{},
		"ClosedSession":    ClosedSession{},
		"ClosedSessions":   closedSessionsAnswer{},
		"DatagramRequest":  datagramRequest{},
		"HandshakeSummary": HandshakeSummary{},
		"Handshakes":       handshakesAnswer{},
		"HandshakeTrace":   HandshakeTrace{},
	}
	d := readDescription(t)
	within := []string{"Sample", "Step", "Field", "Value"} // those above
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		if v, ok := types[name]; ok {
			compareType(t, d, name, d.Components.Schemas[name], reflect.TypeOf(v))
		} else if !slices.Contains(within, name) {
			t.Errorf("nothing is compared with %s", name)
		}
		delete(types, name)
	}
	for name := range types {
		t.Errorf("there is no schema %s", name)
	}
}

// compareType finds what differs between a schema and a type of Go.
func compareType(t *testing.T, d *description, where string, s *schema, typ reflect.Type) {
	t.Helper()
	if s = d.resolve(s); s == nil {
		t.Errorf("%s is not described", where)
		return
	}
	pointer := typ.Kind() == reflect.Pointer
	if pointer {
		typ = typ.Elem()
	}
	switch {
	case typ == reflect.TypeFor[time.Time]():
		if s.Format != "date-time" {
			t.Errorf("%s is no date-time", where)
		}
	case typ.Kind() == reflect.Struct && typ.PkgPath() == reflect.TypeFor[Status]().PkgPath():
		compareFields(t, d, where, s, typ)
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() != reflect.Interface:
		compareType(t, d, where+"[]", s.Items, typ.Elem())
	}
}

func compareFields(t *testing.T, d *description, where string, s *schema, typ reflect.Type) {
	t.Helper()
	properties, required := make(map[string]*schema), []string{}
	for _, part := range append(s.AllOf, s) {
		part = d.resolve(part)
		maps.Copy(properties, part.Properties)
		required = append(required, part.Required...)
	}
	for _, field := range reflect.VisibleFields(typ) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous {
			continue
		}
		property, ok := properties[name]
		if !ok {
			t.Errorf("%s.%s is not described", where, name)
			continue
		}
		delete(properties, name)
		compareType(t, d, where+"."+name, property, field.Type)
		optional := strings.Contains(options, "omit") || where == "DatagramRequest"
		if slices.Contains(required, name) == optional {
			t.Errorf("%s.%s: may be absent: %v, but described otherwise", where, name, optional)
		}
	}
	for name := range properties {
		t.Errorf("%s has no %s", where, name)
	}
}

// Every example of the description is tried, and what comes back is as
// described.
func TestExamplesOfTheDescriptionWork(t *testing.T) {
	d := readDescription(t)
	d.operations(t, func(method, path string, o *operation) {
		t.Run(method+" "+path, func(t *testing.T) {
			s := newSite(t, func(s *Settings) { s.Captures = true })
			s.connect() // session 1
			r := s.request(method, o.example(path), string(o.RequestBody.Content["application/json"].Example))
			if path == api+"/events" { // or it would not end
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				r = r.WithContext(ctx)
			}
			w := s.send(r)
			response, ok := o.Responses[strconv.Itoa(w.Code)]
			if !ok {
				t.Fatalf("status %d is not described", w.Code)
			}
			compareAnswer(t, d, d.response(response), w)
			expected := o.ID == "login" && w.Code == http.StatusUnauthorized || // the example is not our token
				strings.HasPrefix(path, api+"/handshakes/") || strings.HasSuffix(path, "/capture")
			if w.Code >= 400 && !expected {
				t.Errorf("status %d, %s", w.Code, w.Body)
			}
		})
	})
}

func compareAnswer(t *testing.T, d *description, response describedResponse, w *httptest.ResponseRecorder) {
	t.Helper()
	if len(response.Content) == 0 {
		if w.Body.Len() > 0 {
			t.Errorf("there is a body: %s", w.Body)
		}
		return
	}
	mediaType, _, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	content, ok := response.Content[mediaType]
	if err != nil || !ok {
		t.Fatalf("%s is not described", w.Header().Get("Content-Type"))
	}
	if !strings.HasSuffix(mediaType, "json") {
		return
	}
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	if err := d.check(content.Schema, v); err != nil {
		t.Errorf("%v, in %s", err, w.Body)
	}
}
