// Package webrtc tests package dtls against the WebRTC of headless Chromium, which speaks DTLS as client or as server
// over a path that ICE found: RFC 8827, Section 6.5. The tests answer for ICE, and for as much of SCTP as opens a data
// channel.
package webrtc
