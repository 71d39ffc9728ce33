//go:build unix

package console

import (
	"io/fs"
	"os"
	"syscall"
)

// isOurs tells whether a file belongs to the user that this program runs as. What
// somebody else put there is known to somebody else.
func isOurs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}
