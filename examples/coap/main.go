// Coap is a CoAP server over DTLS (RFC 7252, Section 9): go-coap does the CoAP
// and package dtls the DTLS. README.md says how to run it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/plgd-dev/go-coap/v3/mux"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "coap:", err)
		os.Exit(1)
	}
}

// run is the program, until ctx ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	var c credentials
	flags := flag.NewFlagSet("coap", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:5684", "`address` and port to listen on")
	flags.StringVar(&c.psk, "psk", "", "`identity:key` of the clients, the key as text")
	flags.StringVar(&c.certificate, "cert", "", "PEM `file` with the certificate of the server")
	flags.StringVar(&c.key, "key", "", "PEM `file` with its private key")
	flags.StringVar(&c.clientCA, "client-ca", "", "PEM `file` with authorities; clients need a certificate of theirs")
	flags.Parse(args)

	if c == (credentials{}) {
		c = randomCredentials()
		fmt.Fprintf(out, "made a key for this run: -psk %s\n", c.psk)
	}
	config, err := c.config()
	if err != nil {
		return err
	}
	config.Observer = &dtls.Observer{Log: func(e dtls.Entry) { log.Print(e.Text) }}
	ln, err := dtls.Listen("udp", *listen, config)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "serving coaps://%v\n", ln.Addr())
	return serve(ctx, ln, resources())
}

// resources are those of the server: /whoami, and whatever clients put.
func resources() mux.Handler {
	router := mux.NewRouter()
	router.HandleFunc("/whoami", whoAmI)
	router.DefaultHandle(newStore())
	return router
}
