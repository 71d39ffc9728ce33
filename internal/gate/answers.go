package gate

import (
	"hash/maphash"
	"net/netip"
	"time"
)

// DefaultAnswerRate is how many hellos a second without a good cookie are answered where nothing else is
// configured, and the server keeps up with reading them. When it does not, there are far fewer: see prices.
const DefaultAnswerRate = 250_000

// The tick over which hellos are counted, and who is heard first within one.
const (
	answerTick  = 100 * time.Millisecond
	quietHellos = 4 // of a network, at most: it floods nobody
	knownPart   = 2 // networks with acquaintances share one in so many of all answers
)

// answerBurst is for how long answers are saved up.
const answerBurst = 50 * time.Millisecond

// A Pressure says how far a server is behind with reading.
type Pressure uint8

// The pressures.
const (
	KeepsUp   Pressure = iota // it has read all there was
	Behind                    // there was more than it reads at a time
	FarBehind                 // so for long
)

// prices are what an answer to a stranger costs: it takes the time of several datagrams, which might be lost
// meanwhile.
var prices = [...]float64{KeepsUp: 1, Behind: 4, FarBehind: highestPrice}

const highestPrice = 16

// leastBurst is how many answers are saved up at least: when the reserve for others is full, half of it, there
// is the price of one.
const leastBurst = 2 * highestPrice

// Answers are a budget. What a hello without a cookie makes the server send is the one thing that somebody
// with made-up addresses can have it do at will, and dropping such a hello costs an eighth of answering it.
// So answers have a rate, and what is beyond it is dropped.
//
// Among many hellos with made-up addresses there is that of a client. Two things tell it: somebody in its
// network has shown a good cookie lately, or little comes from there. Those are answered first: a part of what
// is saved up is for them alone. A flood whose addresses are all over the Internet cannot be told from clients,
// and then those networks are heard that clients are known to be in.
type answers struct {
	networks Networks
	rate     float64 // answers a second; negative for no limit
	burst    float64
	tokens   float64
	at       time.Time // of tokens
	tick     time.Time // when sketch was cleared
	pressure Pressure
	hellos   sketch // of each network, in this tick
	known    acquaintances
	heard    [2]int // networks with acquaintances that sent hellos in this tick, and in the one before
}

func newAnswers(rate int, networks Networks) answers {
	if rate == 0 {
		rate = DefaultAnswerRate
	}
	seed := maphash.MakeSeed()
	burst := max(float64(rate)*answerBurst.Seconds(), leastBurst)
	return answers{
		networks: networks,
		rate:     float64(rate),
		burst:    burst,
		tokens:   burst,
		hellos:   sketch{seed: seed},
		known:    newAcquaintances(seed),
	}
}

// allow reports whether a hello from that address may be answered, and charges for it.
func (a *answers) allow(now time.Time, addr netip.Addr) bool {
	if a.rate < 0 {
		return true
	}
	a.advance(now)
	price, reserve := a.terms(addr)
	if a.tokens < reserve+price {
		return false
	}
	a.tokens -= price
	return true
}

// advance fills up the budget and begins a new tick, if it is time.
func (a *answers) advance(now time.Time) {
	if passed := now.Sub(a.at); passed > 0 {
		a.tokens = min(a.tokens+a.rate*min(passed, time.Second).Seconds(), a.burst)
		a.at = now
	}
	if now.Sub(a.tick) >= answerTick || now.Before(a.tick) {
		a.hellos.clear()
		a.tick = now
		a.heard = [2]int{0, a.heard[0]}
	}
}

// welcome makes the network of an address known: a good cookie came from there.
func (a *answers) welcome(now time.Time, addr netip.Addr) {
	a.known.add(now, a.networks.Of(addr).Addr())
}

// terms returns what an answer to that address costs, and how much has to be left for others.
func (a *answers) terms(addr netip.Addr) (price, reserve float64) {
	price = prices[a.pressure]
	network := a.networks.Of(addr).Addr()
	key := network.As16()
	n := a.hellos.add(key[:])
	switch {
	case a.isKnown(network, n):
		return 1, 0
	case n <= quietHellos:
		return price, a.burst / 4
	default:
		return price, a.burst / 2
	}
}

// isKnown reports whether the n-th hello of a network in this tick is for the part of the answers that those have
// which somebody has shown a cookie in. They share it alike: where all clients are in one network it has it all,
// and nobody can use up in the name of one what is for the others.
func (a *answers) isKnown(network netip.Addr, n int) bool {
	part := a.rate * answerTick.Seconds() / knownPart / prices[a.pressure]
	if float64(n) > max(part, quietHellos) || !a.known.know(network) {
		return false
	}
	if n == 1 {
		a.heard[0]++
	}
	return float64(n) <= max(part/float64(max(a.heard[0], a.heard[1], 1)), quietHellos)
}
