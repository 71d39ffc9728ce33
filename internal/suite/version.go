package suite

import (
	"slices"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// ChooseVersion returns the first of our versions that a client speaks, whose
// hello has the given legacy version and supported_versions, nil without that
// extension. Without it, DTLS 1.2 is the newest that a client can mean. The
// error is a *ChoiceError.
//
// RFC 8446, Section 4.2.1.
func ChooseVersion(legacy wire.Version, offered wire.Uint16List, ours []wire.Version) (wire.Version, error) {
	if v, ok := TryVersion(legacy, offered, ours); ok {
		return v, nil
	}
	if offered == nil {
		offered = wire.AppendUint16s(nil, legacy)
	}
	return 0, refuse(wire.AlertProtocolVersion, "no common version: client offers %s; server accepts %s",
		list(offered.All(), versionName), list(slices.Values(ours), wire.Version.String))
}

// TryVersion is ChooseVersion without words for a refusal, and allocates
// nothing.
func TryVersion(legacy wire.Version, offered wire.Uint16List, ours []wire.Version) (v wire.Version, ok bool) {
	for _, v := range ours {
		if offered != nil && offered.Contains(uint16(v)) {
			return v, true
		}
		// Versions of DTLS count downwards.
		if offered == nil && v >= wire.VersionDTLS12 && legacy <= v {
			return v, true
		}
	}
	return 0, false
}

func versionName(id uint16) string { return wire.Version(id).String() }
