package sample

import (
	"math"
	"slices"
)

// Rounds are the samples of one row.
type Rounds struct {
	samples []Sample
	count   int
}

// NewRounds orders the samples of a row.
func NewRounds(samples []Sample) Rounds {
	r := Rounds{samples: samples}
	for _, s := range samples {
		r.count = max(r.count, s.Round+1)
	}
	return r
}

// Len returns the number of rounds.
func (r Rounds) Len() int { return r.count }

// Samples returns all samples in the order in which they were taken.
func (r Rounds) Samples() []Sample { return r.samples }

// Labels returns the labels in the order in which they came first.
func (r Rounds) Labels() []string {
	var labels []string
	for _, s := range r.samples {
		if !slices.Contains(labels, s.Label) {
			labels = append(labels, s.Label)
		}
	}
	return labels
}

// A Metric is one of the figures of a result.
type Metric func(Result) float64

// Of returns a figure of the samples of a label.
func (r Rounds) Of(label string, metric Metric) Series {
	series := r.Constant(math.NaN())
	for _, s := range r.samples {
		if s.Label == label && s.Error == "" {
			series[s.Round] = metric(s.Result)
		}
	}
	return series
}

// Error says why the last sample of a label has no result; empty if it has one.
func (r Rounds) Error(label string) string {
	reason := "no sample was taken"
	for _, s := range r.samples {
		if s.Label == label {
			reason = s.Error
		}
	}
	return reason
}

// Constant returns a series of one value.
func (r Rounds) Constant(value float64) Series {
	return slices.Repeat(Series{value}, r.count)
}

// A Series has a value for each round, NaN where there is none.
type Series []float64

// known returns the values that there are, in order of size.
func (s Series) known() []float64 {
	known := slices.DeleteFunc(slices.Clone(s), math.IsNaN)
	slices.Sort(known)
	return known
}

// Empty reports whether there is no value.
func (s Series) Empty() bool { return len(s.known()) == 0 }

// Median returns NaN if there is no value.
func (s Series) Median() float64 {
	known := s.known()
	n := len(known)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return known[n/2]
	}
	return (known[n/2-1] + known[n/2]) / 2
}

// Min returns NaN if there is no value.
func (s Series) Min() float64 {
	if s.Empty() {
		return math.NaN()
	}
	return s.known()[0]
}

// Max returns NaN if there is no value.
func (s Series) Max() float64 {
	if s.Empty() {
		return math.NaN()
	}
	return slices.Max(s.known())
}

// With returns a series of f of the values of both in the same round.
func (s Series) With(other Series, f func(a, b float64) float64) Series {
	both := make(Series, min(len(s), len(other)))
	for i := range both {
		both[i] = f(s[i], other[i])
	}
	return both
}

// Over returns the ratios within each round, which are steadier than the figures.
func (s Series) Over(other Series) Series {
	return s.With(other, func(a, b float64) float64 {
		if b == 0 {
			return math.NaN()
		}
		return a / b
	})
}
