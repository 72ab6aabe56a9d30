package contract

import (
	"strings"
	"testing"
)

// TestAPITellsTheMonthOfAnAccount as LINE counts it, for accounts with and without a limit, and for nobody else's.
func TestAPITellsTheMonthOfAnAccount(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann, eve := w.install(customer), w.install(otherHub)
	w.connect(ann, "Aiko")
	w.must(w.quota(200))
	if r := ann.ok("GET", "/accounts/1/quota", nil); !strings.Contains(string(r.Raw), `{"limited":true,"quota":200,"used":0,"reserved":0}`) {
		t.Errorf("%s", r.Raw)
	}
	w.must(w.quota(-1))
	if r := ann.ok("GET", "/accounts/1/quota", nil); !strings.Contains(string(r.Raw), `{"limited":false,"quota":null,"used":0,"reserved":0}`) {
		t.Errorf("%s", r.Raw)
	}
	for _, of := range []string{"/accounts/2/quota", "/accounts/1/quota"} {
		eve.refused("GET", of, "", 200, "NO_SUCH_ACCOUNT")
	}
	ann.refused("GET", "/accounts/2/quota", "", 200, "NO_SUCH_ACCOUNT")
	ann.ok("POST", "/accounts/1/disconnect", body{})
	ann.refused("GET", "/accounts/1/quota", "", 200, "NO_SUCH_ACCOUNT")
}
