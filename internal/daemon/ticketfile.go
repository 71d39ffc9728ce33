package daemon

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/dtlsd/dtlsd/dtls"
)

// A ticketFile is a file of sessions to resume, each a block of PEM with the
// address of its server. It is the cache of one client: what it does not know to
// be of its server it leaves alone.
//
// A session of DTLS 1.2 is resumed as often as the server likes; each of DTLS 1.3
// once, so that a server may have several in the file.
type ticketFile struct {
	name, server string
	place        string // of the file itself, where the name is that of a symbolic link

	mu     sync.Mutex
	blocks []*pem.Block
	err    error // the first one of writing it
}

const (
	ticketBlock  = "DTLSD SESSION"
	ticketServer = "Server"
	maxTickets   = 8 // of one server
)

// openTicketFile reads a file, which need not be there yet. Anything else than a
// file stays as it is.
func openTicketFile(name, server string) (*ticketFile, error) {
	t := &ticketFile{name: name, server: server, place: name}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(name); err == nil {
			return nil, usageFault("make the file that it names, or name the file itself", "--resume: %s is a symbolic link to nothing", name)
		}
		return t, t.write()
	case err != nil:
		return nil, unreadable(err)
	case info.IsDir():
		return nil, usageFault("name a file in it, such as "+filepath.Join(name, "sessions.pem"), "--resume: %s is a directory", name)
	case !info.Mode().IsRegular():
		return nil, usageFault("name a file, which need not be there yet", "--resume: %s is not a regular file", name)
	case openToOthers(info):
		return nil, runFault("chmod 600 the file, or name another", "%s holds sessions, but its mode %04o lets others at it", name, info.Mode().Perm())
	}
	if t.place, err = filepath.EvalSymlinks(name); err != nil {
		return nil, unreadable(err)
	}
	content, err := readFile(name)
	if err != nil {
		return nil, err
	}
	for {
		var block *pem.Block
		if block, content = pem.Decode(content); block == nil {
			break
		}
		t.blocks = append(t.blocks, block)
	}
	if len(bytes.TrimSpace(content)) > 0 {
		return nil, runFault("name another file, or remove it", "%s is not a file of sessions", name)
	}
	return t, nil
}

// own returns where the blocks of our server are, the oldest first.
func (t *ticketFile) own() []int {
	var list []int
	for i, block := range t.blocks {
		if block.Type == ticketBlock && block.Headers[ticketServer] == t.server {
			list = append(list, i)
		}
	}
	return list
}

// Get implements [dtls.ClientSessionCache].
func (t *ticketFile) Get(string) *dtls.ClientSession {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, i := range slices.Backward(t.own()) {
		if session, err := dtls.ParseClientSession(t.blocks[i].Bytes); err == nil {
			return session
		}
		t.blocks = slices.Delete(t.blocks, i, i+1) // of another release
	}
	return nil
}

// Put implements [dtls.ClientSessionCache].
func (t *ticketFile) Put(_ string, session *dtls.ClientSession) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.own()
	switch {
	case session == nil && len(own) > 0:
		newest := own[len(own)-1]
		t.blocks = slices.Delete(t.blocks, newest, newest+1)
	case session != nil:
		if session.Version() == dtls.VersionDTLS12 {
			for _, i := range slices.Backward(own) {
				t.blocks = slices.Delete(t.blocks, i, i+1)
			}
		} else if len(own) == maxTickets {
			t.blocks = slices.Delete(t.blocks, own[0], own[0]+1)
		}
		t.blocks = append(t.blocks, &pem.Block{
			Type:    ticketBlock,
			Headers: map[string]string{ticketServer: t.server},
			Bytes:   session.Bytes(),
		})
	}
	if err := t.write(); err != nil && t.err == nil {
		t.err = err
	}
}

// write puts a new file in the place of the old one. It is its owner's only, as
// whoever reads it can take over the sessions.
func (t *ticketFile) write() error {
	var content []byte
	for _, block := range t.blocks {
		content = append(content, pem.EncodeToMemory(block)...)
	}
	if err := t.replace(content); err != nil {
		return t.unwritable(err)
	}
	return nil
}

func (t *ticketFile) replace(content []byte) error {
	if info, err := os.Lstat(t.place); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is no longer a regular file")
	}
	f, err := os.CreateTemp(filepath.Dir(t.place), filepath.Base(t.place)+".*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), t.place)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// unwritable says why the file cannot be written, by the name that it was given.
func (t *ticketFile) unwritable(err error) error {
	hint := ""
	switch directory := filepath.Dir(t.place); {
	case errors.Is(err, fs.ErrNotExist):
		hint = "make the directory " + directory + " first; the name is taken relative to the directory in which dtlsd was started"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		hint = "each new session is a new file in the place of the old one: the user that dtlsd runs as must be able to write to the directory " + directory
	}
	return runFault(hint, "%s cannot be written: %w", t.name, rootCause(err))
}

// failure returns the first error of writing the file.
func (t *ticketFile) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}
