package webrtc

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/dtlsd/dtlsd/interop/internal/chromium"
)

// The browser of all tests. A page that may use the microphone may also know the addresses of the machine, those of
// loopback among them, so that there is a path without any network.
var browser = chromium.Browser{Flags: map[string]any{
	"allow-loopback-in-peer-connection": true,
	"use-fake-device-for-media-stream":  true,
	"use-fake-ui-for-media-stream":      true,
}}

// origin is the URL of an empty page, which browsers trust as much as one that came over TLS.
var origin string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	origin = server.URL
	defer browser.Stop()
	return m.Run()
}
