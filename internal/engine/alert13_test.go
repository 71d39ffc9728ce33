package engine_test

import (
	"testing"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// RFC 8446, Section 6: the level of an alert means nothing.
func TestAlertsOf13EndAnAssociationWhateverTheirLevel(t *testing.T) {
	for _, level := range []wire.AlertLevel{wire.AlertWarning, wire.AlertFatal} {
		for _, description := range []wire.AlertDescription{wire.AlertInternalError, wire.AlertNoRenegotiation, 200} {
			p := connected(t, dtls13)
			p.ToServer(p.Client.SealAs(wire.ContentAlert, alert(level, description)))
			wantEndedByAlert(t, p.Server, engine.AlertError{Alert: description, Authenticated: true}, level.String())
			wantSilent(t, p.Server, "after an alert")
		}
		p := connected(t, dtls13)
		p.ToServer(p.Client.SealAs(wire.ContentAlert, alert(level, wire.AlertUserCanceled)))
		wantAlive(t, p, "after user_canceled, which close_notify follows")
		p.ToServer(p.Client.SealAs(wire.ContentAlert, alert(level, wire.AlertCloseNotify)))
		wantOver(t, p.Server, engine.ErrCloseNotify, level.String())
	}
	p := connected(t, dtls13)
	p.ToServer(p.Client.SealAs(wire.ContentAlert, alert(3, wire.AlertInternalError)))
	wantAlertAtClient(t, p, wire.AlertIllegalParameter, "an unknown level")
}
