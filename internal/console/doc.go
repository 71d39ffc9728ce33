// Package console is the web page from which a person watches and runs a DTLS
// server, and the HTTP API under it.
//
// A [Console] is given a [Backend], which it asks and tells what to do, and
// gives an observer, which hears what happens. Between the two there are rings
// of fixed size: those who serve datagrams copy into them and never wait, and
// formatting happens when someone reads. Views are pure functions over
// snapshots; no live session is touched but to send over it or to close it.
//
// What the page shows came from the network: it is put there as text, never as
// markup. Keys do not get here, except where packets are recorded, which is off
// unless asked for.
package console
