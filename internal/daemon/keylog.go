package daemon

import (
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// A keyLog is the file to which the secrets of all sessions are added, in the
// format of NSS. It outlives a disk that is full.
type keyLog struct {
	file   *os.File
	failed func(error) // called once, with the first error; nil for nobody

	mu  sync.Mutex
	err error // the first one
}

// openKeyLog opens a file that is its owner's only.
func openKeyLog(name string, failed func(error)) (*keyLog, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unreadable(err)
	}
	if err := checkKeyLogMode(f); err != nil {
		f.Close()
		return nil, err
	}
	return &keyLog{file: f, failed: failed}, nil
}

// Write implements [io.Writer].
func (k *keyLog) Write(line []byte) (int, error) {
	n, err := k.file.Write(line)
	if err != nil {
		k.fail(runFault("", "key log: %w", rootCause(err)))
	}
	return n, err
}

func (k *keyLog) fail(err error) {
	k.mu.Lock()
	first := k.err == nil
	if first {
		k.err = err
	}
	k.mu.Unlock()
	if first && k.failed != nil {
		k.failed(err)
	}
}

// failure returns the first error.
func (k *keyLog) failure() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// Close closes the file.
func (k *keyLog) Close() error { return k.file.Close() }

func checkKeyLogMode(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return unreadable(err)
	}
	if openToOthers(info) {
		return runFault("chmod 600 the file, or name another",
			"%s exists, and its mode %04o would let others read the keys", f.Name(), info.Mode().Perm())
	}
	return nil
}

// keyLogWarning is for everybody who looks at what dtlsd prints.
func keyLogWarning(name string) Line {
	return Line{
		Time:  time.Now(),
		Level: slog.LevelWarn,
		Text:  fmt.Sprintf("KEY LOG: the keys of every session are written to %s; whoever reads it reads the traffic", name),
	}
}
