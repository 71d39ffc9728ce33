package main

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show what was built, from what, with what",
		Args:  arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return fmt.Errorf("this binary does not know what it was built from")
			}
			return writeVersion(cmd.OutOrStdout(), info)
		},
	}
}

// writeVersion writes one line: dtlsd VERSION (commit), GO.
func writeVersion(w io.Writer, info *debug.BuildInfo) error {
	commit := "commit unknown"
	if revision := setting(info, "vcs.revision"); revision != "" {
		commit = "commit " + revision
	}
	if setting(info, "vcs.modified") == "true" {
		commit += ", modified"
	}
	_, err := fmt.Fprintf(w, "dtlsd %s (%s), %s\n", versionOf(info), commit, info.GoVersion)
	return err
}

// version is that of this program, for those who need it in one word.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) string {
	if info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// setting returns the value of a build setting, or nothing.
func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
