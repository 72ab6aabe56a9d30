package lineaccount_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"lumo/shared/lineaccount"
)

func TestForwardingAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url       string
		prod, dev bool
	}{
		{"https://tool.example.com/line/hook?x=1", true, true},
		{"https://93.184.216.34/hook", true, true},
		{"https://tool.example.com:8443/hook", true, true},
		{"http://tool.example.com/hook", false, false},
		{"http://127.0.0.1:9000/hook", false, true},
		{"http://localhost:9000/hook", false, true},
		{"http://[::1]:9000/hook", false, true},
		{"https://127.0.0.1/hook", false, true},
		{"https://localhost/hook", false, true},
		{"https://10.0.0.1/hook", false, false},
		{"https://192.168.1.1/hook", false, false},
		{"https://172.16.0.1/hook", false, false},
		{"https://169.254.169.254/latest/meta-data", false, false},
		{"https://100.64.0.1/hook", false, false},
		{"https://0.0.0.0/hook", false, false},
		{"https://[fd00::1]/hook", false, false},
		{"https://[fe80::1]/hook", false, false},
		{"https://[::ffff:10.0.0.1]/hook", false, false},
		{"https://[64:ff9b::a00:1]/hook", false, false},
		{"https://intranet/hook", false, false},
		{"https://db.internal/hook", false, false},
		{"https://printer.local/hook", false, false},
		{"https://user:pass@tool.example.com/hook", false, false},
		{"https://tool.example.com/hook#part", false, false},
		{"https://app.example/line/webhooks/U1", false, false},
		{"ftp://tool.example.com/", false, false},
		{"//tool.example.com/", false, false},
		{"", false, false},
		{"https://", false, false},
	} {
		for _, dev := range []bool{false, true} {
			want := c.prod
			if dev {
				want = c.dev
			}
			err := lineaccount.CheckForward(c.url, "https://app.example", dev)
			if (err == nil) != want || err != nil && !errors.Is(err, lineaccount.ErrForward) {
				t.Errorf("%q dev=%t: %v", c.url, dev, err)
			}
		}
	}
}

func TestNoPrivateAddressIsDialled(t *testing.T) {
	t.Parallel()
	guard, dev := lineaccount.GuardDial(false), lineaccount.GuardDial(true)
	for _, a := range []string{"127.0.0.1:80", "10.1.2.3:443", "[::1]:443", "[fd12::1]:443", "169.254.169.254:80", "[::ffff:127.0.0.1]:80", "nonsense"} {
		if err := guard("tcp", a, nil); !errors.Is(err, lineaccount.ErrDial) {
			t.Errorf("%s: %v", a, err)
		}
	}
	if err := guard("tcp", "93.184.216.34:443", nil); err != nil {
		t.Error(err)
	}
	if dev("tcp", "127.0.0.1:80", nil) != nil || dev("tcp", "10.1.2.3:443", nil) == nil {
		t.Error("dev means loopback and nothing else")
	}
}

func TestAPublicAddressStaysPublicWhenMapped(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var b [4]byte
		for i := range b {
			b[i] = rapid.Byte().Draw(t, fmt.Sprint(i))
		}
		four := netip.AddrFrom4(b)
		if lineaccount.Public(four) != lineaccount.Public(netip.AddrFrom16(four.As16())) {
			t.Fatal(four)
		}
	})
}

func TestForwardsAreAddedOnceAndRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.connect(t, 7, "1234567")
	for range 2 {
		a, err := w.AddForward(t.Context(), 7, ann, 1, "https://tool.example.com/hook/token")
		if err != nil || len(a.Forwards) != 1 {
			t.Fatalf("%+v, %v", a.Forwards, err)
		}
	}
	if last := w.store.log[len(w.store.log)-1]; len(w.store.log) != 2 || last.Changes[0].New != "https://tool.example.com" {
		t.Fatalf("log %+v", w.store.log)
	}
	for i := 2; i <= lineaccount.MaxForwards; i++ {
		if _, err := w.AddForward(t.Context(), 7, ann, 1, fmt.Sprintf("https://tool.example.com/%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.AddForward(t.Context(), 7, ann, 1, "https://tool.example.com/more"); !errors.Is(err, lineaccount.ErrForward) {
		t.Fatalf("an eleventh: %v", err)
	}
	a, _ := w.store.Account(t.Context(), 7, 1)
	if a, err := w.RemoveForward(t.Context(), 7, ann, 1, a.Forwards[0].ID); err != nil || len(a.Forwards) != lineaccount.MaxForwards-1 {
		t.Fatalf("%d left, %v", len(a.Forwards), err)
	}
	if _, err := w.RemoveForward(t.Context(), 7, ann, 1, "none"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddForward(t.Context(), 7, ann, 5, "https://tool.example.com/x"); !errors.Is(err, lineaccount.ErrUnknown) {
		t.Fatalf("unknown slot: %v", err)
	}
}
