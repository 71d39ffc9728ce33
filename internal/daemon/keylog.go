package daemon

import (
	"fmt"
	"log/slog"
	"os"
	"time"
)

// openKeyLog opens the file to which the secrets of all sessions are added, in
// the format of NSS. The file is its owner's only.
func openKeyLog(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unreadable(err)
	}
	if err := checkKeyLogMode(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

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
