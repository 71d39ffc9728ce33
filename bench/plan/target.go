package plan

import (
	"math"

	"github.com/dtlsd/dtlsd/bench/sample"
)

// A Metric is one of the figures of a result.
type Metric = sample.Metric

// A Reference is what something is compared with: a figure for each round.
type Reference func(sample.Rounds) sample.Series

// Of is a figure of a label.
func Of(label string, metric Metric) Reference {
	return func(r sample.Rounds) sample.Series { return r.Of(label, metric) }
}

// Constant is the same in every round.
func Constant(value float64) Reference {
	return func(r sample.Rounds) sample.Series { return r.Constant(value) }
}

// Sum adds in each round.
func Sum(first Reference, others ...Reference) Reference {
	return func(r sample.Rounds) sample.Series {
		sum := first(r)
		for _, other := range others {
			sum = sum.With(other(r), func(a, b float64) float64 { return a + b })
		}
		return sum
	}
}

// Times multiplies.
func Times(factor float64, of Reference) Reference {
	return func(r sample.Rounds) sample.Series {
		return of(r).With(r.Constant(factor), func(a, b float64) float64 { return a * b })
	}
}

// A Target is a bound on a figure: the subject is at most, or at least, Factor
// times the limit.
type Target struct {
	Text    string
	Subject Reference
	Limit   Reference // nil: that of the best of Peers
	Factor  float64
	AtLeast bool
	Unit    string   // of the subject, if that is shown and judged; otherwise it is the ratio within each round
	Needs   []string // labels without which there is no result

	// The best peer is the one whose figure has the lowest median, or the highest
	// if the target is a lower bound.
	Peers  []string
	Metric Metric
}

// A Verdict is what became of a target.
type Verdict struct {
	Shown   sample.Series // ratios, or figures in the unit of the target
	Hit     bool
	Best    string // the peer that was the best, if the target is about that
	Missing string // why there is no result; empty if there is one
}

// Judge compares what was measured with the target.
func (t Target) Judge(r sample.Rounds) Verdict {
	limit, best := t.limit(r)
	shown, bound := t.Subject(r).Over(limit), t.Factor
	if t.Unit != "" {
		shown, bound = t.Subject(r), t.Factor*limit.Median()
	}
	v := Verdict{Shown: shown, Best: best}
	if shown.Empty() || math.IsNaN(bound) {
		v.Missing = t.missing(r)
		return v
	}
	v.Hit = shown.Median() <= bound
	if t.AtLeast {
		v.Hit = shown.Median() >= bound
	}
	return v
}

// limit returns the limit, and which peer it is of if the best one is sought.
func (t Target) limit(r sample.Rounds) (sample.Series, string) {
	if t.Limit != nil {
		return t.Limit(r), ""
	}
	best, bestMedian := "", math.NaN()
	for _, label := range t.Peers {
		median := r.Of(label, t.Metric).Median()
		better := median < bestMedian
		if t.AtLeast {
			better = median > bestMedian
		}
		if best == "" && !math.IsNaN(median) || better {
			best, bestMedian = label, median
		}
	}
	return r.Of(best, t.Metric), best
}

func (t Target) missing(r sample.Rounds) string {
	for _, label := range t.Needs {
		if reason := r.Error(label); reason != "" {
			return label + ": " + reason
		}
	}
	return "no round has all that is compared"
}
