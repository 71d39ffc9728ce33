package daemon

import (
	"io"
	"os"
	"runtime"

	"golang.org/x/term"
)

// Streams are what a program talks through.
type Streams struct {
	In          io.Reader
	Data        Stream // datagrams, for people and pipes
	Information Stream
}

// A Stream is an output and the colours that it shows.
type Stream struct {
	io.Writer
	Colour Colour
}

// StandardStreams are the three of the process.
func StandardStreams() Streams {
	return Streams{
		In:          os.Stdin,
		Data:        Stream{os.Stdout, colourful(os.Stdout)},
		Information: Stream{os.Stderr, colourful(os.Stderr)},
	}
}

// colourful tells how many colours f has: none unless it is a terminal on which
// nobody has forbidden them (see https://no-color.org), and 24 bits only where
// the terminal says so.
func colourful(f *os.File) Colour {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return NoColour
	}
	if runtime.GOOS == "windows" && os.Getenv("WT_SESSION") == "" {
		return NoColour // the old console shows the codes instead of obeying them
	}
	if !term.IsTerminal(int(f.Fd())) {
		return NoColour
	}
	if depth := os.Getenv("COLORTERM"); depth == "truecolor" || depth == "24bit" || runtime.GOOS == "windows" {
		return TrueColour
	}
	return Colour256
}
