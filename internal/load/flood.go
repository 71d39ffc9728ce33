package load

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/udp"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Flood is a scenario of first ClientHellos, as of an attacker who never
// reads the answers.
type Flood struct {
	Rate      float64 // hellos a second; 0 for as many as we can
	Spoof     int     // addresses that they come from
	Duration  time.Duration
	BadCookie bool // with a cookie that the server did not make, in DTLS 1.2
	Permitted bool // the server may be somebody else's
}

func (Flood) name() string { return "flood" }

func (f Flood) check(s *Settings) error {
	switch {
	case f.Rate < 0:
		return usageError("--rate cannot be negative")
	case f.Spoof < 1:
		return usageError("--spoof wants at least 1")
	case f.Duration <= 0:
		return usageError("--duration must be longer than nothing")
	case f.BadCookie && s.Client.MinVersion == dtls.VersionDTLS13:
		return usageError("--bad-cookie wants DTLS 1.2: in 1.3 a second hello has to fit the answer to the first")
	case !isNear(s.Server.Addr()) && !f.Permitted:
		return &UsageError{
			fmt.Sprintf("%v is neither this machine nor in a private network: flooding what is not yours is an attack", s.Server.Addr()),
			"--yes-i-own-this-server says that it is yours",
		}
	}
	return nil
}

func (f Flood) run(ctx context.Context, g *generator, r *Report) error {
	r.TargetRate = f.Rate
	if err := g.equip(false); err != nil {
		return err
	}
	hello, err := g.hello(f.BadCookie)
	if err != nil {
		return err
	}
	r.Size = len(hello)
	r.RSSBefore = g.resident()
	m := g.measure(0)
	ctx, cancel := context.WithTimeout(ctx, f.Duration)
	defer cancel()
	var sent atomic.Uint64
	defer g.watchFlood(&sent)()
	if err := g.flood(ctx, f, hello, &sent); err != nil {
		return err
	}
	m.conclude(r, func(r *Report) uint64 {
		r.Sent = sent.Load()
		r.OK = r.Sent
		if r.Drops != nil {
			r.OK -= min(*r.Drops, r.Sent)
		}
		return r.OK
	})
	r.RSSAfter = g.resident()
	r.Rate = float64(r.Sent) / r.Seconds
	return nil
}

// hello returns the datagram of a first ClientHello, or of a second one with a
// cookie that nobody made.
func (g *generator) hello(badCookie bool) ([]byte, error) {
	ws, now := engine.NewWorkspace(), time.Now()
	w := &worker{gen: g, now: now, ws: ws}
	a := engine.NewClient(g.config, ws, now, g.credentials.target(nil))
	hello, err := w.onlyDatagram(a)
	if err != nil || !badCookie {
		return hello, err
	}
	a.Receive(now, verifyRequest())
	return w.onlyDatagram(a)
}

// onlyDatagram returns what an association wants to send, if that is one
// datagram.
func (w *worker) onlyDatagram(a *engine.Association) (datagram []byte, err error) {
	for {
		switch e := a.Next(); e.Kind {
		case engine.EventSend:
			if datagram != nil {
				return nil, errors.New("the hello does not fit into one datagram: choose smaller --groups")
			}
			datagram = append(datagram, e.Data...)
		case engine.EventNone:
			if datagram == nil {
				return nil, errors.New("there is no hello to send")
			}
			return datagram, nil
		default:
			w.answer(a, &e)
		}
	}
}

// verifyRequest returns a HelloVerifyRequest with a random cookie of the usual
// length.
func verifyRequest() []byte {
	m := wire.HelloVerifyRequest{Version: wire.VersionDTLS12, Cookie: make([]byte, 20)}
	for i := range m.Cookie {
		m.Cookie[i] = byte(rand.Uint32())
	}
	body := m.AppendTo(nil)
	fragment := wire.Fragment{Type: wire.TypeHelloVerifyRequest, Length: uint32(len(body)), Body: body}
	content := fragment.AppendTo(nil)
	record := wire.AppendRecordHeader(nil, wire.ContentHandshake, wire.VersionDTLS12, 0, 0, len(content))
	return append(record, content...)
}

// flood sends hellos from all cores until ctx ends.
func (g *generator) flood(ctx context.Context, f Flood, hello []byte, sent *atomic.Uint64) error {
	var running sync.WaitGroup
	defer running.Wait()
	for i := range g.Cores {
		p := floodPlaces(g.sources, f.Spoof)
		l, err := openLine(ctx, g, &p, 0)
		if err != nil {
			return err
		}
		defer l.socket.Close()
		l.deafen()
		s := &stream{line: l, places: p, server: g.server, hello: hello, sent: sent}
		s.pace.rate = f.Rate / float64(g.Cores)
		s.turn = i * f.Spoof / g.Cores
		running.Go(func() { s.run(ctx) })
	}
	running.Wait()
	return nil
}

// floodPlaces are so many addresses behind one socket, as far as there are.
func floodPlaces(network netip.Prefix, spoof int) places {
	p := places{each: 1, sockets: 1}
	if network.IsValid() {
		p.first, p.each = hosts(network)
	}
	p.total = min(spoof, p.each)
	return p
}

// A stream is the part of a flood that one core sends.
type stream struct {
	line   *line
	places places
	server netip.AddrPort
	hello  []byte
	pace   pace
	turn   int // the place whose turn it is
	sent   *atomic.Uint64
}

// randomAt is where in a datagram the random of a ClientHello is: behind the
// headers of record and message, and the version.
const randomAt = wire.RecordHeaderLen + wire.FragmentHeaderLen + 2

func (s *stream) run(ctx context.Context) {
	buf := make([]byte, maxBatch*len(s.hello))
	for i := range maxBatch {
		copy(buf[i*len(s.hello):], s.hello)
	}
	start := time.Now()
	for ctx.Err() == nil {
		n := maxBatch
		if s.pace.rate > 0 {
			due := s.pace.due(time.Since(start))
			for ; due > maxBatch; due -= maxBatch {
				s.send(buf, maxBatch)
			}
			if n = due; n == 0 {
				time.Sleep(tickTime)
				continue
			}
		}
		s.send(buf, n)
	}
}

// send sends n hellos, each from the next place and with a random of its own.
func (s *stream) send(buf []byte, n int) {
	out := s.line.out[:0]
	for i := range n {
		b := buf[i*len(s.hello):][:len(s.hello)]
		binary.BigEndian.PutUint64(b[randomAt:], rand.Uint64())
		_, source := s.places.at(s.turn % s.places.total)
		s.turn++
		out = append(out, udp.Message{Buf: b, Peer: s.server, Local: source})
	}
	s.line.out = out
	lost := s.line.flush()
	s.sent.Add(uint64(n - lost))
}
