package layout

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The pages docs/conformance* say of each rule of a standard where it is kept
// and what tests it. What they name must exist.

var conformanceColumns = []string{"Section", "Rule", "Where", "Test", "Remark"}

// A claim is a row of such a table.
type claim struct {
	line int
	cell map[string]string // by column
}

// claimsOf returns the rows of the tables of a page that have those columns, and
// what is wrong with the tables.
func claimsOf(page string) (claims []claim, faults []string) {
	inside := false
	for i, line := range strings.Split(page, "\n") {
		if !strings.HasPrefix(line, "|") {
			inside = false
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		switch {
		case !inside:
			inside = slices.Equal(cells, conformanceColumns)
			if !inside && slices.Contains(cells, "Where") {
				faults = append(faults, fmt.Sprintf("%d: columns %q", i+1, cells))
			}
		case strings.HasPrefix(cells[0], "---"):
		case len(cells) != len(conformanceColumns):
			faults = append(faults, fmt.Sprintf("%d: %d cells", i+1, len(cells)))
		default:
			c := claim{i + 1, map[string]string{}}
			for j, column := range conformanceColumns {
				c.cell[column] = cells[j]
			}
			claims = append(claims, c)
		}
	}
	return claims, faults
}

// A repository answers what claims are checked against.
type repository struct {
	declares func(file string) []string // nil if there is no such file
	hasTest  func(name string) bool
}

// faultsOf returns what is wrong with a claim.
func (r repository) faultsOf(c claim) (faults []string) {
	complain := func(format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%d: ", c.line)+fmt.Sprintf(format, args...))
	}
	cell := func(column string) string {
		text := strings.ReplaceAll(c.cell[column], "`", "")
		if text == "" {
			complain("no %s", column)
		}
		return text
	}
	cell("Section")
	cell("Rule")
	switch where := cell("Where"); {
	case where == "none" && c.cell["Remark"] == "":
		complain("kept nowhere, and no remark says why")
	case where != "none":
		for place := range strings.SplitSeq(where, ";") {
			r.checkPlace(place, complain)
		}
	}
	tests := cell("Test")
	for name := range strings.SplitSeq(tests, ",") {
		if name = strings.TrimSpace(name); tests != "" && tests != "none" && !r.hasTest(name) {
			complain("no test %s", name)
		}
	}
	return faults
}

// checkPlace complains about a file or a name in it that does not exist.
func (r repository) checkPlace(place string, complain func(format string, args ...any)) {
	names := strings.Split(place, ",")
	file := strings.TrimSpace(names[0])
	declared := r.declares(file)
	switch {
	case declared == nil:
		complain("no file %s", file)
		return
	case len(names) == 1 && strings.HasSuffix(file, ".go"):
		complain("no function of %s", file)
	}
	for _, name := range names[1:] {
		if name = strings.TrimSpace(name); !slices.Contains(declared, name) {
			complain("no %s in %s", name, file)
		}
	}
}

func TestConformanceNamesWhatExists(t *testing.T) {
	var pages []string
	tests := map[string]bool{}
	walk(t, func(name string) {
		switch {
		case strings.HasPrefix(name, "docs/conformance"):
			pages = append(pages, name)
		case strings.HasSuffix(name, "_test.go"):
			for _, found := range testFunction.FindAllSubmatch(read(t, name), -1) {
				tests[string(found[1])] = true
			}
		}
	})
	files := map[string][]string{}
	r := repository{
		declares: func(file string) []string {
			if _, known := files[file]; !known {
				files[file] = declarations(t, file)
			}
			return files[file]
		},
		hasTest: func(name string) bool { return tests[name] },
	}
	examined := 0
	for _, page := range pages {
		text := string(read(t, page))
		claims, faults := claimsOf(text)
		for _, c := range claims {
			faults = append(faults, r.faultsOf(c)...)
		}
		for _, fault := range faults {
			t.Errorf("%s:%s", page, fault)
		}
		for _, wrong := range misspelled(linkTarget.ReplaceAllString(text, "]")) {
			t.Errorf(`%s: cite as "RFC 6347, Section 4.2.4", not %s`, page, wrong)
		}
		examined += len(claims)
	}
	if examined == 0 {
		t.Error("no claim was examined")
	}
}

// linkTarget finds where a link leads, the name of a file.
var linkTarget = regexp.MustCompile(`\]\([^)]*\)`)

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example|Benchmark)\w*)\(`)

// declarations returns the names that a file declares, methods among them; nil
// if there is no such file. Of a file that is not Go, it returns none.
func declarations(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return nil
	}
	names := []string{}
	if filepath.Ext(name) != ".go" {
		return names
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			names = append(names, decl.Name.Name)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, spec.Name.Name)
				case *ast.ValueSpec:
					for _, ident := range spec.Names {
						names = append(names, ident.Name)
					}
				}
			}
		}
	}
	return names
}

func TestConformanceRuleFindsWhatIsMissing(t *testing.T) {
	r := repository{
		declares: func(file string) []string {
			return map[string][]string{"a.go": {"f", "g"}, "b.go": {"h"}, "c.toml": {}}[file]
		},
		hasTest: func(name string) bool { return name == "TestF" || name == "TestG" },
	}
	for row, want := range map[string]string{
		"| 1 | Do. | `a.go, f` | TestF | |":                         "",
		"| 1 | Do. | a.go, f, g; b.go, h | TestF, `TestG` | Why. |": "",
		"| 1 | Do. | c.toml | none | |":                             "",
		"| 1 | Do. | none | none | Not kept. |":                     "",
		"| 1 | Do. | none | none | |":                               "3: kept nowhere, and no remark says why",
		"| 1 | Do. | a.go | none | |":                               "3: no function of a.go",
		"| 1 | Do. | a.go, h | none | |":                            "3: no h in a.go",
		"| 1 | Do. | d.go, f | none | |":                            "3: no file d.go",
		"| 1 | Do. | a.go, f | TestH | |":                           "3: no test TestH",
		"| 1 | Do. | a.go, f | | |":                                 "3: no Test",
		"| 1 | Do. | a.go, f | none |":                              "3: 4 cells",
	} {
		claims, faults := claimsOf("| Section | Rule | Where | Test | Remark |\n|---|---|---|---|---|\n" + row)
		for _, c := range claims {
			faults = append(faults, r.faultsOf(c)...)
		}
		if got := strings.Join(faults, "; "); got != want {
			t.Errorf("%s: got %q, want %q", row, got, want)
		}
	}
	if claims, faults := claimsOf("| Section | Where |\n|---|---|\n| 1 | a.go |"); len(claims) > 0 || len(faults) != 1 {
		t.Errorf("a table with other columns: %v, %q", claims, faults)
	}
	if claims, faults := claimsOf("| Peer | Version |\n|---|---|\n| OpenSSL | 3.0 |"); len(claims) > 0 || len(faults) > 0 {
		t.Errorf("another table: %v, %q", claims, faults)
	}
}
