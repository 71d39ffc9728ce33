// Dtlsd secures UDP: a DTLS server, a client for it, and the care of their
// credentials.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/daemon"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // something went wrong at run time
	exitUsage  = 2 // the command line or the configuration is wrong
)

func main() {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, restore) // the second Ctrl-C ends at once
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if format := cmd.Flags().Lookup("log-format"); format != nil && format.Value.String() == string(daemon.FormatJSON) {
		reportJSON(os.Stderr, err)
	} else {
		report(os.Stderr, err)
	}
	if f := (*daemon.Fault)(nil); errors.As(err, &f) && f.Usage {
		return exitUsage
	}
	return exitFailed
}

// report writes an error as a person reads it. It may quote a file or a peer,
// so nothing in it reaches the terminal unescaped.
func report(w io.Writer, err error) {
	fmt.Fprintf(w, "dtlsd: error: %s\n", dtls.Escape(err.Error()))
	if f := (*daemon.Fault)(nil); errors.As(err, &f) && f.Hint != "" {
		fmt.Fprintf(w, "dtlsd: hint: %s\n", dtls.Escape(f.Hint))
	}
}

// reportJSON is report for programs.
func reportJSON(w io.Writer, err error) {
	var attrs []any
	if f := (*daemon.Fault)(nil); errors.As(err, &f) && f.Hint != "" {
		attrs = append(attrs, slog.String("hint", dtls.Escape(f.Hint)))
	}
	slog.New(slog.NewJSONHandler(w, nil)).Error(dtls.Escape(err.Error()), attrs...)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:               "dtlsd",
		Short:             "DTLS for UDP: a server, a client and their credentials",
		Args:              knownCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(cmd, plainly(err))
	})
	root.SuggestionsMinimumDistance = 2 // letters that may be wrong
	root.AddCommand(newServe(), newConnect(), newBench(), newPSK(), newVersion())
	return root
}

// knownCommand refuses what is left of the command line where a subcommand has
// to be: it is none.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := usage(cmd, fmt.Errorf("unknown command %q", args[0]))
	if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
		err.Hint = "did you mean " + strings.Join(similar, " or ") + "?"
	}
	return err
}

// arguments wants as many arguments as there are names.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return usage(cmd, fmt.Errorf("%s is missing", names[len(args)]))
		}
		if len(args) > len(names) {
			return usage(cmd, fmt.Errorf("unexpected argument %q", args[len(names)]))
		}
		return nil
	}
}

// refuseEmpty refuses flags that were given without a value, as a variable that
// is not set leaves them.
func refuseEmpty(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return usage(cmd, fmt.Errorf("--%s is empty", name))
		}
	}
	return nil
}

// plainly says of the value of a flag what is wrong with it, where the flags'
// own types speak of Go.
func plainly(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err
	}
	wants := map[string]string{
		"int":      "a whole number",
		"float64":  "a number",
		"bool":     "true or false",
		"duration": "a duration such as 30s, 5m or 1h30m",
	}[invalid.GetFlag().Value.Type()]
	if wants == "" {
		return err
	}
	return fmt.Errorf("--%s: %q is not %s", invalid.GetFlag().Name, invalid.GetValue(), wants)
}

func usage(cmd *cobra.Command, err error) *daemon.Fault {
	return &daemon.Fault{Err: err, Hint: cmd.CommandPath() + " --help shows what is possible", Usage: true}
}

// overlay sets every flag of over that was given in flags.
func overlay(over, flags *pflag.FlagSet) error {
	var failed error
	flags.Visit(func(f *pflag.Flag) {
		target := over.Lookup(f.Name)
		if target == nil || failed != nil {
			return
		}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			failed = target.Value.(pflag.SliceValue).Replace(list.GetSlice())
			return
		}
		failed = target.Value.Set(f.Value.String())
	})
	return failed
}
