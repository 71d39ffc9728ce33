package console

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/dtlsd/dtlsd/dtls"
)

// A datagramRequest has its bytes as text or in hexadecimal, which may have
// spaces in it.
type datagramRequest struct {
	Text *string `json:"text"`
	Hex  *string `json:"hex"`
}

func (d *datagramRequest) bytes() ([]byte, error) {
	switch {
	case (d.Text == nil) == (d.Hex == nil):
		return nil, faultf(`{"text":"hello"} or {"hex":"68 65 6c 6c 6f"}`, "a datagram is either text or hex")
	case d.Text != nil:
		return []byte(*d.Text), nil
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(*d.Hex), ""))
	if err != nil {
		return nil, faultf("two digits a byte, such as 68 65 6c 6c 6f", "%w", err)
	}
	return b, nil
}

func (c *Console) serveSendDatagram(w http.ResponseWriter, r *http.Request) {
	s := c.sessionOf(w, r)
	var body datagramRequest
	if s == nil || !readJSON(w, r, &body) {
		return
	}
	datagram, err := body.bytes()
	if err != nil {
		writeProblem(w, problemOf(http.StatusBadRequest, err))
		return
	}
	if !s.Info().Established {
		writeProblem(w, problem{http.StatusConflict, "the handshake of the session is not complete", "try again in a moment"})
		return
	}
	if err := s.Send(datagram); err != nil {
		writeProblem(w, sendProblem(err, s, len(datagram)))
		return
	}
	c.backend.Tell(fmt.Sprintf("(%v): sent a datagram of %d bytes from the console", s.RemoteAddr(), len(datagram)))
	w.WriteHeader(http.StatusNoContent)
}

func sendProblem(err error, s *dtls.Session, size int) problem {
	switch {
	case errors.Is(err, dtls.ErrMessageTooLarge):
		return problem{http.StatusRequestEntityTooLarge,
			fmt.Sprintf("%d bytes are more than the %d that the session takes", size, s.MaxPayload()), ""}
	case errors.Is(err, dtls.ErrQueueFull):
		return problem{http.StatusServiceUnavailable, "too much waits to be sent", "try again in a moment"}
	}
	return noSession(s.ID())
}
