package browser

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/interop"
)

// The load of BenchmarkConsole.
const (
	costRate     = 50_000 // datagrams a second
	costSessions = 64
	costWarmUp   = time.Second
	costTime     = 4 * time.Second
	costRounds   = 8
	costKey      = "1a2b3c4d5e6f"
)

// BenchmarkConsole measures what the console costs the server: CPU time per echoed datagram without a console, with
// one that nobody looks at, and with an open page. A second server without a console shows how much chance there is in
// the ratios. They take turns, each round in another order.
func BenchmarkConsole(b *testing.B) {
	b.Setenv("GOMAXPROCS", "1")
	servers := []*measured{costServer(b, "off"), costServer(b, "off"), costServer(b, "127.0.0.1:0"), costServer(b, "127.0.0.1:0")}
	const off, control, closed, open = 0, 1, 2, 3
	for b.Loop() {
		var costs, rates [4][]float64
		for round := range costRounds {
			for i := range servers {
				at := (round + i) % len(servers)
				cost, rate := servers[at].cost(b, at == open)
				costs[at], rates[at] = append(costs[at], cost), append(rates[at], rate)
			}
		}
		b.ReportMetric(median(costs[off])*1e6, "µs/datagram")
		b.ReportMetric(median(rates[off]), "datagrams/s")
		for at, unit := range map[int]string{control: "off/off", closed: "closed/off", open: "open/off"} {
			b.ReportMetric(median(ratios(costs[at], costs[off])), unit)
		}
	}
}

// ratios divides what was measured in the same round.
func ratios(of, by []float64) []float64 {
	list := make([]float64, len(of))
	for i := range of {
		list[i] = of[i] / by[i]
	}
	return list
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// A measured is a server whose processor time is measured.
type measured struct {
	server
	pid int
}

func costServer(b *testing.B, console string) *measured {
	b.Helper()
	directory := b.TempDir()
	pidFile := filepath.Join(directory, "pid")
	// The shell tells its number and becomes the program.
	script := fmt.Sprintf("echo $$ >%s; exec %s serve --listen 127.0.0.1:0 --console %s --console-state %s/secret --psk '*:%s' --reply echo --datagrams off",
		pidFile, program, console, directory, costKey)
	process, err := interop.Start(interop.Command{Path: "sh", Args: []string{"-c", script}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(process.Stop)
	m := &measured{server: server{t: b, process: process}}
	m.address = m.want("address", `^Server is listening on address (\S+) and port (\d+)$`, ":")
	if console != "off" {
		m.console = m.want("console", `^The console is at (\S+)$`, "")
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		b.Fatal(err)
	}
	if m.pid, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil {
		b.Fatal(err)
	}
	return m
}

// cost returns the seconds of processor time per echoed datagram, and the datagrams a second.
func (m *measured) cost(b *testing.B, watched bool) (seconds, rate float64) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), costWarmUp+costTime)
	defer cancel()
	var pages sync.WaitGroup
	defer pages.Wait()
	if watched {
		pages.Go(func() { m.watch(ctx) })
	}
	l := newLoad(b, m.address)
	defer l.close()
	l.run(b, ctx)
	time.Sleep(costWarmUp)
	begun, cpu, echoed := time.Now(), m.cpu(b), l.echoed.Load()
	<-ctx.Done()
	n := float64(l.echoed.Load() - echoed)
	return (m.cpu(b) - cpu).Seconds() / n, n / time.Since(begun).Seconds()
}

// watch reads the stream of events, as an open page does.
func (m *measured) watch(ctx context.Context) {
	url, token := m.api("/api/v1/events")
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if response, err := http.DefaultClient.Do(r); err == nil {
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
}

// cpu returns the processor time of the server so far, to the nanosecond.
func (m *measured) cpu(b *testing.B) time.Duration {
	b.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", m.pid))
	if err != nil || len(tasks) == 0 {
		b.Skip("the system does not tell processor times")
	}
	var sum time.Duration
	for _, task := range tasks {
		var ns int64
		if text, err := os.ReadFile(task); err == nil {
			fmt.Sscan(string(text), &ns)
		}
		sum += time.Duration(ns)
	}
	return sum
}

// A load is sessions that send at a common rate and read what comes back.
type load struct {
	conns  []*dtls.Conn
	echoed atomic.Int64
	all    sync.WaitGroup
}

func newLoad(b *testing.B, address string) *load {
	b.Helper()
	key, _ := hex.DecodeString(costKey)
	config := &dtls.Config{
		ClientPSK:    dtls.StaticClientPSK("load", key),
		CipherSuites: []uint16{0x00a8}, // PSK, AES-128-GCM
	}
	l := &load{}
	for range costSessions {
		conn, err := dtls.Dial("udp", address, config)
		if err != nil {
			b.Fatal(err)
		}
		l.conns = append(l.conns, conn)
	}
	return l
}

// run sends until ctx ends.
func (l *load) run(b *testing.B, ctx context.Context) {
	const burst = 4
	period := time.Second * costSessions * burst / costRate
	for _, conn := range l.conns {
		l.all.Go(func() {
			buf := make([]byte, 2048)
			for {
				if _, err := conn.Read(buf); err != nil {
					return
				}
				l.echoed.Add(1)
			}
		})
		l.all.Go(func() {
			message := make([]byte, 64)
			ticker := time.NewTicker(period)
			defer ticker.Stop()
			for {
				select {
				case <-ticker.C:
				case <-ctx.Done():
					return
				}
				for range burst {
					conn.Write(message)
				}
			}
		})
	}
}

func (l *load) close() {
	for _, conn := range l.conns {
		conn.Close()
	}
	l.all.Wait()
}
