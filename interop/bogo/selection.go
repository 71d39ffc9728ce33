package main

import (
	"fmt"
	"slices"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// selectCredentials hands over all credentials: it is the engine that chooses
// among them. A client that has some but none that fits gives up, as the tests
// want it; the engine would go on without.
func (e *endpoint) selectCredentials(event engine.Event) engine.Credentials {
	if event.Hello != nil {
		e.advertisedALPN = event.Hello.ALPN
		if takes := event.Hello.CertificateTypes; e.ledger.delegated && (takes == nil || slices.Contains(takes, wire.CertificateTypeX509)) {
			return engine.Credentials{Err: fmt.Errorf("delegated credentials: %w", errUnimplemented)}
		}
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
