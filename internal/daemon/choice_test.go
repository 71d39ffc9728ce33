package daemon

import (
	"encoding"
	"testing"
)

func TestChoicesAcceptTheirWordsAndNameThemWhenRefusing(t *testing.T) {
	tests := []struct {
		to   encoding.TextUnmarshaler
		text string
		want string // of the error; empty if it is accepted
	}{
		{new(Detail), "full", ""},
		{new(Detail), "none", `"none" is not one of full, meta, off`},
		{new(Reply), "echo", ""},
		{new(Reply), "ACK", `"ACK" is not one of ack, echo, none`},
		{new(LogFormat), "json", ""},
		{new(LogFormat), "xml", `"xml" is not one of text, json`},
		{new(Level), "debug", ""},
		{new(Level), "", `"" is not one of debug, info, warn, error`},
		{new(Duration), "1m30s", ""},
		{new(Duration), "5", `"5" is not a duration such as 30s, 5m or 1h30m`},
		{new(CIDLength), "off", ""},
		{new(CIDLength), "4", ""},
		{new(CIDLength), "0", `"0" is neither a length from 1 to 255 nor off`},
		{new(Versions), "1.2", ""},
		{new(Versions), "1.3", ""},
		{new(Versions), "1.2,1.3", ""},
		{new(Versions), "1.0", "DTLS 1.0 is obsolete and not spoken here"},
		{new(Versions), "1.2,1.4", `"1.4" is not one of 1.2, 1.3`},
		{new(Versions), "", `"" is not one of 1.2, 1.3`},
		{new(Versions), "2", `"2" is not one of 1.2, 1.3`},
	}
	for _, tt := range tests {
		err := tt.to.UnmarshalText([]byte(tt.text))
		if tt.want == "" {
			text, _ := tt.to.(encoding.TextMarshaler).MarshalText()
			if err != nil || string(text) != tt.text {
				t.Errorf("%T %q: %v, kept as %q", tt.to, tt.text, err, text)
			}
		} else if err == nil || err.Error() != tt.want {
			t.Errorf("%T %q: got %v, want %s", tt.to, tt.text, err, tt.want)
		}
	}
}
