package daemon

import (
	"fmt"
	"log/slog"
)

// An rgb is a colour of 24 bits.
type rgb struct{ red, green, blue uint8 }

// A paint is how a line looks on a terminal: letters on a block of colour.
//
// The colours are those of Qt's example server, which writes with them on
// white. As letters they do not travel: dark blue vanishes on a black
// terminal, dark orange on a white one, and a program cannot know which it is
// on. As a block behind white or black letters each stays what it is, and
// reads well on either.
type paint struct {
	block, letters       rgb
	block256, letters256 uint8 // the nearest of the 256 that most terminals have
}

// A Colour says how many colours an output can show.
type Colour uint8

const (
	NoColour   Colour = iota
	Colour256         // xterm's palette
	TrueColour        // 24 bits
)

// appendCode appends what makes a terminal paint.
func (p paint) appendCode(b []byte, depth Colour) []byte {
	if depth == Colour256 {
		return fmt.Appendf(b, "\x1b[48;5;%d;38;5;%dm", p.block256, p.letters256)
	}
	return fmt.Appendf(b, "\x1b[48;2;%d;%d;%d;38;2;%d;%d;%dm",
		p.block.red, p.block.green, p.block.blue, p.letters.red, p.letters.green, p.letters.blue)
}

var (
	white = rgb{0xff, 0xff, 0xff}
	black = rgb{0x00, 0x00, 0x00}

	crimson     = paint{rgb{0xdc, 0x14, 0x3c}, white, 161, 231}
	darkOrange  = paint{rgb{0xff, 0x8c, 0x00}, black, 208, 16}
	darkBlue    = paint{rgb{0x00, 0x00, 0x8b}, white, 18, 231}
	darkMagenta = paint{rgb{0x8b, 0x00, 0x8b}, white, 90, 231}
)

// paintOf is the paint of a line of information; datagrams are dark magenta.
func paintOf(l Line) paint {
	switch {
	case l.Alert, l.Level >= slog.LevelError:
		return crimson
	case l.Level >= slog.LevelWarn:
		return darkOrange
	}
	return darkBlue
}
