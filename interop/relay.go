package interop

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A Relay stands between one client and a server and passes their datagrams on. It prints a line for each record that
// it knows, such as
//
//	server_hello 0xccac
//	server application_data
//
// and can lose some of the datagrams, or make them come late.
type Relay struct {
	console
	front, back *net.UDPConn
	client      atomic.Pointer[netip.AddrPort]
	fate        func(from Role, datagram int) Fate
	done        sync.WaitGroup
}

// A Fate is what happens to a datagram on its way.
type Fate uint8

const (
	// Delivered is the fate of most datagrams.
	Delivered Fate = iota
	// Lost datagrams never arrive.
	Lost
	// Late datagrams are overtaken by those that are sent right behind them.
	Late
)

// lateness is how much later a late datagram arrives.
const lateness = 20 * time.Millisecond

// NewRelay returns a relay to the server at the address. Fate is asked about each datagram; those of each side are
// counted from 0. With a nil fate all of them are delivered. The caller must Stop the relay.
func NewRelay(server netip.AddrPort, fate func(from Role, datagram int) Fate) (*Relay, error) {
	front, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	back, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(server))
	if err != nil {
		front.Close()
		return nil, err
	}
	r := &Relay{console: console{name: "relay", output: newTranscript(), ended: make(chan struct{})}, front: front, back: back, fate: fate}
	r.done.Add(2)
	go r.pass(Client)
	go r.pass(Server)
	return r, nil
}

// Addr is where the client finds the relay.
func (r *Relay) Addr() netip.AddrPort {
	return r.front.LocalAddr().(*net.UDPAddr).AddrPort()
}

// Stop ends the relay.
func (r *Relay) Stop() {
	r.front.SetReadDeadline(time.Unix(1, 0))
	r.back.SetReadDeadline(time.Unix(1, 0))
	r.done.Wait()
	r.front.Close()
	r.back.Close()
}

// pass passes on what one side sends until the relay is stopped.
func (r *Relay) pass(from Role) {
	defer r.done.Done()
	buffer := make([]byte, 1<<16)
	for n := 0; ; n++ {
		datagram, err := r.read(from, buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		if err != nil {
			continue // an ICMP error about an earlier datagram
		}
		r.describe(from, datagram)
		fate := Delivered
		if r.fate != nil {
			fate = r.fate(from, n)
		}
		switch fate {
		case Delivered:
			r.write(from, datagram)
		case Lost:
			fmt.Fprintf(r.output, "%v lost\n", from)
		case Late:
			datagram = bytes.Clone(datagram)
			time.AfterFunc(lateness, func() { r.write(from, datagram) })
		}
	}
}

func (r *Relay) read(from Role, buffer []byte) ([]byte, error) {
	if from == Server {
		n, err := r.back.Read(buffer)
		return buffer[:n], err
	}
	n, address, err := r.front.ReadFromUDPAddrPort(buffer)
	if err == nil {
		r.client.Store(&address)
	}
	return buffer[:n], err
}

// write ignores errors: a datagram that cannot be sent is a lost one.
func (r *Relay) write(from Role, datagram []byte) {
	if from == Client {
		r.back.Write(datagram)
	} else if client := r.client.Load(); client != nil {
		r.front.WriteToUDPAddrPort(datagram, *client)
	}
}

// The few facts about records and messages that the relay prints: RFC 6347, Sections 4.1 and 4.2.2.
const (
	recordHeader         = 13
	fragmentHeader       = 12
	typeHandshake        = 22
	typeApplicationData  = 23
	messageServerHello   = 2
	suiteAfterSessionID  = 2 + 32 + 1 // from the start of a ServerHello to its suite, without the session ID
	offsetOfSessionIDLen = 2 + 32
)

// describe prints the records of a datagram.
func (r *Relay) describe(from Role, datagram []byte) {
	for len(datagram) >= recordHeader {
		length := int(binary.BigEndian.Uint16(datagram[recordHeader-2:]))
		epoch := binary.BigEndian.Uint16(datagram[3:])
		if len(datagram) < recordHeader+length {
			return
		}
		body := datagram[recordHeader : recordHeader+length]
		switch {
		case datagram[0] == typeApplicationData:
			fmt.Fprintf(r.output, "%v application_data\n", from)
		case datagram[0] == typeHandshake && epoch == 0 && from == Server:
			r.describeServerHello(body)
		}
		datagram = datagram[recordHeader+length:]
	}
}

func (r *Relay) describeServerHello(message []byte) {
	if len(message) < fragmentHeader+suiteAfterSessionID || message[0] != messageServerHello {
		return
	}
	hello := message[fragmentHeader:]
	at := suiteAfterSessionID + int(hello[offsetOfSessionIDLen])
	if len(hello) >= at+2 {
		fmt.Fprintf(r.output, "server_hello 0x%04x\n", binary.BigEndian.Uint16(hello[at:]))
	}
}
