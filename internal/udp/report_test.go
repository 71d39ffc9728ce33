package udp

import (
	"runtime"
	"testing"
)

func TestReportSpeaks(t *testing.T) {
	full := Buffer{Asked: 4 << 20, Given: 4 << 20}
	for _, test := range []struct {
		report     Report
		text, hint string
	}{
		{
			Report{Batch: 64, TrainsIn: true, TrainsOut: true, In: full, Out: full},
			"batches of 64, segmentation offload, buffers of 4 MiB in and 4 MiB out", "",
		},
		{
			Report{Batch: 64, TrainsOut: true, In: Buffer{Asked: 4 << 20, Given: 208 << 10}, Out: full},
			"batches of 64, segmentation offload on send only, buffers of 208 KiB in and 4 MiB out",
			"sysctl -w net.core.rmem_max=4194304",
		},
		{
			Report{Batch: 64, TrainsIn: true, In: Buffer{Asked: 9, Given: 8}, Out: Buffer{Asked: 9, Given: 8}},
			"batches of 64, segmentation offload on receive only, buffers of 0.00781 KiB in and 0.00781 KiB out",
			"sysctl -w net.core.rmem_max=9",
		},
		{Report{Batch: 1}, "one datagram at a time", ""},
	} {
		if got := test.report.String(); got != test.text {
			t.Errorf("String = %q, want %q", got, test.text)
		}
		if got := test.report.Hint(); got != test.hint {
			t.Errorf("Hint = %q, want %q", got, test.hint)
		}
	}
}

func TestSocketReports(t *testing.T) {
	r := NewSocket(listen(t, "udp4", "0.0.0.0:0")).Report()
	if !r.System || r.Batch < 1 {
		t.Errorf("%+v", r)
	}
	if linux := runtime.GOOS == "linux"; linux && (r.Batch < 2 || !r.PacketInfo || r.In.Given == 0 || r.Out.Given == 0) {
		t.Errorf("%+v", r)
	}
	if r := NewSocket(plain{listen(t, "udp", "127.0.0.1:0")}).Report(); r.System || r.Batch != 1 {
		t.Errorf("%+v", r)
	}
}
