package plan

import (
	"testing"

	"github.com/dtlsd/dtlsd/bench/sample"
)

// costs makes rounds of one sample a label, by their server CPU.
func costs(byLabel map[string][]float64) sample.Rounds {
	var all []sample.Sample
	for label, values := range byLabel {
		for round, us := range values {
			all = append(all, sample.Sample{Label: label, Round: round, Result: sample.Result{ServerCPU: us, Rate: 1000 / us}})
		}
	}
	return sample.NewRounds(all)
}

func TestRatioTargetIsJudgedByTheMedianRatio(t *testing.T) {
	target := ratioOf("", 1.1, Subject, udpGo)
	for _, c := range []struct {
		ours, floor []float64
		hit         bool
	}{
		{[]float64{11, 22, 30}, []float64{10, 20, 10}, true}, // ratios 1.1, 1.1 and 3
		{[]float64{12, 24, 10}, []float64{10, 20, 10}, false},
	} {
		v := target.Judge(costs(map[string][]float64{Subject: c.ours, udpGo: c.floor}))
		if v.Missing != "" || v.Hit != c.hit {
			t.Errorf("%v over %v: %+v", c.ours, c.floor, v)
		}
	}
}

func TestBestPeerIsTheOneWithTheBestMedian(t *testing.T) {
	r := costs(map[string][]float64{Subject: {5, 5}, "GnuTLS": {8, 8}, "OpenSSL": {7, 12}, "pion": {20, 20}})
	v := ratioOfBest("", 0.6, []string{"wolfSSL", "OpenSSL", "GnuTLS", "pion"}).Judge(r)
	if v.Best != "GnuTLS" || v.Shown.Median() != 0.625 || v.Hit {
		t.Errorf("got %+v", v)
	}
	faster := Target{Subject: Of(Subject, rate), Factor: 2, AtLeast: true, Peers: []string{"pion", "GnuTLS"}, Metric: rate}
	if v := faster.Judge(r); v.Best != "GnuTLS" || v.Hit {
		t.Errorf("by rate: %+v", v)
	}
}

func TestFigureIsJudgedInItsUnit(t *testing.T) {
	r := costs(map[string][]float64{Subject: {2, 2}})
	enough := figure("", rate, 500, "/s")
	enough.AtLeast = true
	if v := enough.Judge(r); !v.Hit || v.Shown.Median() != 500 {
		t.Errorf("at least 500: %+v", v)
	}
	if v := figure("", failed, 0, "failed").Judge(r); !v.Hit {
		t.Errorf("none failed: %+v", v)
	}
}

func TestSumOfReferences(t *testing.T) {
	r := costs(map[string][]float64{"a": {1, 2}, "b": {10, 20}})
	got := Sum(Of("a", serverCPU), Times(1.5, Of("b", serverCPU)), Constant(0.5))(r)
	if got[0] != 16.5 || got[1] != 32.5 {
		t.Errorf("got %v", got)
	}
}

func TestMissingSampleIsNamed(t *testing.T) {
	r := sample.NewRounds([]sample.Sample{{Label: Subject, Result: sample.Result{ServerCPU: 1}}, {Label: "GnuTLS", Error: "did not start"}})
	v := ratioOf("", 1, Subject, "GnuTLS").Judge(r)
	if v.Hit || v.Missing != "GnuTLS: did not start" {
		t.Errorf("got %+v", v)
	}
	if v := ratioOfBest("", 1, []string{"GnuTLS"}).Judge(r); v.Hit || v.Missing == "" {
		t.Errorf("no peer: %+v", v)
	}
	if v := ratioOf("", 1, Subject, "GnuTLS").Judge(sample.NewRounds(nil)); v.Missing == "" {
		t.Errorf("nothing measured: %+v", v)
	}
}
