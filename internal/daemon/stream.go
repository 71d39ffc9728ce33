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

// A Stream is an output and whether it wants colours.
type Stream struct {
	io.Writer
	Colour bool
}

// StandardStreams are the three of the process.
func StandardStreams() Streams {
	return Streams{
		In:          os.Stdin,
		Data:        Stream{os.Stdout, colourful(os.Stdout)},
		Information: Stream{os.Stderr, colourful(os.Stderr)},
	}
}

// colourful tells whether f is a terminal on which nobody has forbidden
// colours: see https://no-color.org.
func colourful(f *os.File) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	if runtime.GOOS == "windows" && os.Getenv("WT_SESSION") == "" {
		return false // the old console shows the codes instead of obeying them
	}
	return term.IsTerminal(int(f.Fd()))
}
