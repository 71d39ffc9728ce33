package load

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// A process is the server's, as far as the system lets us look at it.
type process struct{ pid int }

// cpu returns the time that all threads of the process have used, those that
// are gone included.
func (p process) cpu() (time.Duration, error) { return processCPU(p.pid) }

// resident returns the memory of the process that is in the machine's, in
// kilobytes.
func (p process) resident() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.pid))
	if err != nil {
		return 0, err
	}
	pages, err := parseStatm(string(text))
	return pages * int64(os.Getpagesize()) / 1024, err
}

// parseStatm returns the resident pages in the text of /proc/PID/statm.
func parseStatm(text string) (int64, error) {
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return 0, fmt.Errorf("statm has %d fields", len(fields))
	}
	pages, err := strconv.ParseInt(fields[1], 10, 40)
	if err == nil && pages < 0 {
		err = fmt.Errorf("statm tells of %d pages", pages)
	}
	return pages, err
}

// bufferDrops returns how many datagrams the sockets on a local port had no
// room for since they were opened. It reports false where the system does not
// tell.
func bufferDrops(port uint16) (drops uint64, ok bool) {
	for _, name := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		n, found := parseDrops(f, port)
		f.Close()
		drops, ok = drops+n, ok || found
	}
	return drops, ok
}

// parseDrops adds up the last column of the rows of /proc/net/udp about sockets
// on that port.
func parseDrops(r io.Reader, port uint16) (drops uint64, found bool) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 13 {
			continue
		}
		_, digits, _ := strings.Cut(fields[1], ":")
		local, err := strconv.ParseUint(digits, 16, 16)
		if err != nil || uint16(local) != port {
			continue
		}
		if n, err := strconv.ParseUint(fields[len(fields)-1], 10, 64); err == nil {
			drops, found = drops+n, true
		}
	}
	return drops, found
}
