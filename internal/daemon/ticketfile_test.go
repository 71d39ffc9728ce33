package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is not a file of ours is refused and stays as it is.
func TestTicketFileReplacesNothingElse(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Mkdir(at("folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"null": os.DevNull, "nowhere": at("missing")} {
		if err := os.Symlink(target, at(link)); err != nil {
			t.Skip(err)
		}
	}
	for name, want := range map[string]string{
		"folder":  "is a directory",
		"null":    "is not a regular file",
		"nowhere": "is a symbolic link to nothing",
	} {
		before, err := os.Stat(at(name))
		_, fault := openTicketFile(at(name), "server")
		var f *Fault
		if !errors.As(fault, &f) || !f.Usage || f.Hint == "" || fault.Error() != "--resume: "+at(name)+" "+want {
			t.Errorf("%s: %v", name, fault)
		}
		if after, err2 := os.Stat(at(name)); (err == nil) != (err2 == nil) || err == nil && after.Mode() != before.Mode() {
			t.Errorf("%s is another one now: %v", name, err2)
		}
	}
	_, fault := openTicketFile(at("none/sessions.pem"), "server")
	var f *Fault
	if want := at("none/sessions.pem") + " cannot be written: no such file or directory"; !errors.As(fault, &f) || f.Error() != want || !strings.Contains(f.Hint, at("none")+" first") {
		t.Errorf("%v", fault)
	}
}

// A link stays one: the file that it names is the one that changes.
func TestTicketFileBehindLink(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "sessions.pem"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	tickets, err := openTicketFile(link, "server")
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	tickets.Put("", nil)
	if err := tickets.failure(); err != nil {
		t.Error(err)
	}
	after, err := os.Stat(file)
	if err != nil || os.SameFile(before, after) {
		t.Errorf("the file was not replaced: %v", err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}

	// Whatever takes the place of the file later is not replaced.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	tickets.Put("", nil)
	if err := tickets.failure(); err == nil || err.Error() != link+" cannot be written: it is no longer a regular file" {
		t.Error(err)
	}
}
