package layout

import (
	"go/ast"
	"go/token"
	"slices"
	"testing"
)

// Rooms of code that is called and returns: time and randomness are handed in,
// and whoever calls owns the concurrency.
var sansIO = []string{"internal/wire", "internal/suite", "internal/gate", "internal/engine"}

// clockReaders are the functions of package time that read a clock or wait.
var clockReaders = []string{
	"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Sleep", "Tick",
}

func sansIOHasNoClockAndNoConcurrency(s source, complain func(token.Pos, string)) {
	if s.isTest() || !s.in(sansIO...) {
		return
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			complain(n.Pos(), "go statement")
		case *ast.ChanType:
			complain(n.Pos(), "channel")
		case *ast.SelectStmt:
			complain(n.Pos(), "select statement")
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			if ok && pkg.Name == "time" && slices.Contains(clockReaders, n.Sel.Name) {
				complain(n.Pos(), "time."+n.Sel.Name)
			}
		}
		return true
	})
}

func TestSansIOHasNoClockAndNoConcurrency(t *testing.T) {
	keep(t, sansIOHasNoClockAndNoConcurrency)
	examine(t, sansIOHasNoClockAndNoConcurrency, []specimen{
		{"internal/engine/a.go", "import \"time\"\n\nvar wait = 2 * time.Second", ""},
		{"internal/engine/a.go", "import \"time\"\n\nvar born = time.Now()", "4: time.Now"},
		{"internal/engine/a.go", "import \"time\"\n\nvar clock = time.Since", "4: time.Since"},
		{"internal/gate/a.go", "func f() { go f() }", "2: go statement"},
		{"internal/suite/a.go", "func f() { select {} }", "2: select statement"},
		{"internal/wire/a.go", "var c = make(chan int)", "2: channel"},
		{"internal/gate/a_test.go", "func f() { go f() }", ""},
		{"dtls/a.go", "func f() { go f() }", ""},
	})
}

// The state machine also does without what would let it wait, share or read
// randomness that a test does not control.
var notInEngine = []string{
	"context", "crypto/rand", "log", "log/slog", "math/rand", "math/rand/v2", "net", "os", "sync", "sync/atomic",
}

func engineImportsNoWorld(s source, complain func(token.Pos, string)) {
	if s.isTest() || !s.in("internal/engine") {
		return
	}
	for path, pos := range s.imports() {
		if slices.Contains(notInEngine, path) {
			complain(pos, "the engine may not import "+path)
		}
	}
}

func TestEngineImportsNoWorld(t *testing.T) {
	keep(t, engineImportsNoWorld)
	examine(t, engineImportsNoWorld, []specimen{
		{"internal/engine/a.go", `import "io"`, ""},
		{"internal/engine/a.go", `import "sync"`, "2: the engine may not import sync"},
		{"internal/engine/a_test.go", `import "sync"`, ""},
		{"internal/gate/a.go", `import "sync"`, ""},
	})
}
