package wire

import "strconv"

// An AlertLevel is the severity of an alert: RFC 5246, Section 7.2.
type AlertLevel uint8

// The levels.
const (
	AlertWarning AlertLevel = 1
	AlertFatal   AlertLevel = 2
)

func (l AlertLevel) String() string {
	switch l {
	case AlertWarning:
		return "warning"
	case AlertFatal:
		return "fatal"
	}
	return "alert_level " + strconv.Itoa(int(l))
}

// An Alert is the content of an alert record: RFC 5246, Section 7.2.
type Alert struct {
	Level       AlertLevel
	Description AlertDescription
}

// ParseAlert parses the plaintext of an alert record, which holds exactly one alert.
func ParseAlert(b []byte) (Alert, error) {
	if len(b) != 2 {
		return Alert{}, ParseError{"alert", "length"}
	}
	return Alert{AlertLevel(b[0]), AlertDescription(b[1])}, nil
}

// AppendTo appends the two bytes of a.
func (a Alert) AppendTo(b []byte) []byte {
	return append(b, byte(a.Level), byte(a.Description))
}

// String returns "fatal handshake_failure" and the like.
func (a Alert) String() string { return a.Level.String() + " " + a.Description.String() }
