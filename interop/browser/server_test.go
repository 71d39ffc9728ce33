package browser

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/interop"
)

// program is where the program under test was built; TestMain sets it.
var program string

// buildProgram builds the program as a user does.
func buildProgram(directory string) error {
	program = filepath.Join(directory, "dtlsd")
	output, err := exec.Command("go", "-C", "../..", "build", "-o", program, "./cmd/dtlsd").CombinedOutput()
	if err != nil {
		return fmt.Errorf("building dtlsd: %w\n%s", err, output)
	}
	return nil
}

// A server is a running dtlsd with a console.
type server struct {
	t       testing.TB
	process *interop.Process
	args    []string
	address string // of DTLS
	console string // URL of the console, with the token
	state   string // directory of the console's secret
}

// serve starts dtlsd with a console on any free port, and stops it with the test.
func serve(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{t: t, args: args, state: t.TempDir()}
	s.start("127.0.0.1:0", "127.0.0.1:0")
	t.Cleanup(func() { s.process.Stop() })
	return s
}

func (s *server) start(listen, console string) {
	s.t.Helper()
	args := append([]string{"serve", "--listen", listen, "--console", console, "--console-state", filepath.Join(s.state, "secret")}, s.args...)
	var err error
	if s.process, err = interop.Start(interop.Command{Path: program, Args: args}); err != nil {
		s.t.Fatal(err)
	}
	s.address = s.want("address", `^Server is listening on address (\S+) and port (\d+)$`, ":")
	s.console = s.want("console", `^The console is at (\S+)$`, "")
}

// restart ends the program and starts it again on the same addresses.
func (s *server) restart() {
	s.t.Helper()
	s.process.Stop()
	host, _, _ := strings.Cut(strings.TrimPrefix(s.console, "http://"), "/")
	s.start(s.address, host)
}

// want returns the groups of what the program is to print, joined.
func (s *server) want(what, pattern, separator string) string {
	s.t.Helper()
	groups, err := s.process.Want(what, pattern)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Join(groups[1:], separator)
}

// connect runs dtlsd connect to its end and returns what it printed.
func (s *server) connect(args ...string) string {
	s.t.Helper()
	output, _ := exec.Command(program, append([]string{"connect", s.address}, args...)...).CombinedOutput()
	return string(output)
}

// client starts dtlsd connect, which stays until the test ends or Stop.
func (s *server) client(args ...string) *interop.Process {
	s.t.Helper()
	p, err := interop.Start(interop.Command{Path: program, Args: append([]string{"connect", s.address}, args...)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(p.Stop)
	return p
}

// run starts a program, which stays until the test ends.
func (s *server) run(path string, args ...string) *interop.Process {
	s.t.Helper()
	p, err := interop.Start(interop.Command{Path: path, Args: args})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(p.Stop)
	return p
}

// output runs a program to its end and returns what it printed.
func (s *server) output(path string, args ...string) string {
	s.t.Helper()
	output, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		s.t.Errorf("%s: %v", path, err)
	}
	return string(output)
}

// download stores what the API has at a path.
func (s *server) download(path, file string) {
	s.t.Helper()
	url, token := s.api(path)
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s, %v\n%s", path, response.Status, err, content)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// api returns the URL of a path of the API, and the token that it wants.
func (s *server) api(path string) (url, token string) {
	base, fragment, _ := strings.Cut(s.console, "/#token=")
	return base + path, fragment
}
