package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/dtlsd/dtlsd/internal/daemon"
	"github.com/dtlsd/dtlsd/internal/load"
)

func newBench() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Put load on a DTLS server and measure it",
		Long: `Put load on a DTLS server, whoever made it, and measure what comes of it: how many
handshakes and datagrams a second, how long they take, what is lost, and, with
--pid, what processor time and memory it costs the server.

The report is a table, or with --json one JSON object. Ctrl-C ends a run early with
its report. The exit code is 1 if something failed that must not.`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBenchHandshake(), newBenchEcho(), newBenchIdle(), newBenchFlood(), newBenchMixed())
	return cmd
}

// benchFlags are those that all scenarios have.
type benchFlags struct {
	client  daemon.ConnectSettings
	cores   int
	sources string
	pid     int
	label   string
	json    bool
}

func newBenchFlags(f *pflag.FlagSet) *benchFlags {
	b := &benchFlags{client: daemon.DefaultConnectSettings()}
	s := &b.client
	f.StringVar(&s.PSK, "psk", s.PSK, "the clients' `IDENTITY:HEXKEY`")
	f.StringVar(&s.PSKFile, "psk-file", s.PSKFile, "read it from a `FILE` of one line identity:hexkey")
	f.StringVar(&s.CA, "ca", s.CA, "believe the authorities in a PEM `FILE` (default those of the system)")
	f.BoolVar(&s.Insecure, "insecure", s.Insecure, "believe any certificate")
	f.StringVar(&s.ServerName, "server-name", s.ServerName, "`NAME` to ask for and to expect in the certificate (default HOST)")
	f.StringVar(&s.Cert, "cert", s.Cert, "PEM `FILE` of the clients' certificate and its chain")
	f.StringVar(&s.Key, "key", s.Key, "PEM `FILE` of its private key")
	f.TextVar(&s.DTLS, "dtls", s.DTLS, "`VERSIONS` of DTLS to speak: 1.2, 1.3 or both")
	f.StringVar(&s.Ciphers, "ciphers", s.Ciphers, "cipher suites by IANA's or OpenSSL's names, best first, as a `LIST` with commas or colons")
	f.StringVar(&s.Groups, "groups", s.Groups, "groups for key agreement, best first: a `LIST` of X25519MLKEM768 (DTLS 1.3), X25519, P-256, P-384")
	f.BoolVar(&s.CID, "cid", s.CID, "ask for connection IDs")
	f.IntVar(&s.MTU, "mtu", s.MTU, "largest datagram of a handshake, in `BYTES` (default 1200)")
	f.DurationVar(&s.Timeout, "timeout", s.Timeout, "give up a handshake after this `DURATION`")
	f.IntVar(&b.cores, "cores", 0, "generate load on this `NUMBER` of cores (default half of them)")
	f.StringVar(&b.sources, "sources", "", "send from the addresses of a network, which have to be this machine's: a `CIDR` (default 127.0.0.0/8 to a server on it, or else a socket for each client)")
	f.IntVar(&b.pid, "pid", 0, "watch the processor time and the memory of the server's `PROCESS`")
	f.StringVar(&b.label, "label", "", "`TEXT` to repeat in the report")
	f.BoolVar(&b.json, "json", false, "report as one JSON object")
	return b
}

// newScenario returns the command of a scenario, which define gives its flags.
func newScenario(use, short, long, example string, define func(f *pflag.FlagSet) (scenario func() load.Scenario)) *cobra.Command {
	cmd := &cobra.Command{
		Use:     use + " HOST:PORT",
		Short:   short,
		Long:    short + ".\n\n" + long,
		Example: example,
		Args:    arguments("HOST:PORT"),
	}
	cmd.Flags().SortFlags = false
	scenario := define(cmd.Flags())
	b := newBenchFlags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := refuseEmpty(cmd, "groups", "ciphers", "sources"); err != nil {
			return err
		}
		return b.run(cmd, args[0], scenario())
	}
	return cmd
}

func newBenchHandshake() *cobra.Command {
	return newScenario("handshake", "Measure handshakes",
		`Each client makes a handshake, says goodbye and makes the next, from another address
where there are several. With --resume each resumes a session of an earlier one.`,
		`  dtlsd bench handshake 127.0.0.1:22334 --psk sensor-17:1a2b3c4d5e6f --pid $(pgrep -n dtlsd)
  dtlsd bench handshake 127.0.0.1:22334 --insecure --dtls 1.3 --resume --duration 30s`,
		func(f *pflag.FlagSet) func() load.Scenario {
			s := load.Handshake{Concurrency: 32, Duration: 10 * time.Second, Warmup: 500 * time.Millisecond}
			f.IntVar(&s.Concurrency, "concurrency", s.Concurrency, "`NUMBER` of handshakes at a time")
			f.IntVar(&s.Count, "count", s.Count, "end after this `NUMBER` of handshakes")
			f.DurationVar(&s.Duration, "duration", s.Duration, "measure for this `DURATION`, if there is no --count")
			f.DurationVar(&s.Warmup, "warmup", s.Warmup, "make handshakes for this `DURATION` before")
			f.BoolVar(&s.Resume, "resume", s.Resume, "resume sessions")
			return func() load.Scenario { return s }
		})
}

