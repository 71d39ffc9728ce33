package layout

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the folder of the repository, seen from this package.
const root = "../.."

// A source is one Go file of the repository.
type source struct {
	path    string // from the root, with slashes
	library bool   // part of the library's module, not of one with its own go.mod
	text    []byte
	fset    *token.FileSet
	file    *ast.File
}

func parseSource(path string, library bool, text []byte) (source, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
	return source{path, library, text, fset, file}, err
}

func (s source) folder() string { return path.Dir(s.path) }
func (s source) isTest() bool   { return strings.HasSuffix(s.path, "_test.go") }

// in reports whether the source lies in one of the folders or below it.
func (s source) in(folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return s.folder() == folder || strings.HasPrefix(s.path, folder+"/")
	})
}

// imports iterates over the path of each import and where it stands.
func (s source) imports() iter.Seq2[string, token.Pos] {
	return func(yield func(string, token.Pos) bool) {
		for _, spec := range s.file.Imports {
			if !yield(strings.Trim(spec.Path.Value, "\"`"), spec.Pos()) {
				return
			}
		}
	}
}

func (s source) line(pos token.Pos) int { return s.fset.Position(pos).Line }

// A rule says what is wrong with a source: complain takes the place and the
// fault.
type rule func(s source, complain func(pos token.Pos, fault string))

// keep fails the test for every source of the repository that breaks the rule.
func keep(t *testing.T, r rule) {
	t.Helper()
	for _, s := range sources(t) {
		r(s, func(pos token.Pos, fault string) {
			t.Errorf("%s:%d: %s", s.path, s.line(pos), fault)
		})
	}
}

// A specimen is a file made up to show what a rule finds.
type specimen struct {
	path string
	code string // without the package clause
	want string // the faults with their lines, separated by "; "
}

// examine fails the test if the rule finds other faults than the specimens have.
func examine(t *testing.T, r rule, specimens []specimen) {
	t.Helper()
	for _, sp := range specimens {
		name := path.Base(path.Dir(sp.path))
		s, err := parseSource(sp.path, true, []byte("package "+name+"\n"+sp.code))
		if err != nil {
			t.Fatal(err)
		}
		var faults []string
		r(s, func(pos token.Pos, fault string) {
			faults = append(faults, fmt.Sprintf("%d: %s", s.line(pos), fault))
		})
		if got := strings.Join(faults, "; "); got != sp.want {
			t.Errorf("%s with %q: got %q, want %q", sp.path, sp.code, got, sp.want)
		}
	}
}

// sources reads every Go file of the repository, those of nested modules and
// of all platforms included.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	walk(t, func(name string) {
		if path.Ext(name) != ".go" || strings.Contains(name, "/testdata/") {
			return
		}
		s, err := parseSource(name, inLibrary(name), read(t, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	})
	return all
}

// walk visits every file of the repository but those that version control and
// the Makefile keep for themselves.
func walk(t *testing.T, visit func(name string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		switch {
		case (name == ".git" || name == ".build") && entry.IsDir():
			return fs.SkipDir
		case name == ".git":
			// In a worktree it is a file.
		case entry.Type().IsRegular():
			visit(filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inLibrary reports whether no folder between the root and the file has a
// go.mod of its own.
func inLibrary(name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if _, err := os.Stat(filepath.Join(root, dir, "go.mod")); err == nil {
			return false
		}
	}
	return true
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
