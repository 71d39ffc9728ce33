package console

import (
	"encoding/json"
	"net/http"

	"github.com/dtlsd/dtlsd/dtls"
)

// A problem is what went wrong and what to do about it, for a person.
//
// RFC 9457.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Hint   string `json:"hint,omitempty"`
}

func writeProblem(w http.ResponseWriter, p problem) {
	// What a handler that went wrong had in mind.
	w.Header().Del("Content-Disposition")
	p.Title, p.Hint = dtls.Escape(p.Title), dtls.Escape(p.Hint) // they may quote who asked
	write(w, p.Status, "application/problem+json", p)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	write(w, status, "application/json", v)
}

func write(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil { // a mistake of the program's: net/http tells of it
		panic(err)
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}

// problemOf returns an error as a problem, with its hint if it has one.
func problemOf(status int, err error) problem {
	return problem{status, err.Error(), hintOf(err)}
}
