package load

import "time"

// memoryWatch follows the server's memory.
type memoryWatch struct {
	gen     *generator
	from    time.Time // what was before is how it settles
	next    time.Time
	seconds []float64
	kb      []float64
}

const (
	memoryEvery  = time.Second     // between two looks
	memorySettle = 3 * time.Minute // that are not judged, or a third of the time if that is less
	memoryJudged = 2 * time.Minute // below which there is no verdict
)

// Growth that is taken for a leak: more than a share of the memory, and more
// than the runtime of a server may do on a whim.
const (
	leakShare = 0.05
	leakKB    = 8 << 10
)

func (g *generator) watchMemory(duration time.Duration) *memoryWatch {
	return &memoryWatch{gen: g, from: time.Now().Add(min(memorySettle, duration/3))}
}

// look notes how much there is, every now and then.
func (m *memoryWatch) look(now time.Time) {
	if now.Before(m.from) || now.Before(m.next) {
		return
	}
	m.next = now.Add(memoryEvery)
	if kb := m.gen.resident(); kb != nil {
		m.seconds = append(m.seconds, now.Sub(m.from).Seconds())
		m.kb = append(m.kb, float64(*kb))
	}
}

// judge adds to the report how the memory grew, and a complaint if it did not
// stop.
func (m *memoryWatch) judge(r *Report) {
	if len(m.kb) == 0 || m.seconds[len(m.kb)-1] < memoryJudged.Seconds() {
		return
	}
	perSecond := slope(m.seconds, m.kb)
	r.RSSSlope = ref(perSecond * 60)
	judged := m.seconds[len(m.seconds)-1]
	if growth := perSecond * judged; growth > max(leakKB, leakShare*m.kb[0]) {
		r.complain("the server's memory grew by %.1f MB in %.1f minutes and did not stop", growth/1024, judged/60)
	}
}

// slope returns that of the straight line that is nearest to the points.
func slope(x, y []float64) float64 {
	var meanX, meanY float64
	for i := range x {
		meanX += x[i] / float64(len(x))
		meanY += y[i] / float64(len(y))
	}
	var above, below float64
	for i := range x {
		above += (x[i] - meanX) * (y[i] - meanY)
		below += (x[i] - meanX) * (x[i] - meanX)
	}
	if below == 0 {
		return 0
	}
	return above / below
}
