package engine

import (
	"fmt"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A question is what a handshake waits for its owner to answer. There is at
// most one at a time.
type question struct {
	token Token
	then  func(now time.Time, r Result) (state, error)
}

// Resolve answers the question with that token. An answer that comes late,
// twice or after the handshake is ignored. It may be called while the events
// of the verb that asked are being drained.
func (a *Association) Resolve(now time.Time, token Token, r Result) {
	a.ws.begin()
	h := a.hs
	if h == nil || token == 0 || h.question.token != token {
		return
	}
	then := h.question.then
	h.question = question{}
	h.settle(then(now, r))
	a.advance(now)
}

// ask raises e as a question and continues with then when a result of type R
// is there. The state stays as it is.
func ask[R Result](h *handshake, e Event, then func(now time.Time, r R) (state, error)) (state, error) {
	h.asked++
	e.Token = h.asked
	h.question = question{e.Token, func(now time.Time, r Result) (state, error) {
		answer, ok := r.(R)
		if !ok {
			return h.state, refuse(wire.AlertInternalError, "answer of type %T where %T was asked for", r, answer)
		}
		return then(now, answer)
	}}
	h.a.ws.push(e)
	return h.state, nil
}

// computed is what a [Job] of ours returns.
type computed[T any] struct {
	value T
	err   error
}

func (computed[T]) result() {}

// compute has do run wherever the owner likes, and continues with its value.
// An error ends the handshake.
func compute[T any](h *handshake, do func() (T, error), then func(now time.Time, value T) (state, error)) (state, error) {
	job := func() Result {
		value, err := do()
		return computed[T]{value, err}
	}
	return ask(h, Event{Kind: EventCompute, Job: job}, func(now time.Time, r computed[T]) (state, error) {
		if r.err != nil {
			return h.state, fmt.Errorf("handshake computation: %w", r.err)
		}
		return then(now, r.value)
	})
}
