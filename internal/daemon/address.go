package daemon

import (
	"net"
	"strconv"
)

// DefaultPort is the port of Qt's example server.
const DefaultPort = "22334"

// defaultListen is where dtlsd serve listens unless it is told otherwise.
// A machine without IPv6 does without the second.
func defaultListen() []string {
	return []string{"127.0.0.1:" + DefaultPort, "[::1]:" + DefaultPort}
}

const hintAddress = "write HOST:PORT, such as 127.0.0.1:22334, [::1]:22334, or :22334 for every address of both families"

// parseAddress resolves HOST:PORT to a UDP address.
func parseAddress(address string) (*net.UDPAddr, error) {
	if err := checkAddress(address, hintAddress, "ports end at 65535; 0 lets the system choose one"); err != nil {
		return nil, err
	}
	resolved, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, runFault("", "%w", err)
	}
	return resolved, nil
}

// checkAddress wants HOST:PORT, and that there can be such a port.
func checkAddress(address, hint, hintPort string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return usageFault(hint, "%q is not an address with a port", address)
	}
	n, err := strconv.ParseUint(port, 10, 64)
	if err != nil {
		return usageFault(hint, "%q is not the number of a port", port)
	}
	if n > 65535 {
		return usageFault(hintPort, "port %s does not exist", port)
	}
	return nil
}
