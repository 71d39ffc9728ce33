// Package plan says what is measured: the rows of the comparison, each with its
// servers, its load and its targets.
package plan

import "time"

// A Server is one to start.
type Server struct {
	Peer           string // a name of rig: dtlsd, openssl, gnutls, wolfssl, mbedtls, pion, udp-c, udp-go
	Authentication string // psk, ecdhepsk or cert; nothing for plain UDP
	Groups         string // with colons, the preferred one first
	Version        string // 1.2 or 1.3
	Batch          int    // datagrams that a peer in C reads or writes with one system call
	Shards         int    // of dtlsd; 0 leaves them to it
}

// Plain reports whether the server speaks no DTLS.
func (s Server) Plain() bool { return s.Authentication == "" }

// A Load is one run of the generator. What is zero is left to it.
type Load struct {
	Scenario    string // handshake, echo, idle or flood
	Sessions    int
	Window      int
	Size        int // bytes of a datagram's content
	Concurrency int
	Count       int // of handshakes, instead of a duration
	Duration    time.Duration
	Warmup      time.Duration // before it counts
	Hold        time.Duration // of idle sessions
	Rate        int           // a second
	Bursts      bool
	Resume      bool
}

// A Trial is what one sample is taken of.
type Trial struct {
	Label  string
	Server Server
	Load   Load
	Beside *Load    // what the server has to bear at the same time
	HalfOf string   // a label of the same round: Load has half the rate that this server could manage with all of its core
	Bare   []string // arguments of the program of bare operations, which is run instead of all the above
}

// A Column is a figure that the table of a row shows.
type Column struct {
	Title  string
	Metric Metric
	Digits int // after the point
}

// A Row is a line of the table of targets.
type Row struct {
	Name    string // short, for the command line
	Title   string
	Trials  []Trial
	Rounds  int // 0: as many as the command line says
	Columns []Column
	Targets []Target
	Notes   []string
	Chart   bool     // in the chart, by its first column
	Quick   []string // the labels of a quick run, nil if the row is not in it
}
