package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dtlsd/dtlsd/internal/daemon"
)

func newServe() *cobra.Command {
	settings := daemon.DefaultServeSettings()
	var file string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve DTLS and show every datagram",
		Long: `Serve DTLS: answer handshakes, show every datagram and reply to it.

Without credentials it makes a random one for this run and prints commands to
try it with. Information goes to standard error, datagrams to standard output.
SIGHUP makes it read the files of --psk-file, --cert and --key again. Ctrl-C
says goodbye to every peer.

A PSK file has a line identity:hexkey for each client. A configuration file has
the names of the flags as its settings, in TOML; what a flag says wins.`,
		Example: `  dtlsd serve
  dtlsd serve --psk-file keys.txt --listen :5684 --reply none --datagrams meta
  dtlsd serve --cert server.pem --key server.key --client-ca devices.pem`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := refuseEmpty(cmd, "groups", "ciphers"); err != nil {
				return err
			}
			if file != "" {
				var err error
				if settings, err = loadServe(file, cmd.Flags()); err != nil {
					return err
				}
			}
			watch, err := watchFromConsole(&settings)
			if err != nil {
				return err
			}
			return daemon.Serve(cmd.Context(), settings, daemon.StandardStreams(), watch)
		},
	}
	serveFlags(cmd.Flags(), &settings)
	cmd.Flags().StringVar(&file, "config", "", "read settings from a TOML `FILE`")
	return cmd
}

// loadServe returns the settings of a file with the flags laid over them.
func loadServe(file string, flags *pflag.FlagSet) (daemon.ServeSettings, error) {
	settings := daemon.DefaultServeSettings()
	over := pflag.NewFlagSet("", pflag.ContinueOnError)
	serveFlags(over, &settings)
	if err := settings.Load(file); err != nil {
		return settings, err
	}
	return settings, overlay(over, flags)
}

func serveFlags(f *pflag.FlagSet, s *daemon.ServeSettings) {
	f.SortFlags = false
	f.StringArrayVar(&s.Listen, "listen", s.Listen, "listen on `HOST:PORT`; may be repeated (default 127.0.0.1:22334 and [::1]:22334)")
	f.StringArrayVar(&s.PSK, "psk", s.PSK, "accept `IDENTITY:HEXKEY`; '*' is any identity; may be repeated")
	f.StringVar(&s.PSKFile, "psk-file", s.PSKFile, "accept the identities in a `FILE` of lines identity:hexkey")
	f.BoolVar(&s.PSKFileAnyMode, "psk-file-any-mode", s.PSKFileAnyMode, "accept files of keys that others can read")
	f.StringVar(&s.PSKHint, "psk-hint", s.PSKHint, "`TEXT` that helps clients to choose an identity")
	f.StringVar(&s.Cert, "cert", s.Cert, "PEM `FILE` of our certificate and its chain")
	f.StringVar(&s.Key, "key", s.Key, "PEM `FILE` of its private key")
	f.BoolVar(&s.SelfSigned, "self-signed", s.SelfSigned, "make a certificate for this run")
	f.StringVar(&s.ClientCA, "client-ca", s.ClientCA, "require clients to have certificates of the authorities in a PEM `FILE`")
	f.TextVar(&s.Reply, "reply", s.Reply, "answer datagrams with `ack|echo|none`")
	f.TextVar(&s.DTLS, "dtls", s.DTLS, "`VERSIONS` of DTLS to speak: 1.2, 1.3 or both")
	f.StringVar(&s.Ciphers, "ciphers", s.Ciphers, "cipher suites by IANA's or OpenSSL's names, best first, as a `LIST` with commas or colons")
	f.StringVar(&s.Groups, "groups", s.Groups, "groups for key agreement, best first: a `LIST` of X25519MLKEM768 (DTLS 1.3), X25519, P-256, P-384")
	f.StringSliceVar(&s.ALPN, "alpn", s.ALPN, "application `PROTOCOLS`, best first")
	f.IntVar(&s.MTU, "mtu", s.MTU, "largest datagram of a handshake, in `BYTES` (default 1200)")
	f.TextVar(&s.CID, "cid", s.CID, "`LENGTH` in bytes of the connection IDs given to clients that ask, or off")
	f.IntVar(&s.Shards, "shards", s.Shards, "serve each address with this `NUMBER` of goroutines, each with its own socket; 0 for as many as there are processors (Linux only)")
	f.TextVar(&s.IdleTimeout, "idle-timeout", s.IdleTimeout, "end sessions that are silent for this `DURATION`; negative for never")
	f.TextVar(&s.Datagrams, "datagrams", s.Datagrams, "show of each datagram `full|meta|off`")
	f.IntVar(&s.DatagramRate, "datagram-rate", s.DatagramRate, "show at most this `NUMBER` of datagrams a second")
	f.IntVar(&s.DatagramBytes, "datagram-bytes", s.DatagramBytes, "show at most this `NUMBER` of bytes of a datagram")
	f.StringVar(&s.Console, "console", s.Console, "`ADDR` of the web console, or off")
	f.StringArrayVar(&s.ConsoleHosts, "console-host", s.ConsoleHosts, "a `NAME` that browsers may call the console by; may be repeated")
	f.StringVar(&s.ConsoleCert, "console-cert", s.ConsoleCert, "PEM `FILE` of the console's certificate; needed on any address but loopback")
	f.StringVar(&s.ConsoleKey, "console-key", s.ConsoleKey, "PEM `FILE` of its private key")
	f.StringVar(&s.ConsoleState, "console-state", s.ConsoleState, "`FILE` of the secret that keeps links to the console valid (default in the user's state directory)")
	f.TextVar(&s.ConsolePayloads, "console-payloads", s.ConsolePayloads, "show of each datagram on the console `full|meta`")
	f.BoolVar(&s.ConsoleCaptures, "console-captures", s.ConsoleCaptures, "record packets and secrets, so that the console can hand out captures that decrypt themselves")
	f.BoolVar(&s.ConsoleProfiles, "console-profiles", s.ConsoleProfiles, "serve profiles of the program on the console under /debug/pprof/")
	f.StringVar(&s.KeyLog, "keylog", s.KeyLog, "add the keys of all sessions to a `FILE`, with which everything can be decrypted (Wireshark 4.0 decrypts neither DTLS 1.3 nor the ECDHE-PSK suites)")
	f.TextVar(&s.LogFormat, "log-format", s.LogFormat, "write `text|json`")
	f.TextVar(&s.LogLevel, "log-level", s.LogLevel, "show `debug|info|warn|error` and what is more important")
}
