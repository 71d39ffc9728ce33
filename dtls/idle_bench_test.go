package dtls

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Reports what a sleeping session costs the server: the heap that is live, and
// the resident memory of the whole process after a collection, test clients and
// network included. There are no tickets: the clients are gone before they could
// acknowledge any, and a session that waits for that does not sleep.
func BenchmarkIdleSession(b *testing.B) {
	const sessions = 50_000
	for b.Loop() {
		n := newMemNet()
		srv := &Server{
			Config:  &Config{PSK: StaticPSK{"*": testKey}, HandshakeRate: -1, MaxSessions: -1, MinVersion: version, MaxVersion: version, SessionTicketsDisabled: true},
			Handler: HandlerFunc(func(*Session, []byte) {}),
		}
		go srv.Serve(n.listen(serverAddress))
		n.waitFor(serverPeer)
		heap, resident := heapInUse(), residentMemory(b)
		for i := range sessions {
			conn := n.dial(fmt.Sprintf("198.%d.%d.%d:1", 16+i>>16, i>>8&255, i&255), serverAddress)
			newBareClient(b, conn)
			conn.Close()
		}
		for srv.Stats().Sessions < sessions {
			runtime.Gosched()
		}
		srv.sendToSleep()
		b.ReportMetric((float64(heapInUse())-float64(heap))/sessions, "heap-B/session")
		b.ReportMetric((float64(residentMemory(b))-float64(resident))/sessions, "RSS-B/session")
		srv.Close()
	}
}

// sendToSleep has the server's sessions sleep before their time.
func (s *Server) sendToSleep() {
	for _, sh := range s.shards {
		sh.post(func() {
			for _, sess := range sh.table.slots {
				if sess != nil && sess.live != nil {
					sh.sleep(sess)
				}
			}
		})
		sh.wait()
	}
}

// residentMemory returns the resident bytes of this process, after a collection.
func residentMemory(b *testing.B) uint64 {
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("only Linux tells: ", err)
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmRSS:" {
			kb, _ := strconv.ParseUint(fields[1], 10, 64)
			return kb << 10
		}
	}
	return 0
}

// Waking for a record and falling asleep again.
func BenchmarkWake(b *testing.B) {
	srv, c := loopback(b, func(s *Server, _ *Config) { s.Config.MaxVersion = VersionDTLS12 })
	c.Write([]byte("so that it is established"))
	time.Sleep(10 * time.Millisecond)
	b.ReportAllocs()
	done := make(chan struct{})
	srv.shards[0].post(func() {
		sh := srv.shards[0]
		sess := sh.table.last()
		for b.Loop() {
			if !sh.sleep(sess) {
				panic("it does not sleep")
			}
			sh.wake(sess)
		}
		close(done)
	})
	<-done
}
