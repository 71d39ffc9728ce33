package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dtlsd/dtlsd/internal/daemon"
)

func newConnect() *cobra.Command {
	settings := daemon.DefaultConnectSettings()
	var message string
	cmd := &cobra.Command{
		Use:   "connect HOST:PORT",
		Short: "Talk to a DTLS server",
		Long: `Talk to a DTLS server: each line of standard input is a datagram, each datagram
that comes back is a line of standard output. Information goes to standard error.
Two lines are not sent: /key-update changes the keys of both sides, in DTLS 1.3, and
/rebind moves to another port, with --cid.

The server is authenticated by a pre-shared key (--psk, --psk-file), or by its certificate
(--ca, or the authorities that the system believes).`,
		Example: `  dtlsd connect 127.0.0.1:22334 --psk sensor-17:1a2b3c4d5e6f
  dtlsd connect device.example:5684 --ca devices.pem --ping 3
  echo hello | dtlsd connect '[::1]:22334' --insecure`,
		Args: arguments("HOST:PORT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := refuseEmpty(cmd, "resume", "groups", "ciphers"); err != nil {
				return err
			}
			settings.Address = args[0]
			if cmd.Flags().Changed("ping") && settings.Ping < 1 {
				return usage(cmd, errors.New("--ping wants at least 1"))
			}
			if cmd.Flags().Changed("message") {
				settings.Message = &message
			}
			return daemon.Connect(cmd.Context(), settings, daemon.StandardStreams())
		},
	}
	cmd.Flags().SortFlags = false
	connectFlags(cmd.Flags(), &settings)
	cmd.Flags().StringVar(&message, "message", "", "send one datagram with `TEXT`, print the answer and end")
	return cmd
}

func connectFlags(f *pflag.FlagSet, s *daemon.ConnectSettings) {
	f.StringVar(&s.PSK, "psk", s.PSK, "our `IDENTITY:HEXKEY`")
	f.StringVar(&s.PSKFile, "psk-file", s.PSKFile, "read it from a `FILE` of one line identity:hexkey")
	f.StringVar(&s.CA, "ca", s.CA, "believe the authorities in a PEM `FILE` (default those of the system)")
	f.BoolVar(&s.Insecure, "insecure", s.Insecure, "believe any certificate")
	f.StringVar(&s.ServerName, "server-name", s.ServerName, "`NAME` to ask for and to expect in the certificate (default HOST)")
	f.StringVar(&s.Cert, "cert", s.Cert, "PEM `FILE` of our certificate and its chain")
	f.StringVar(&s.Key, "key", s.Key, "PEM `FILE` of its private key")
	f.TextVar(&s.DTLS, "dtls", s.DTLS, "`VERSIONS` of DTLS to speak: 1.2, 1.3 or both")
	f.StringVar(&s.Ciphers, "ciphers", s.Ciphers, "cipher suites by IANA's or OpenSSL's names, best first, as a `LIST` with commas or colons")
	f.StringVar(&s.Groups, "groups", s.Groups, "groups for key agreement, best first: a `LIST` of X25519MLKEM768 (DTLS 1.3), X25519, P-256, P-384")
	f.StringSliceVar(&s.ALPN, "alpn", s.ALPN, "application `PROTOCOLS`, best first")
	f.IntVar(&s.MTU, "mtu", s.MTU, "largest datagram of the handshake, in `BYTES` (default 1200)")
	f.BoolVar(&s.CID, "cid", s.CID, "ask for a connection ID, with which the session goes on when our address changes: the line /rebind changes it")
	f.StringVar(&s.Resume, "resume", s.Resume, "resume the session in a `FILE`, if there is one, and keep the next one there; whoever reads the file can take it over")
	f.DurationVar(&s.Timeout, "timeout", s.Timeout, "give up the handshake after this `DURATION`")
	f.StringVar(&s.KeyLog, "keylog", s.KeyLog, "add the keys of the session to a `FILE`, with which everything can be decrypted (Wireshark 4.0 decrypts neither DTLS 1.3 nor the ECDHE-PSK suites)")
	f.BoolVarP(&s.Verbose, "verbose", "v", s.Verbose, "show each message of the handshake, and what was agreed on")
	f.TextVar(&s.LogFormat, "log-format", s.LogFormat, "write `text|json`")
	f.IntVar(&s.Ping, "ping", s.Ping, "send this `NUMBER` of pings and end; fail unless each is answered")
	f.DurationVar(&s.Interval, "interval", s.Interval, "time between pings, a `DURATION`")
}
