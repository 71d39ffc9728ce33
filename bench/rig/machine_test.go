package rig

import "testing"

func TestMachineIsReadFromFilesOfTheSystem(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{cpuModel("processor\t: 0\nmodel name\t: AMD EPYC\nprocessor\t: 1\nmodel name\t: other\n"), "AMD EPYC"},
		{cpuModel(""), "unknown"},
		{systemName("NAME=Debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"), "Debian GNU/Linux 12 (bookworm)"},
		{memoryTotal("MemTotal:       24608136 kB\nMemFree: 1 kB\n"), "23 GiB"},
		{memoryTotal("nothing"), "unknown"},
		{moduleVersion("no such program", "github.com/pion/dtls/"), "unknown"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestLoadAverage(t *testing.T) {
	if got := loadAverage("2.25 1.00 0.50 3/200 4242\n"); got != 2.25 {
		t.Errorf("got %v", got)
	}
	if got := loadAverage(""); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}
