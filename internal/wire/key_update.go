package wire

// The values of KeyUpdateRequest: RFC 8446, Section 4.6.3.
const (
	updateNotRequested = 0
	updateRequested    = 1
)

// A KeyUpdate says that its sender goes on with new keys: RFC 8446, Section 4.6.3.
type KeyUpdate struct {
	Request bool // update_requested: the receiver is to do the same
}

// ParseKeyUpdate parses the body of a key_update.
func ParseKeyUpdate(body []byte) (KeyUpdate, error) {
	if len(body) != 1 {
		return KeyUpdate{}, ParseError{"key_update", "length"}
	}
	// RFC 8446, Section 4.6.3: "If an implementation receives any other value, it MUST terminate the
	// connection with an "illegal_parameter" alert."
	if body[0] > updateRequested {
		return KeyUpdate{}, IllegalError{"key_update", "request_update"}
	}
	return KeyUpdate{Request: body[0] == updateRequested}, nil
}

// AppendTo appends the body of m.
func (m KeyUpdate) AppendTo(b []byte) []byte {
	if m.Request {
		return append(b, updateRequested)
	}
	return append(b, updateNotRequested)
}
