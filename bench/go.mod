module github.com/dtlsd/dtlsd/bench

go 1.26.0

replace github.com/dtlsd/dtlsd => ../

require (
	github.com/dtlsd/dtlsd v0.0.0
	github.com/pion/dtls/v4 v4.0.1
	golang.org/x/sys v0.49.0
)

require (
	github.com/pion/logging v0.2.4 // indirect
	github.com/pion/transport/v5 v5.1.4 // indirect
	golang.org/x/crypto v0.58.0 // indirect
)