func newBenchEcho() *cobra.Command {
	return newScenario("echo", "Measure datagrams that the server sends back",
		`Each session has a window of datagrams on their way. What comes back is compared with
what was sent; when nothing comes for 200 ms, what is on its way is taken for lost and
the window filled again. The server has to echo: dtlsd serve --reply echo.`,
		`  dtlsd bench echo 127.0.0.1:22334 --psk sensor-17:1a2b3c4d5e6f --sessions 1000 --window 1
  dtlsd bench echo 127.0.0.1:22334 --insecure --size 1200 --bursts
  dtlsd bench echo 127.0.0.1:7 --plain`,
		func(f *pflag.FlagSet) func() load.Scenario {
			s := load.Echo{Sessions: 64, Window: 16, Size: 64, Duration: 10 * time.Second, Warmup: time.Second, Concurrency: 32}
			f.IntVar(&s.Sessions, "sessions", s.Sessions, "`NUMBER` of sessions")
			f.IntVar(&s.Window, "window", s.Window, "`NUMBER` of datagrams of a session on their way at a time")
			f.IntVar(&s.Size, "size", s.Size, "size of a datagram in `BYTES` of plaintext")
			f.DurationVar(&s.Duration, "duration", s.Duration, "measure for this `DURATION`, if there is no --count")
			f.IntVar(&s.Count, "count", s.Count, "end after this `NUMBER` of echoes")
			f.DurationVar(&s.Warmup, "warmup", s.Warmup, "send for this `DURATION` before")
			f.BoolVar(&s.Bursts, "bursts", s.Bursts, "send each window together, as a train that the kernel cuts, and take such trains")
			f.Float64Var(&s.Rate, "rate", s.Rate, "send this `NUMBER` of datagrams a second, whatever comes back")
			f.BoolVar(&s.Plain, "plain", s.Plain, "do without DTLS, to know what UDP alone costs")
			f.IntVar(&s.Concurrency, "concurrency", s.Concurrency, "`NUMBER` of handshakes at a time, before")
			return func() load.Scenario { return s }
		})
}

func newBenchIdle() *cobra.Command {
	return newScenario("idle", "Measure sessions that are left alone",
		`The sessions are made and left alone. Then a datagram is sent over some of them, and each
has to be answered. With --pid the report has the memory of a session.`,
		`  dtlsd bench idle 127.0.0.1:22334 --psk sensor-17:1a2b3c4d5e6f --sessions 100000 --pid $(pgrep -n dtlsd)`,
		func(f *pflag.FlagSet) func() load.Scenario {
			s := load.Idle{Sessions: 10_000, Concurrency: 64, Hold: 10 * time.Second, Touch: 1000}
			f.IntVar(&s.Sessions, "sessions", s.Sessions, "`NUMBER` of sessions, up to a million")
			f.IntVar(&s.Concurrency, "concurrency", s.Concurrency, "`NUMBER` of handshakes at a time")
			f.DurationVar(&s.Hold, "hold", s.Hold, "leave them alone for this `DURATION`")
			f.IntVar(&s.Touch, "touch", s.Touch, "then send a datagram over this `NUMBER` of random ones")
			return func() load.Scenario { return s }
		})
}

func newBenchFlood() *cobra.Command {
	return newScenario("flood", "Flood the server with first hellos",
		`The hellos come from many addresses where there are many, as all of 127.0.0.0/8 on
loopback, and nobody reads the answers. Whatever else is to be measured meanwhile needs
a run of its own. A server that is neither on this machine nor in a private network is
not flooded unless you say that it is yours.`,
		`  dtlsd bench flood 127.0.0.1:22334 --psk sensor-17:1a2b3c4d5e6f --rate 100000 --pid $(pgrep -n dtlsd)`,
		func(f *pflag.FlagSet) func() load.Scenario {
			s := load.Flood{Spoof: 200_000, Duration: 10 * time.Second}
			f.Float64Var(&s.Rate, "rate", s.Rate, "`NUMBER` of hellos a second (default as many as possible)")
			f.IntVar(&s.Spoof, "spoof", s.Spoof, "`NUMBER` of addresses that they come from")
			f.DurationVar(&s.Duration, "duration", s.Duration, "flood for this `DURATION`")
			f.BoolVar(&s.BadCookie, "bad-cookie", s.BadCookie, "send second hellos, with a cookie that is made up (DTLS 1.2)")
			f.BoolVar(&s.Permitted, "yes-i-own-this-server", s.Permitted, "flood a server that is neither on this machine nor in a private network")
			return func() load.Scenario { return s }
		})
}

