package main

import (
	"github.com/dtlsd/dtlsd/internal/engine"
)

// selectCredentials hands over all credentials: it is the engine that chooses
// among them. A client that has some but none that fits gives up, as the tests
// want it; the engine would go on without.
func (e *endpoint) selectCredentials(event engine.Event) engine.Credentials {
	if event.Hello != nil {
		e.advertisedALPN = event.Hello.ALPN
		return engine.Credentials{List: e.credentials}
	}
	var unfit error
	for _, credential := range e.credentials {
		if unfit = event.Request.Supports(credential); unfit == nil {
			break
		}
	}
	return engine.Credentials{List: e.credentials, Err: unfit}
}
