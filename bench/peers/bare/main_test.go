package main

import (
	"testing"
	"time"
)

func TestOperationsAreMeasured(t *testing.T) {
	for _, c := range []struct {
		exchange string
		sign     bool
		record   int
	}{{"P-256", false, 0}, {"X25519", true, 0}, {"X25519MLKEM768", true, 0}, {"", false, 64}} {
		operation, err := choose(c.exchange, c.sign, c.record)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if us := measure(operation, time.Millisecond); us <= 0 {
			t.Errorf("%+v takes %v us", c, us)
		}
	}
}

func TestUnknownOperationIsRefused(t *testing.T) {
	for _, exchange := range []string{"", "P-512", "MLKEM768"} {
		if _, err := choose(exchange, false, 0); err == nil {
			t.Errorf("%q is measured", exchange)
		}
	}
}
