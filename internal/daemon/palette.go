package daemon

import "log/slog"

// An rgb is a colour of 24 bits.
type rgb struct{ red, green, blue uint8 }

// A paint is how a line looks on a terminal: letters on a block of colour.
//
// The colours are those of Qt's example server, which writes with them on
// white. As letters they do not travel: dark blue vanishes on a black
// terminal, dark orange on a white one, and a program cannot know which it is
// on. As a block behind white or black letters each stays what it is, and
// reads well on either.
type paint struct{ block, letters rgb }

var (
	white = rgb{0xff, 0xff, 0xff}
	black = rgb{0x00, 0x00, 0x00}

	crimson     = paint{rgb{0xdc, 0x14, 0x3c}, white}
	darkOrange  = paint{rgb{0xff, 0x8c, 0x00}, black}
	darkBlue    = paint{rgb{0x00, 0x00, 0x8b}, white}
	darkMagenta = paint{rgb{0x8b, 0x00, 0x8b}, white}
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
