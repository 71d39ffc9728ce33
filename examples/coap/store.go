package main

import (
	"bytes"
	"io"
	"log"
	"sync"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/mux"
)

// maxResources is how many resources a store has room for.
const maxResources = 1000

// A store keeps in memory what clients put, by path.
type store struct {
	mu        sync.Mutex
	resources map[string]resource
}

// A resource is what a client put.
type resource struct {
	format message.MediaType
	body   []byte
}

func newStore() *store { return &store{resources: make(map[string]resource)} }

// ServeCOAP answers GET, PUT and DELETE: RFC 7252, Section 5.8.
func (s *store) ServeCOAP(w mux.ResponseWriter, r *mux.Message) {
	path, err := r.Path()
	if err != nil {
		path = "/" // there is no Uri-Path option
	}
	switch r.Code() {
	case codes.GET:
		s.get(w, path)
	case codes.PUT:
		s.put(w, r, path)
	case codes.DELETE:
		s.remove(w, path)
	default:
		respond(w, codes.MethodNotAllowed, resource{})
	}
}

func (s *store) get(w mux.ResponseWriter, path string) {
	s.mu.Lock()
	found, ok := s.resources[path]
	s.mu.Unlock()
	if !ok {
		respond(w, codes.NotFound, resource{})
		return
	}
	respond(w, codes.Content, found)
}

func (s *store) put(w mux.ResponseWriter, r *mux.Message, path string) {
	if isFragment(r) {
		respond(w, codes.RequestEntityIncomplete, resource{})
		return
	}
	body, err := r.ReadBody()
	if err != nil {
		respond(w, codes.BadRequest, resource{})
		return
	}
	format, err := r.ContentFormat()
	if err != nil {
		format = message.AppOctets // the client did not say
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.resources[path]
	switch {
	case !known && len(s.resources) == maxResources:
		respond(w, codes.ServiceUnavailable, resource{})
		return
	case known:
		respond(w, codes.Changed, resource{})
	default:
		respond(w, codes.Created, resource{})
	}
	s.resources[path] = resource{format: format, body: body}
}

// isFragment reports whether a request is the last block of a body of which
// the others are missing. go-coap puts blocks together by the token of their
// requests, and libcoap has a token for each request, so that the last block
// would pass for the whole body.
//
// RFC 7959, Section 2.9.2
func isFragment(r *mux.Message) bool {
	block, err := r.GetOptionUint32(message.Block1)
	return err == nil && block>>4 > 0
}

func (s *store) remove(w mux.ResponseWriter, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.resources, path)
	respond(w, codes.Deleted, resource{})
}

// respond answers a request with a code, and with the resource unless it is
// empty.
func respond(w mux.ResponseWriter, code codes.Code, r resource) {
	var body io.ReadSeeker
	if len(r.body) > 0 {
		body = bytes.NewReader(r.body)
	}
	if err := w.SetResponse(code, r.format, body); err != nil {
		log.Print("coap: ", err)
	}
}
