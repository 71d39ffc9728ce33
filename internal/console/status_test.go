package console

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestStatusTellsWhatTheServerDoes(t *testing.T) {
	s := newSite(t, func(s *Settings) { s.Captures, s.Payloads = true, PayloadsMeta })
	s.backend.stats.Sessions, s.backend.stats.HalfOpen = 3, 1
	s.backend.stats.Shards = 2
	var got Status
	s.get("/api/v1/status", &got)
	if got.Boot == "" || got.Version != "dtlsd (test)" || got.Sessions != 3 || got.HalfOpen != 1 || got.Shards != 2 ||
		!got.Captures || got.Payloads != PayloadsMeta || !got.Accepting || !slices.Equal(got.Listening, []string{"127.0.0.1:22334"}) {
		t.Errorf("got %+v", got)
	}
	if got.Now.Before(got.Started) || got.Now.Location().String() != "UTC" {
		t.Errorf("started %v, now %v", got.Started, got.Now)
	}
}

func TestStatusWithoutSocketHasAnEmptyList(t *testing.T) {
	s := newSite(t)
	s.backend.listening = nil
	body, err := json.Marshal(s.console.status())
	if err != nil || !strings.Contains(string(body), `"listening":[]`) {
		t.Errorf("%s, %v", body, err)
	}
}

func TestAddressesOfTheMachineBeginWithAllOfThem(t *testing.T) {
	all := machineAddresses()
	if len(all) < 2 || all[0] != netip.IPv4Unspecified() || !slices.Contains(all, netip.MustParseAddr("127.0.0.1")) {
		t.Fatalf("got %v", all)
	}
	if !slices.IsSortedFunc(all, func(a, b netip.Addr) int { return rank(a) - rank(b) }) {
		t.Errorf("the order is %v", all)
	}
	for i, a := range all {
		if slices.Contains(all[:i], a) {
			t.Errorf("%v twice in %v", a, all)
		}
		if a.Zone() != "" || a.Is4In6() {
			t.Errorf("%v is nothing to choose", a)
		}
	}
}
