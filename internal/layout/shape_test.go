package layout

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	maxFileLines     = 600
	maxFunctionLines = 80
)

func filesAndFunctionsAreShort(s source, complain func(token.Pos, string)) {
	if s.isTest() {
		return
	}
	if n := bytes.Count(s.text, []byte("\n")); n > maxFileLines {
		complain(s.file.Package, fmt.Sprintf("a file of %d lines, at most %d", n, maxFileLines))
	}
	for _, decl := range s.file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := s.line(f.End()) - s.line(f.Pos()) + 1; n > maxFunctionLines {
			complain(f.Pos(), fmt.Sprintf("%s has %d lines, at most %d", f.Name.Name, n, maxFunctionLines))
		}
	}
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	keep(t, filesAndFunctionsAreShort)
	lines := func(n int) string { return strings.Repeat("\n", n) }
	examine(t, filesAndFunctionsAreShort, []specimen{
		{"dtls/a.go", lines(599), ""},
		{"dtls/a.go", lines(600), "1: a file of 601 lines, at most 600"},
		{"dtls/a_test.go", lines(600), ""},
		{"dtls/a.go", "func f() {" + lines(79) + "}", ""},
		{"dtls/a.go", "func f() {" + lines(80) + "}", "2: f has 81 lines, at most 80"},
	})
}

// Code that runs at import is code that nobody called.
func noInit(s source, complain func(token.Pos, string)) {
	for _, decl := range s.file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			complain(f.Pos(), "func init")
		}
	}
}

func TestNoInit(t *testing.T) {
	keep(t, noInit)
	examine(t, noInit, []specimen{
		{"dtls/a.go", "func init() {}", "2: func init"},
		{"dtls/a.go", "type s struct{}\n\nfunc (s) init() {}", ""},
	})
}

// A package that is named for what it is not gathers what belongs elsewhere.
var emptyNames = []string{"common", "helper", "helpers", "misc", "types", "util", "utils"}

func namesMeanOneThing(s source, complain func(token.Pos, string)) {
	folder := path.Base(s.folder())
	name := strings.TrimSuffix(s.file.Name.Name, "_test")
	if name != "main" && name != folder {
		complain(s.file.Name.Pos(), "package "+name+" in folder "+folder)
	}
	if slices.Contains(emptyNames, name) {
		complain(s.file.Name.Pos(), "package "+name+" says nothing")
	}
	for _, spec := range s.file.Imports {
		if !s.isTest() && spec.Name != nil && spec.Name.Name != "_" {
			complain(spec.Pos(), "import under another name: "+spec.Name.Name)
		}
	}
}

func TestNamesMeanOneThing(t *testing.T) {
	keep(t, namesMeanOneThing)
	examine(t, namesMeanOneThing, []specimen{
		{"dtls/a.go", `import "net"`, ""},
		{"dtls/a.go", `import _ "embed"`, ""},
		{"dtls/a.go", `import network "net"`, "2: import under another name: network"},
		{"internal/util/a.go", "", "1: package util says nothing"},
	})
}
