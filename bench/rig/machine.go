package rig

import (
	"context"
	"debug/buildinfo"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// Machine returns what the figures depend on, in pairs of a name and a value.
func (r *Rig) Machine(ctx context.Context) [][2]string {
	cpu, memory := cpuModel(readText("/proc/cpuinfo")), memoryTotal(readText("/proc/meminfo"))
	lines := [][2]string{
		{"CPU", cpu + ", " + strconv.Itoa(runtime.NumCPU()) + " cores"},
		{"Memory", memory},
		{"System", systemName(readText("/etc/os-release"))},
		{"Kernel", strings.TrimSpace(readText("/proc/sys/kernel/osrelease"))},
		{"Go", runtime.Version()},
	}
	for _, library := range [][2]string{{"OpenSSL", "libssl-dev"}, {"GnuTLS", "libgnutls28-dev"}, {"wolfSSL", "libwolfssl-dev"}, {"Mbed TLS", "libmbedtls-dev"}} {
		lines = append(lines, [2]string{library[0], packageVersion(ctx, library[1])})
	}
	return append(lines, [2]string{"pion/dtls", moduleVersion(r.program("pion"), "github.com/pion/dtls/")})
}

// readText returns the text of a file of the system, nothing if it is not there.
func readText(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(text)
}

// valueOf returns what stands behind a key and a separator on the first such line.
func valueOf(text, key, separator string) string {
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(line, separator); found && strings.TrimSpace(name) == key {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return "unknown"
}

func cpuModel(cpuinfo string) string     { return valueOf(cpuinfo, "model name", ":") }
func systemName(osRelease string) string { return valueOf(osRelease, "PRETTY_NAME", "=") }

// memoryTotal returns whole GiB.
func memoryTotal(meminfo string) string {
	kB, err := strconv.Atoi(strings.TrimSuffix(valueOf(meminfo, "MemTotal", ":"), " kB"))
	if err != nil {
		return "unknown"
	}
	return strconv.Itoa((kB+1<<19)>>20) + " GiB"
}

// loadAverage returns that of the last minute, 0 if it is not known.
func loadAverage(text string) float64 {
	first, _, _ := strings.Cut(text, " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}

func packageVersion(ctx context.Context, name string) string {
	output, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f=${Version}", name).Output()
	if err != nil {
		return "unknown"
	}
	return string(output)
}

// moduleVersion returns the version of a module that a program was built with.
func moduleVersion(program, prefix string) string {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return "unknown"
	}
	for _, module := range info.Deps {
		if strings.HasPrefix(module.Path, prefix) {
			return module.Version
		}
	}
	return "unknown"
}
