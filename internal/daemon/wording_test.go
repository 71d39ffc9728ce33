package daemon

import (
	"errors"
	"testing"
)

func TestFieldsOfTheLibraryAreShownAsFlags(t *testing.T) {
	err := configFault(errors.New("dtls: none of CipherSuites goes with the keys and certificates that are configured"))
	const want = "none of --ciphers goes with the keys and certificates that are configured"
	var f *Fault
	if err.Error() != want || !errors.As(err, &f) || !f.Usage {
		t.Errorf("got %v", err)
	}
}
