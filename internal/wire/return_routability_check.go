package wire

import "strconv"

// An RRCType says what a return_routability_check is for: RFC 9853, Section 4.
type RRCType uint8

// The types.
const (
	RRCPathChallenge RRCType = 0
	RRCPathResponse  RRCType = 1
	RRCPathDrop      RRCType = 2
)

func (t RRCType) String() string {
	switch t {
	case RRCPathChallenge:
		return "path_challenge"
	case RRCPathResponse:
		return "path_response"
	case RRCPathDrop:
		return "path_drop"
	}
	return "rrc_msg_type " + strconv.Itoa(int(t))
}

// Known reports whether t is a type of RFC 9853.
func (t RRCType) Known() bool { return t <= RRCPathDrop }

// A ReturnRoutabilityCheck probes a path, or answers a probe: RFC 9853, Section 4.
type ReturnRoutabilityCheck struct {
	Type   RRCType
	Cookie [8]byte
}

// ParseReturnRoutabilityCheck parses the content of a return_routability_check record. Of a message whose
// type is not Known, and which the caller is to ignore, nothing but the type is read.
//
// RFC 9853, Section 4: "implementations MUST be able to parse and gracefully ignore messages with an
// unknown msg_type."
func ParseReturnRoutabilityCheck(b []byte) (ReturnRoutabilityCheck, error) {
	var m ReturnRoutabilityCheck
	if len(b) == 0 {
		return m, ParseError{"return_routability_check", "msg_type"}
	}
	m.Type = RRCType(b[0])
	if !m.Type.Known() {
		return m, nil
	}
	if len(b) != 1+len(m.Cookie) {
		return ReturnRoutabilityCheck{}, ParseError{"return_routability_check", "cookie"}
	}
	copy(m.Cookie[:], b[1:])
	return m, nil
}

// AppendTo appends the content of m.
func (m ReturnRoutabilityCheck) AppendTo(b []byte) []byte {
	return append(append(b, byte(m.Type)), m.Cookie[:]...)
}
