package main

import (
	"github.com/spf13/cobra"

	"github.com/dtlsd/dtlsd/internal/daemon"
)

func newPSK() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "psk",
		Short: "Make and check pre-shared keys",
		Args:  knownCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPSKGen(), newPSKCheck())
	return cmd
}

func newPSKGen() *cobra.Command {
	var identity, output string
	var size int
	cmd := &cobra.Command{
		Use:     "gen",
		Short:   "Make a random key and print it as a line for a PSK file",
		Example: "  dtlsd psk gen --identity sensor-17 --output keys.txt",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "" {
				return daemon.AddPSK(output, identity, size)
			}
			return daemon.GeneratePSK(cmd.OutOrStdout(), identity, size)
		},
	}
	cmd.Flags().StringVar(&identity, "identity", "", "whose key it is (default a random name)")
	cmd.Flags().StringVar(&output, "output", "", "add the line to a `FILE`, which only its owner can read")
	cmd.Flags().IntVar(&size, "bytes", 16, "length of the key")
	return cmd
}

func newPSKCheck() *cobra.Command {
	var anyMode bool
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Read a PSK file as the server does and say what is in it",
		Args:  arguments("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return daemon.CheckPSKFile(cmd.OutOrStdout(), args[0], anyMode)
		},
	}
	cmd.Flags().BoolVar(&anyMode, "psk-file-any-mode", false, "accept a file that others can read")
	return cmd
}
