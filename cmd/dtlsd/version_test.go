package main

import (
	"bytes"
	"runtime/debug"
	"testing"
)

func TestVersionNamesTheCommit(t *testing.T) {
	tests := []struct {
		settings []debug.BuildSetting
		want     string
	}{
		{nil, "dtlsd (devel) (commit unknown), go1.26\n"},
		{[]debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}}, "dtlsd (devel) (commit abc), go1.26\n"},
		{[]debug.BuildSetting{{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "abc"}}, "dtlsd (devel) (commit abc, modified), go1.26\n"},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		if err := writeVersion(&out, &debug.BuildInfo{GoVersion: "go1.26", Settings: tt.settings}); err != nil || out.String() != tt.want {
			t.Errorf("got %q, %v", out.String(), err)
		}
	}
}
