package interop

import (
	"fmt"
	"strconv"
)

// SecondLoopback is the address that a Namespace has besides 127.0.0.1.
const SecondLoopback = "127.0.0.2"

// A Namespace is a network of its own, with a loopback interface that has a second address and nothing else. Qt's
// server offers every IPv4 address of the machine but 127.0.0.1, so it can use the loopback interface only there.
type Namespace struct {
	keeper *Process
	user   bool // the namespace came with a user namespace, because the tests do not run as root
}

// NewNamespace makes a namespace. The caller must Close it.
func NewNamespace() (*Namespace, error) {
	const script = "ip link set lo up && ip addr add " + SecondLoopback + "/8 dev lo && echo network ready && exec cat"
	var failure error
	for _, options := range []string{"-n", "-rn"} {
		keeper, err := Start(Command{Path: "unshare", Args: []string{options, "sh", "-c", script}})
		if err != nil {
			return nil, err
		}
		if _, failure = keeper.Want("readiness", "^network ready$"); failure == nil {
			return &Namespace{keeper: keeper, user: options == "-rn"}, nil
		}
		keeper.Stop()
	}
	return nil, fmt.Errorf("no network namespace, neither as root nor as a user: %w", failure)
}

// Close ends the namespace; programs that still run in it keep their network.
func (n *Namespace) Close() {
	n.keeper.Stop()
}

// enter returns the command that runs another one inside the namespace.
func (n *Namespace) enter(path string, args []string) (string, []string) {
	enter := []string{"-t", strconv.Itoa(n.keeper.cmd.Process.Pid), "-n"}
	if n.user {
		enter = append(enter, "-U", "--preserve-credentials")
	}
	return "nsenter", append(append(enter, "--", path), args...)
}
