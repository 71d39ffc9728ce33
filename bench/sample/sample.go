// Package sample holds what was measured: samples, the files they are kept in,
// and the arithmetic over the rounds of a row.
package sample

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// A Sample is one run of the load generator against one server.
type Sample struct {
	Row   string    `json:"row"`
	Label string    `json:"label"` // the server, and what distinguishes it within the row
	Round int       `json:"round"` // samples of one round were taken one right after the other
	Time  time.Time `json:"time"`

	Commit string  `json:"commit"` // of dtlsd
	Busy   float64 `json:"busy"`   // the load average of the machine, which our own two programs make two
	Error  string  `json:"error,omitempty"`
	Result Result  `json:"result"`
}

// A Result is what the load generator said. Fields that a scenario has no value
// for are zero.
type Result struct {
	Scenario        string  `json:"scenario"`
	OK              float64 `json:"ok"`
	Failed          float64 `json:"failed"`
	Lost            float64 `json:"lost"`
	Late            float64 `json:"late"`
	Bad             float64 `json:"bad"`
	Retransmissions float64 `json:"retransmissions"`
	Sent            float64 `json:"sent"`
	Drops           float64 `json:"drops"` // by the server's kernel, for want of room
	Seconds         float64 `json:"seconds"`
	Rate            float64 `json:"rate"` // a second

	P50  float64 `json:"p50_us"`
	P90  float64 `json:"p90_us"`
	P99  float64 `json:"p99_us"`
	P999 float64 `json:"p999_us"`
	Max  float64 `json:"max_us"`

	ServerCPU  float64 `json:"server_cpu_us"` // per handshake, echo or hello
	ServerUtil float64 `json:"server_util"`   // of one core
	ClientCPU  float64 `json:"client_cpu_us"`

	RSSBefore       float64 `json:"rss_before_kb"`
	RSSAfter        float64 `json:"rss_after_kb"`
	RSSHold         float64 `json:"rss_hold_kb"`
	BytesPerSession float64 `json:"bytes_per_session"`
}

// ParseResult reads the object that the load generator printed, which stands on
// the last line that is not empty.
func ParseResult(output []byte) (Result, error) {
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	var r Result
	if err := json.Unmarshal(lines[len(lines)-1], &r); err != nil {
		return Result{}, fmt.Errorf("the load generator printed no result: %w", err)
	}
	if r.Scenario == "" {
		return Result{}, errors.New("the load generator printed a result without a scenario")
	}
	return r, nil
}

// Append adds a sample to a file, which it makes if need be.
func Append(file string, s Sample) error {
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// Load returns the samples of a file, none if there is no such file.
func Load(file string) ([]Sample, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	samples, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	return samples, nil
}

// read returns the samples of a text, one a line.
func read(r io.Reader) ([]Sample, error) {
	var all []Sample
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		var s Sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return nil, fmt.Errorf("%d: %w", n, err)
		}
		all = append(all, s)
	}
	return all, lines.Err()
}
