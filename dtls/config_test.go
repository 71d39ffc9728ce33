package dtls

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// A client with a key, and nothing said about authorities, must not believe
// whoever has a certificate.
func TestClientWithKeyOffersNoCertificateSuites(t *testing.T) {
	p, err := clientConfig().profile(engine.Client)
	if err != nil {
		t.Fatal(err)
	}
	if p.engine.Certificate || !p.engine.Policy.PSK {
		t.Errorf("certificates %v, PSK %v", p.engine.Certificate, p.engine.Policy.PSK)
	}
}

// Every field that a user can set must survive Clone.
func TestCloneCopiesEveryField(t *testing.T) {
	var c Config
	v := reflect.ValueOf(&c).Elem()
	var names []string
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		names = append(names, field.Name)
		setNonZero(t, field.Name, v.Field(i))
	}
	clone := reflect.ValueOf(c.Clone()).Elem()
	for _, name := range names {
		if clone.FieldByName(name).IsZero() {
			t.Errorf("Clone loses %s", name)
		}
	}
	if (*Config)(nil).Clone() != nil {
		t.Error("clone of nil")
	}
}

func setNonZero(t *testing.T, name string, f reflect.Value) {
	switch f.Kind() {
	case reflect.Bool:
		f.SetBool(true)
	case reflect.Int, reflect.Int64:
		f.SetInt(1)
	case reflect.Uint8, reflect.Uint16:
		f.SetUint(1)
	case reflect.String:
		f.SetString("x")
	case reflect.Slice:
		f.Set(reflect.MakeSlice(f.Type(), 1, 1))
	case reflect.Pointer:
		f.Set(reflect.New(f.Type().Elem()))
	case reflect.Func:
		f.Set(reflect.MakeFunc(f.Type(), func([]reflect.Value) []reflect.Value { return nil }))
	case reflect.Interface:
		for _, v := range []any{strings.NewReader(""), &strings.Builder{}, StaticPSK{}, NewSessionCache(1), NewClientSessionCache(1)} {
			if reflect.TypeOf(v).Implements(f.Type()) {
				f.Set(reflect.ValueOf(v))
				return
			}
		}
		t.Fatalf("no value for %s", name)
	default:
		t.Fatalf("no value for %s of kind %v", name, f.Kind())
	}
}

func TestCloneHasTicketKeysOfItsOwnUnlessSet(t *testing.T) {
	var c Config
	c.ticketKeysLocked()
	if c.Clone().ticketKeys != nil {
		t.Error("the clone shares keys that were made")
	}
	c.SetSessionTicketKeys([][32]byte{{1}})
	if c.Clone().ticketKeys != c.ticketKeys {
		t.Error("the clone does not have the keys that were set")
	}
	defer func() {
		if recover() == nil {
			t.Error("no keys were taken")
		}
	}()
	c.SetSessionTicketKeys(nil)
}

func TestDefaults(t *testing.T) {
	p, err := (&Config{PSK: StaticPSK{}}).profile(engine.Server)
	if err != nil {
		t.Fatal(err)
	}
	e := p.engine
	if e.MTU != DefaultMTU || e.HandshakeTimeout != time.Minute || e.RetransmitInitial != time.Second || e.Tickets == nil || e.SessionCache {
		t.Errorf("%+v", e)
	}
	for _, s := range e.Policy.Suites {
		if s.CBC() {
			t.Errorf("%v is on by default", s)
		}
	}
	if !e.Policy.EncryptThenMACRequired {
		t.Error("MAC-then-encrypt is allowed by default")
	}
}

func TestServerNameIndication(t *testing.T) {
	for name, want := range map[string]string{
		"server.example": "server.example", "server.example.": "server.example",
		"192.0.2.1": "", "2001:db8::1": "", "[2001:db8::1]": "", "fe80::1%eth0": "", "": "",
	} {
		if got := serverNameIndication(name); got != want {
			t.Errorf("for %q: %q, want %q", name, got, want)
		}
	}
}
