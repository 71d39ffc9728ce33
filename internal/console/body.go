package console

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"
)

const (
	// maxBody holds the longest datagram, as text with each byte as \u00NN.
	maxBody     = 128 << 10
	bodyTimeout = 10 * time.Second // for a body to arrive
)

// readJSON reads the body of a request into v. If it cannot, it answers and
// returns false.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		writeProblem(w, problem{http.StatusUnsupportedMediaType, "the body is not JSON",
			"send it with Content-Type: application/json"})
		return false
	}
	// A recorder in a test has no connection to set a deadline on.
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	if err := decodeJSON(http.MaxBytesReader(w, r.Body, maxBody), v); err != nil {
		writeProblem(w, bodyProblem(err))
		return false
	}
	return true
}

// decodeJSON takes one JSON value that has no field unknown to v.
func decodeJSON(body io.Reader, v any) error {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err == nil {
		return errors.New("more than one value")
	} else if err != io.EOF {
		return err
	}
	return nil
}

func bodyProblem(err error) problem {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return problem{http.StatusRequestEntityTooLarge, "the body is too large", ""}
	case err == io.EOF:
		return problem{http.StatusBadRequest, "the body is empty", ""}
	}
	return problem{http.StatusBadRequest, "the body does not fit: " + err.Error(), "/api/v1/openapi.json describes what it has to be"}
}
