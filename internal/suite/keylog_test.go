package suite

import (
	"strings"
	"testing"
)

func TestAppendKeyLogLine(t *testing.T) {
	random := [32]byte(count(0xe0, 32))
	got := string(AppendKeyLogLine([]byte("# before\n"), KeyLogMaster, &random, []byte{0, 1, 0xab}))
	want := "# before\nCLIENT_RANDOM e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff 0001ab\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if strings.Count(got, "\n") != 2 {
		t.Error("a key log line must be one line")
	}
}
