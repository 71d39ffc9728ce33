package interop

import "net/netip"

type wolfSSL struct{}

func (wolfSSL) Name() string                            { return "wolfSSL" }
func (wolfSSL) Suites(Role) suiteTable                  { return nil }
func (wolfSSL) Authenticates(Role, Authentication) bool { return false }
func (wolfSSL) Serve(*Scenario) (Listener, error)       { return nil, ErrNotOffered }
func (wolfSSL) Connect(*Scenario, netip.AddrPort) (End, error) {
	return nil, ErrNotOffered
}
