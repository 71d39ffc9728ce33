package layout

import (
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/dtlsd/dtlsd/"

// A room is a folder of the library and the rooms that it may import. What
// those import, it may import too.
type room struct {
	folder  string
	imports []string
}

// The house, from the cellar up. It is policy: a new arrow is a decision about
// the architecture, not a detail of the change that needs it.
var house = []room{
	{"internal/wire", nil},
	{"internal/suite", []string{"internal/wire"}},
	{"internal/engine", []string{"internal/suite"}},
	{"internal/gate", []string{"internal/suite"}},
	{"internal/trust", []string{"internal/suite"}},
	{"internal/udp", nil},
	{"dtls", []string{"internal/engine", "internal/gate", "internal/trust", "internal/udp"}},
	{"internal/daemon", []string{"dtls"}},
	{"internal/console", []string{"dtls"}},
	{"internal/load", []string{"dtls"}},
	{"cmd/dtlsd", []string{"internal/daemon", "internal/console", "internal/load"}},

	// For tests only: nothing but test files imports it.
	{testRoom, []string{"internal/engine", "internal/gate"}},
	{"internal/layout", nil},
}

const testRoom = "internal/dtlstest"

// roomOf returns the room that a folder is or belongs to.
func roomOf(folder string) (room, bool) {
	i := slices.IndexFunc(house, func(r room) bool {
		return folder == r.folder || strings.HasPrefix(folder, r.folder+"/")
	})
	if i < 0 {
		return room{}, false
	}
	return house[i], true
}

// below returns the rooms that a room may import, directly or not.
func below(r room) []string {
	var all []string
	for _, folder := range r.imports {
		next, _ := roomOf(folder)
		all = append(all, folder)
		all = append(all, below(next)...)
	}
	return all
}

func importsFollowTheHouse(s source, complain func(token.Pos, string)) {
	if !s.library {
		return
	}
	from, ok := roomOf(s.folder())
	if !ok {
		complain(s.file.Package, s.folder()+" is no room of the house")
		return
	}
	allowed := append(below(from), from.folder)
	if s.isTest() {
		allowed = append(allowed, testRoom)
	}
	for path, pos := range s.imports() {
		folder, ours := strings.CutPrefix(path, module)
		if !ours {
			continue
		}
		if to, ok := roomOf(folder); !ok || !slices.Contains(allowed, to.folder) {
			complain(pos, from.folder+" may not import "+folder)
		}
	}
}

func TestImportsFollowTheHouse(t *testing.T) {
	keep(t, importsFollowTheHouse)
}

func TestImportRuleFindsStrayArrows(t *testing.T) {
	examine(t, importsFollowTheHouse, []specimen{
		{"internal/suite/a.go", `import "github.com/dtlsd/dtlsd/internal/wire"`, ""},
		{"internal/engine/a.go", `import "github.com/dtlsd/dtlsd/internal/wire"`, ""},
		{"cmd/dtlsd/a.go", `import "github.com/dtlsd/dtlsd/dtls"`, ""},
		{"internal/daemon/psk/a.go", `import "github.com/dtlsd/dtlsd/internal/daemon"`, ""},
		{"internal/engine/a_test.go", `import "github.com/dtlsd/dtlsd/internal/dtlstest"`, ""},
		{
			"internal/engine/a.go", `import "github.com/dtlsd/dtlsd/internal/dtlstest"`,
			"2: internal/engine may not import internal/dtlstest",
		},
		{
			"internal/wire/a.go", `import "github.com/dtlsd/dtlsd/internal/suite"`,
			"2: internal/wire may not import internal/suite",
		},
		{
			"internal/gate/a_test.go", `import "github.com/dtlsd/dtlsd/internal/engine"`,
			"2: internal/gate may not import internal/engine",
		},
		{
			"internal/console/a.go", `import "github.com/dtlsd/dtlsd/internal/daemon"`,
			"2: internal/console may not import internal/daemon",
		},
		{
			"internal/udp/a.go", `import "github.com/dtlsd/dtlsd/internal/attic"`,
			"2: internal/udp may not import internal/attic",
		},
		{"internal/attic/a.go", "", "1: internal/attic is no room of the house"},
	})
}

// Certificates are the business of one room, and crypto/x509 brings package net
// with it.
func certificatesStayInTrust(s source, complain func(token.Pos, string)) {
	dtls, _ := roomOf("dtls")
	if s.isTest() || s.in("internal/trust") || !s.in(below(dtls)...) {
		return
	}
	for path, pos := range s.imports() {
		if path == "crypto/x509" || path == "crypto/tls" {
			complain(pos, "only internal/trust may import "+path)
		}
	}
}

func TestCertificatesStayInTrust(t *testing.T) {
	keep(t, certificatesStayInTrust)
	examine(t, certificatesStayInTrust, []specimen{
		{"internal/trust/a.go", `import "crypto/x509"`, ""},
		{"dtls/a.go", `import "crypto/x509"`, ""},
		{"internal/suite/a_test.go", `import "crypto/x509"`, ""},
		{"internal/suite/a.go", `import "crypto/x509"`, "2: only internal/trust may import crypto/x509"},
		{"internal/engine/a.go", `import "crypto/tls"`, "2: only internal/trust may import crypto/tls"},
	})
}

func unsafeStaysInUDP(s source, complain func(token.Pos, string)) {
	if !s.library || s.in("internal/udp") {
		return
	}
	for path, pos := range s.imports() {
		if path == "unsafe" {
			complain(pos, "only internal/udp may import unsafe")
		}
	}
}

func TestUnsafeStaysInUDP(t *testing.T) {
	keep(t, unsafeStaysInUDP)
	examine(t, unsafeStaysInUDP, []specimen{
		{"internal/udp/a.go", `import "unsafe"`, ""},
		{"internal/wire/a.go", `import "unsafe"`, "2: only internal/udp may import unsafe"},
	})
}

func TestEngineAndGateDoWithoutTheNetwork(t *testing.T) {
	for _, folder := range []string{"internal/engine", "internal/gate"} {
		list := exec.Command("go", "list", "-deps", "./"+folder)
		list.Dir = filepath.FromSlash(root)
		deps, err := list.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", list, err, deps)
		}
		if slices.Contains(strings.Fields(string(deps)), "net") {
			t.Errorf("%s depends on package net; go list -deps -json ./%s tells through which import", folder, folder)
		}
	}
}
