package console

import "net/http/pprof"

// profileRoutes are those of Go's profiler. A symbol may be asked for with a
// POST, because the list of addresses is long.
func profileRoutes() []route {
	const prefix = "/debug/pprof/"
	return []route{
		{"GET", prefix, false, pprof.Index}, // and each profile below it
		{"GET", prefix + "profile", false, pprof.Profile},
		{"GET", prefix + "symbol", false, pprof.Symbol},
		{"POST", prefix + "symbol", false, pprof.Symbol},
		{"GET", prefix + "trace", false, pprof.Trace},
	}
}
