package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// A description is openapi.json, as far as tests read it.
type description struct {
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Schemas   map[string]*schema           `json:"schemas"`
		Responses map[string]describedResponse `json:"responses"`
		Security  map[string]json.RawMessage   `json:"securitySchemes"`
	} `json:"components"`
}

type operation struct {
	ID          string               `json:"operationId"`
	Security    *[]json.RawMessage   `json:"security"` // empty: for everybody
	Parameters  []describedParameter `json:"parameters"`
	RequestBody struct {
		Content map[string]struct {
			Schema  *schema         `json:"schema"`
			Example json.RawMessage `json:"example"`
		} `json:"content"`
	} `json:"requestBody"`
	Responses map[string]describedResponse `json:"responses"`
}

type describedParameter struct {
	Name    string  `json:"name"`
	In      string  `json:"in"`
	Schema  *schema `json:"schema"`
	Example any     `json:"example"`
}

type describedResponse struct {
	Ref     string `json:"$ref"`
	Content map[string]struct {
		Schema *schema `json:"schema"`
	} `json:"content"`
}

// A schema is as much of JSON Schema as the description uses.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       any                `json:"type"` // a name, or a list of names
	Format     string             `json:"format"`
	Enum       []string           `json:"enum"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Items      *schema            `json:"items"`
	Additional json.RawMessage    `json:"additionalProperties"`
	AllOf      []*schema          `json:"allOf"`
	AnyOf      []*schema          `json:"anyOf"`
	OneOf      []*schema          `json:"oneOf"`
}

func readDescription(t *testing.T) *description {
	t.Helper()
	var d description
	if err := json.Unmarshal([]byte(openAPI), &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// operations calls f with each operation, its parameters complete.
func (d *description) operations(t *testing.T, f func(method, path string, o *operation)) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		var shared []describedParameter
		if raw, ok := d.Paths[path]["parameters"]; ok {
			if err := json.Unmarshal(raw, &shared); err != nil {
				t.Fatal(err)
			}
		}
		for _, method := range slices.Sorted(maps.Keys(d.Paths[path])) {
			if method == "parameters" {
				continue
			}
			var o operation
			if err := json.Unmarshal(d.Paths[path][method], &o); err != nil {
				t.Fatal(err)
			}
			o.Parameters = append(o.Parameters, shared...)
			f(strings.ToUpper(method), path, &o)
		}
	}
}

// example returns a path with the examples of its parameters.
func (o *operation) example(path string) string {
	query := make(url.Values)
	for _, p := range o.Parameters {
		switch {
		case p.Example == nil:
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", fmt.Sprint(p.Example))
		case p.In == "query":
			query.Set(p.Name, fmt.Sprint(p.Example))
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

func (d *description) response(r describedResponse) describedResponse {
	if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
		return d.Components.Responses[name]
	}
	return r
}

// resolve follows a reference.
func (d *description) resolve(s *schema) *schema {
	if s == nil || s.Ref == "" {
		return s
	}
	return d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
}

// check says what is wrong with a value of JSON, or nil.
func (d *description) check(s *schema, v any) error {
	s = d.resolve(s)
	if s == nil {
		return fmt.Errorf("a reference leads nowhere")
	}
	for _, part := range s.AllOf {
		if err := d.check(part, v); err != nil {
			return err
		}
	}
	if fits := func(part *schema) bool { return d.check(part, v) == nil }; len(s.AnyOf) > 0 && !slices.ContainsFunc(s.AnyOf, fits) ||
		len(s.OneOf) > 0 && !slices.ContainsFunc(s.OneOf, fits) {
		return fmt.Errorf("%v is none of several", v)
	}
	if types := fmt.Sprint(s.Type); s.Type != nil && !strings.Contains(types, typeOf(v)) && !(types == "integer" && isWhole(v)) {
		return fmt.Errorf("%v is %s, not %s", v, typeOf(v), types)
	}
	switch v := v.(type) {
	case string:
		return checkString(s, v)
	case []any:
		for i, item := range v {
			if err := d.check(s.Items, item); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
	case map[string]any:
		return d.checkObject(s, v)
	}
	return nil
}

func checkString(s *schema, v string) error {
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		return fmt.Errorf("%q is none of %q", v, s.Enum)
	}
	if s.Format == "date-time" {
		_, err := time.Parse(time.RFC3339Nano, v)
		return err
	}
	return nil
}

func (d *description) checkObject(s *schema, v map[string]any) error {
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			return fmt.Errorf("%s is missing", name)
		}
	}
	for name, property := range s.Properties {
		if value, ok := v[name]; ok {
			if err := d.check(property, value); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

func isWhole(v any) bool {
	f, ok := v.(float64)
	return ok && f == float64(int64(f)) && f >= 0
}