func newBenchMixed() *cobra.Command {
	return newScenario("mixed", "Do everything at a time and find out what breaks",
		`Sessions echo, others are idle, handshakes are made and first hellos never end, over a
network that loses datagrams; clients lose their state and come back from the same
address, and there is garbage, some of it forged. Every session that is lost or ended by
the server, every handshake that fails and every wrong echo is a complaint, and with
--pid also memory that grows and does not stop; after complaints the exit code is 1.`,
		`  dtlsd bench mixed 127.0.0.1:22334 --psk sensor-17:1a2b3c4d5e6f --pid $(pgrep -n dtlsd)`,
		func(f *pflag.FlagSet) func() load.Scenario {
			s := load.Mixed{
				Duration: 30 * time.Minute, Sessions: 200, Window: 4, Size: 64, Idle: 1000, Concurrency: 8,
				Flood: 2000, Loss: 0.02, Garbage: 100, Restarts: 2,
			}
			f.DurationVar(&s.Duration, "duration", s.Duration, "go on for this `DURATION`")
			f.IntVar(&s.Sessions, "sessions", s.Sessions, "`NUMBER` of sessions that echo")
			f.IntVar(&s.Window, "window", s.Window, "`NUMBER` of datagrams of a session on their way at a time")
			f.IntVar(&s.Size, "size", s.Size, "size of a datagram in `BYTES` of plaintext")
			f.IntVar(&s.Idle, "idle", s.Idle, "`NUMBER` of idle sessions")
			f.IntVar(&s.Concurrency, "concurrency", s.Concurrency, "`NUMBER` of handshakes at a time")
			f.Float64Var(&s.Flood, "flood", s.Flood, "`NUMBER` of first hellos a second of clients that never answer")
			f.Float64Var(&s.Loss, "loss", s.Loss, "`SHARE` of all datagrams, both ways, to lose")
			f.Float64Var(&s.Garbage, "garbage", s.Garbage, "`NUMBER` of datagrams a second that make no sense or are forged")
			f.Float64Var(&s.Restarts, "restarts", s.Restarts, "`NUMBER` of clients a second that lose their state")
			return func() load.Scenario { return s }
		})
}

// collectRarely lets the heap grow to so many per cent more than what is alive.
const collectRarely = 1000

// run runs a scenario and reports it.
func (b *benchFlags) run(cmd *cobra.Command, address string, scenario load.Scenario) error {
	settings, err := b.settings(cmd, address)
	if err != nil {
		return err
	}
	if _, idle := scenario.(load.Idle); !idle {
		// With so little live memory the collector would run all the time, on the
		// cores that the server needs.
		debug.SetGCPercent(collectRarely)
	}
	report, err := load.Run(cmd.Context(), settings, scenario)
	if wrong := (*load.UsageError)(nil); errors.As(err, &wrong) {
		fault := usage(cmd, err)
		fault.Hint = cmp.Or(wrong.Hint, fault.Hint)
		return fault
	}
	if err != nil {
		return &daemon.Fault{Err: err}
	}
	write := report.Write
	if b.json {
		write = report.WriteJSON
	}
	if err := write(cmd.OutOrStdout()); err != nil {
		return &daemon.Fault{Err: err}
	}
	if len(report.Complaints) > 0 {
		return &daemon.Fault{Err: fmt.Errorf("%d complaints", len(report.Complaints)), Hint: "the report has them all"}
	}
	if !report.Good() {
		return &daemon.Fault{Err: errors.New("not all that was asked of the server was done"), Hint: "the report says what failed"}
	}
	return nil
}

// settings returns what the flags mean to the generator.
func (b *benchFlags) settings(cmd *cobra.Command, address string) (load.Settings, error) {
	s := load.Settings{Cores: b.cores, PID: b.pid, Label: b.label}
	if b.cores < 0 || b.pid < 0 {
		return s, usage(cmd, errors.New("--cores and --pid cannot be negative"))
	}
	b.client.Address = address
	var err error
	if s.Client, err = b.client.Config(); err != nil {
		return s, err
	}
	if b.sources != "" {
		if s.Sources, err = netip.ParsePrefix(b.sources); err != nil {
			return s, usage(cmd, fmt.Errorf("--sources: %q is not a network such as 10.9.0.0/16", b.sources))
		}
	}
	if s.Server, err = resolve(cmd.Context(), address); err != nil {
		return s, &daemon.Fault{Err: err}
	}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		s.Progress = os.Stderr
	}
	return s, nil
}

// resolve finds the server.
func resolve(ctx context.Context, address string) (netip.AddrPort, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer conn.Close()
	server := conn.RemoteAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(server.Addr().Unmap(), server.Port()), nil
}
