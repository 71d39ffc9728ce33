package gate

import "time"

// A Policy says which clients have to show a cookie.
type Policy uint8

// The policies.
const (
	Always    Policy = iota // all
	UnderLoad               // all while there is load, and otherwise none
	Never                   // none: the sender's address is not proven
)

// What load is: so many hellos without a cookie, or as many handshakes in progress as Config.Crowded minds.
// It lasts for a while after the last sign of it, so that clients find the same server twice.
const (
	loadHellos = 50 // in a tick, which is 500 a second
	loadTime   = 10 * time.Second
)

// A load finds out whether a server has to ask for cookies.
type load struct {
	until  time.Time // the end of it
	tick   time.Time // in which hellos are counted
	hellos int
}

// hear counts a hello without a cookie, and reports whether it has to be asked for one.
func (l *load) hear(now time.Time, crowded bool) bool {
	if now.Sub(l.tick) >= answerTick || now.Before(l.tick) {
		l.tick, l.hellos = now, 0
	}
	l.hellos++
	if crowded || l.hellos > loadHellos {
		l.until = now.Add(loadTime)
	}
	return now.Before(l.until)
}
