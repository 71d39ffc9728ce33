package daemon

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// readSecretFile reads a file that, unless anyMode is set, nobody but its
// owner may have access to.
func readSecretFile(name string, anyMode bool) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	if err := checkOwnerOnly(f, anyMode); err != nil {
		return nil, err
	}
	content, err := io.ReadAll(f)
	if err != nil {
		return nil, unreadable(err)
	}
	return content, nil
}

// readFile is os.ReadFile with a hint.
func readFile(name string) ([]byte, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, unreadable(err)
	}
	return content, nil
}

func unreadable(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return runFault("the name is taken relative to the directory in which dtlsd was started", "%w", err)
	case errors.Is(err, fs.ErrPermission):
		return runFault("the user that dtlsd runs as must be able to read the file", "%w", err)
	}
	return runFault("", "%w", err)
}

// checkOwnerOnly refuses a file that group or others have access to.
func checkOwnerOnly(f *os.File, anyMode bool) error {
	info, err := f.Stat()
	if err != nil {
		return unreadable(err)
	}
	if anyMode || !openToOthers(info) {
		return nil
	}
	return runFault("chmod 600 the file; where its mode cannot be changed, as in a Kubernetes mount, use --psk-file-any-mode",
		"%s holds keys, but its mode %04o lets others at it", f.Name(), info.Mode().Perm())
}

// openToOthers tells whether anybody but the owner has access to a file. Pipes
// have no mode worth asking for, and neither has Windows.
func openToOthers(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
}
