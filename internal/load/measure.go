package load

import "time"

// A measurement is what the clocks said when it began.
type measurement struct {
	gen        *generator
	at         time.Time
	server     time.Duration
	own        time.Duration
	drops      uint64
	tellsDrops bool
}

// measure begins a measurement of so many operations, or any number if that is
// 0. The workers count from here on.
func (g *generator) measure(count int) measurement {
	m := measurement{gen: g, own: ownCPU(), server: g.serverCPU()}
	m.drops, m.tellsDrops = g.serverDrops()
	m.at = time.Now()
	g.clear(count)
	return m
}

// serverCPU returns the processor time of the server, or 0 if nobody looks.
func (g *generator) serverCPU() time.Duration {
	if g.PID == 0 {
		return 0
	}
	d, err := (process{g.PID}).cpu()
	if err != nil {
		return 0 // it is gone, which others will notice
	}
	return d
}

// serverDrops returns what the server's sockets had no room for, where they are
// on this machine.
func (g *generator) serverDrops() (uint64, bool) {
	if !isOwn(g.server.Addr()) {
		return 0, false
	}
	return bufferDrops(g.server.Port())
}

// resident returns the server's memory in kilobytes, or nil if nobody looks.
func (g *generator) resident() *int64 {
	if g.PID == 0 {
		return nil
	}
	kb, err := (process{g.PID}).resident()
	if err != nil {
		return nil
	}
	return &kb
}

// conclude adds to the report what happened since the measurement began. What
// the processors did is divided by the number of operations that perOperation
// makes of what was counted.
func (m measurement) conclude(r *Report, operations func(r *Report) uint64) {
	elapsed := time.Since(m.at)
	server, own := m.gen.serverCPU()-m.server, ownCPU()-m.own
	drops, _ := m.gen.serverDrops()
	t := m.gen.total()
	r.take(t)
	r.Seconds = elapsed.Seconds()
	if m.tellsDrops {
		r.Drops = ref(drops - m.drops)
	}
	n := operations(r)
	if elapsed > 0 {
		r.Rate = float64(n) / elapsed.Seconds()
	}
	if n > 0 {
		r.ClientCPU = micros(own) / float64(n)
	}
	if m.gen.PID == 0 || server < 0 {
		return
	}
	r.ServerUtil = ref(server.Seconds() / elapsed.Seconds())
	if n > 0 {
		r.ServerCPU = ref(micros(server) / float64(n))
	}
}

func ref[T any](v T) *T { return &v }

func micros(d time.Duration) float64 { return float64(d) / 1e3 }
