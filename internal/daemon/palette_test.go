package daemon

import (
	"math"
	"testing"
)

// luminance is the relative luminance of WCAG 2.
func (c rgb) luminance() float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.red) + 0.7152*linear(c.green) + 0.0722*linear(c.blue)
}

func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestPaintsAreReadableOnEveryBackground(t *testing.T) {
	// 4.5 is what WCAG 2 asks of text. The terminal's own background takes no
	// part: letters stand on their block.
	for name, p := range map[string]paint{"crimson": crimson, "dark orange": darkOrange, "dark blue": darkBlue, "dark magenta": darkMagenta} {
		if c := contrast(p.block, p.letters); c < 4.5 {
			t.Errorf("%s: contrast %.2f", name, c)
		}
	}
}

func TestTerminalOf256ColoursGetsTheNearest(t *testing.T) {
	for want, p := range map[string]paint{
		"\x1b[48;5;161;38;5;231m": crimson,
		"\x1b[48;5;208;38;5;16m":  darkOrange,
		"\x1b[48;5;18;38;5;231m":  darkBlue,
		"\x1b[48;5;90;38;5;231m":  darkMagenta,
	} {
		if got := string(p.appendCode(nil, Colour256)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
