package sample

import (
	"math"
	"slices"
	"testing"
)

var nan = math.NaN()

func cpu(r Result) float64 { return r.ServerCPU }

func took(label string, round int, us float64) Sample {
	return Sample{Label: label, Round: round, Result: Result{ServerCPU: us}}
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func TestMedianPassesOverWhatWasNotMeasured(t *testing.T) {
	for _, c := range []struct {
		of   Series
		want float64
	}{
		{Series{3}, 3}, {Series{9, 1, 2}, 2}, {Series{4, 1, 3, 2}, 2.5}, {Series{nan, 5, nan, 7}, 6}, {Series{nan}, nan}, {nil, nan},
	} {
		if got := c.of.Median(); !same(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.of, got, c.want)
		}
	}
}

func TestSpreadOfSeries(t *testing.T) {
	s := Series{2, nan, 1, 3}
	if s.Min() != 1 || s.Max() != 3 || s.Empty() {
		t.Errorf("got %v to %v", s.Min(), s.Max())
	}
	if none := (Series{nan}); !none.Empty() || !math.IsNaN(none.Min()) || !math.IsNaN(none.Max()) {
		t.Error("a series without a value has a lowest or a highest one")
	}
}

func TestRatiosAreTakenWithinARound(t *testing.T) {
	// The machine was half as fast in the second round; the ratio does not see it.
	r := NewRounds([]Sample{took("a", 0, 10), took("b", 0, 5), took("a", 1, 20), took("b", 1, 10)})
	if got := r.Of("a", cpu).Over(r.Of("b", cpu)); !slices.Equal(got, Series{2, 2}) {
		t.Errorf("got %v", got)
	}
	if got := (Series{1}).Over(Series{0}); !got.Empty() {
		t.Errorf("over nothing: %v", got)
	}
}

func TestFailedSampleHasNoValueButAReason(t *testing.T) {
	r := NewRounds([]Sample{took("a", 0, 10), {Label: "b", Round: 0, Error: "did not start"}, took("a", 1, 12)})
	if !slices.Equal(r.Labels(), []string{"a", "b"}) || r.Len() != 2 {
		t.Errorf("labels %v in %d rounds", r.Labels(), r.Len())
	}
	if !r.Of("b", cpu).Empty() || r.Error("b") != "did not start" {
		t.Errorf("got %v, %q", r.Of("b", cpu), r.Error("b"))
	}
	if r.Error("a") != "" || r.Error("c") != "no sample was taken" {
		t.Errorf("got %q and %q", r.Error("a"), r.Error("c"))
	}
}
