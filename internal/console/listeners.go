package console

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"syscall"
)

// maxListeners bounds how many sockets one request opens.
const maxListeners = 16

type listenRequest struct {
	Addresses []string `json:"addresses"`
}

func (c *Console) serveListen(w http.ResponseWriter, r *http.Request) {
	var body listenRequest
	if !readJSON(w, r, &body) {
		return
	}
	if err := checkListen(body.Addresses); err != nil {
		writeProblem(w, problemOf(http.StatusBadRequest, err))
		return
	}
	if err := c.backend.Listen(r.Context(), body.Addresses); err != nil {
		writeProblem(w, listenProblem(err))
		return
	}
	writeJSON(w, http.StatusOK, c.status())
}

// checkListen finds what is wrong before any peer is told goodbye.
func checkListen(addresses []string) error {
	if n := len(addresses); n == 0 || n > maxListeners {
		return faultf("", "%d addresses to listen on, not 1 to %d", n, maxListeners)
	}
	for _, address := range addresses {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return faultf("write HOST:PORT, such as 127.0.0.1:22334 or [::1]:22334", "%q is not an address with a port", address)
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return faultf("ports end at 65535; 0 lets the system choose one", "there is no port %q", port)
		}
	}
	return nil
}

// listenProblem says in Qt's words what Qt's server says, too.
func listenProblem(err error) problem {
	p := problemOf(http.StatusConflict, err)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		p.Title = "the bound address is already in use"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		p.Title = "the address is not available: this machine does not have it"
	case errors.Is(err, syscall.EACCES):
		p.Title = "the address is protected: the user that dtlsd runs as may not use it"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p.Status = http.StatusServiceUnavailable
	}
	return p
}

// departure is the status, and how many peers were told goodbye.
type departure struct {
	Status
	Told int `json:"told"`
}

// serveStopListening refuses new sessions and, if asked to, ends those that
// there are.
func (c *Console) serveStopListening(w http.ResponseWriter, r *http.Request) {
	disconnect, err := boolean(r, "disconnect")
	if err != nil {
		writeProblem(w, problemOf(http.StatusBadRequest, err))
		return
	}
	if !disconnect {
		c.backend.StopListening()
		writeJSON(w, http.StatusOK, c.status())
		return
	}
	told, err := c.backend.Disconnect(r.Context())
	if err != nil {
		writeProblem(w, problemOf(http.StatusServiceUnavailable, err))
		return
	}
	writeJSON(w, http.StatusOK, departure{c.status(), told})
}

// boolean returns a parameter of the query, which may be absent.
func boolean(r *http.Request, name string) (bool, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return false, nil
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, faultf("", "%s is true or false, not %q", name, text)
	}
	return v, nil
}
