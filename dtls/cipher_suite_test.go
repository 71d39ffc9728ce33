package dtls

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

func TestCipherSuites(t *testing.T) {
	for _, s := range CipherSuites() {
		for _, name := range []string{s.Name, s.OpenSSLName, strings.ToLower(s.Name)} {
			if got, err := CipherSuiteByName(name); err != nil || got != s {
				t.Errorf("CipherSuiteByName(%q) = %v, %v", name, got, err)
			}
		}
		weak := strings.Contains(s.Name, "_CBC_") || s.Version == VersionDTLS13 && strings.HasSuffix(s.Name, "_CCM_8_SHA256")
		if s.Default == weak || CipherSuiteName(s.ID) != s.Name {
			t.Errorf("%s is on by default: %v", s.Name, s.Default)
		}
	}
	if _, err := CipherSuiteByName("RC4-MD5"); err == nil || err.Error() != `dtls: unknown cipher suite "RC4-MD5"` {
		t.Errorf("unknown suite: %v", err)
	}
	if got := CipherSuiteName(0x00ff); got != "0x00FF" {
		t.Errorf("CipherSuiteName of an unknown suite = %q", got)
	}
}

// Each suite has a constant of its name, which stands for the number that
// package wire has for it.
func TestEveryCipherSuiteHasAConstant(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "cipher_suite.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) > 0 {
			name := spec.Names[0].Name
			got = append(got, name)
			if from := spec.Values[0].(*ast.CallExpr).Args[0].(*ast.SelectorExpr).Sel.Name; from != name {
				t.Errorf("%s is made of %s", name, from)
			}
		}
		return true
	})
	for _, s := range CipherSuites() {
		want = append(want, s.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("constants %q, suites %q", got, want)
	}
}
