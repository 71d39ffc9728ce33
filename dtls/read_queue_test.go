package dtls

import (
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadQueueGrowsInOrder(t *testing.T) {
	q := newReadQueue(100)
	var forever deadline
	next := byte(0)
	buf := make([]byte, 4)
	put, taken := byte(0), 0
	for range 1000 {
		for range 3 {
			if q.put([]byte{put}) {
				put++
			}
		}
		if n, err := q.take(buf, &forever); n != 1 || buf[0] != next || err != nil {
			t.Fatalf("take %d = %v, %v; want %d", taken, buf[:n], err, next)
		}
		next++
		taken++
	}
	if len(q.ring) != 100 {
		t.Errorf("the ring has %d places", len(q.ring))
	}
}

func TestReadQueueReusesItsBuffers(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	q := newReadQueue(4)
	var forever deadline
	datagram, buf := make([]byte, 100), make([]byte, 100)
	for range 8 {
		q.put(datagram)
		q.take(buf, &forever)
	}
	if allocs := testing.AllocsPerRun(100, func() {
		q.put(datagram)
		q.take(buf, &forever)
	}); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestReadQueueWakesEveryReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newReadQueue(10)
		var forever deadline
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				if n, err := q.take(make([]byte, 1), &forever); n != 1 || err != nil {
					t.Errorf("take = %d, %v", n, err)
				}
			})
		}
		synctest.Wait()
		for range 3 {
			q.put([]byte{1})
		}
		readers.Wait()
		for range 3 {
			readers.Go(func() {
				if _, err := q.take(nil, &forever); err != io.EOF {
					t.Errorf("take = %v", err)
				}
			})
		}
		synctest.Wait()
		q.close(io.EOF)
		q.close(errors.New("too late"))
		readers.Wait()
	})
}

func TestExpiredReadTakesNothing(t *testing.T) {
	q := newReadQueue(1)
	q.put([]byte{1})
	var d deadline
	d.set(time.Unix(1, 0))
	if _, err := q.take(make([]byte, 1), &d); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("take = %v", err)
	}
}
