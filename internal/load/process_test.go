package load

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

const procNetUDP = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  451: 0100007F:573E 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 16387 2 0000000000000000 17
  452: 0100007F:573F 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 16388 2 0000000000000000 4
  453: 0200007F:573E 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 16389 2 0000000000000000 25
`

func TestDropsAreThoseOfThePort(t *testing.T) {
	if n, ok := parseDrops(strings.NewReader(procNetUDP), 22334); n != 42 || !ok {
		t.Errorf("drops %d, %v; want 42", n, ok)
	}
	if n, ok := parseDrops(strings.NewReader(procNetUDP), 1); n != 0 || ok {
		t.Errorf("of a port that nobody has: %d, %v", n, ok)
	}
}

func FuzzParseDrops(f *testing.F) {
	f.Add(procNetUDP)
	f.Add("a b:573E c d e f g h i j k l 18446744073709551616")
	f.Fuzz(func(t *testing.T, text string) {
		if n, found := parseDrops(strings.NewReader(text), 22334); n > 0 && !found {
			t.Errorf("%d drops, and none found", n)
		}
	})
}

func TestResidentPages(t *testing.T) {
	if n, err := parseStatm("4096 512 300 1 0 200 0\n"); n != 512 || err != nil {
		t.Errorf("%d pages, %v", n, err)
	}
	for _, text := range []string{"", "1", "1 x", "1 -2", "1 99999999999999999999"} {
		if _, err := parseStatm(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func FuzzParseStatm(f *testing.F) {
	f.Add("4096 512 300 1 0 200 0\n")
	f.Add("1 -1")
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := parseStatm(text); err == nil && n < 0 {
			t.Errorf("%q: %d pages", text, n)
		}
	})
}

func TestOwnProcessCanBeWatched(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("known on Linux only")
	}
	p := process{os.Getpid()}
	before, err := p.cpu()
	if err != nil {
		t.Fatal(err)
	}
	for end := ownCPU() + time.Millisecond; ownCPU() < end; {
	}
	if after, _ := p.cpu(); after < before+time.Millisecond {
		t.Errorf("a millisecond's work counts as %v", after-before)
	}
	if kb, err := p.resident(); kb < 1000 || err != nil {
		t.Errorf("resident memory of %d KB, %v", kb, err)
	}
	if _, err := (process{1 << 22}).cpu(); err == nil {
		t.Error("a process that does not exist has used time")
	}
}
