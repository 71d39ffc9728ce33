package dtls

import "context"

// A PSKStore finds the pre-shared keys of clients.
type PSKStore interface {
	// LookupPSK returns the key of a client that presents identity: up to 256
	// bytes, any bytes, possibly none. The identity is the client's claim:
	// whether it is true shows when the handshake completes, or does not.
	//
	// The error is [ErrUnknownIdentity] if there is no key. With that and
	// every other error the handshake goes on as if the client had used a
	// wrong key, so that nobody can find out which identities exist.
	//
	// Each call has a goroutine of its own and may take its time, unless
	// Config.LookupsInMemory is set; ctx ends with the handshake. identity must not be kept or changed.
	LookupPSK(ctx context.Context, identity []byte) (key []byte, err error)
}

// PSKFunc is a function that is a [PSKStore].
type PSKFunc func(ctx context.Context, identity []byte) (key []byte, err error)

// LookupPSK calls f.
func (f PSKFunc) LookupPSK(ctx context.Context, identity []byte) ([]byte, error) {
	return f(ctx, identity)
}

// StaticPSK is a [PSKStore] of keys by identity. The identity "*" stands for
// every identity that has no key of its own.
type StaticPSK map[string][]byte

// LookupPSK returns the key of an identity, or that of "*".
func (m StaticPSK) LookupPSK(_ context.Context, identity []byte) ([]byte, error) {
	key, ok := m[string(identity)]
	if !ok {
		key, ok = m["*"]
	}
	if !ok {
		return nil, ErrUnknownIdentity
	}
	return key, nil
}

// StaticClientPSK returns a Config.ClientPSK with one identity and key, whatever
// the server's hint.
func StaticClientPSK(identity string, key []byte) func(context.Context, []byte) ([]byte, []byte, error) {
	return func(context.Context, []byte) ([]byte, []byte, error) { return []byte(identity), key, nil }
}
