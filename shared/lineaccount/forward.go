package lineaccount

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"lumo/shared/id"
	"lumo/shared/portal"
)

// MaxForwards is how many other tools may receive an account's events (P-09).
const MaxForwards = 10

const longestURL = 500

// ErrForward is wrapped by every refusal of a forwarding address.
var ErrForward = errors.New("forwarding address refused")

// CheckForward tells whether events may be forwarded to an address: https, a public host, not our own. dev also allows loopback, with
// http. Names are looked up only when dialling; GuardDial refuses those that lead to private addresses.
func CheckForward(raw, publicURL string, dev bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(raw) > longestURL {
		return fmt.Errorf("%w: not a plain web address", ErrForward)
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if own, err := url.Parse(publicURL); err == nil && strings.EqualFold(own.Host, u.Host) {
		return fmt.Errorf("%w: it is our own", ErrForward)
	}
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	ip, ipErr := netip.ParseAddr(host)
	if ipErr == nil {
		local = ip.Unmap().IsLoopback()
	}
	if local && dev && (u.Scheme == "http" || u.Scheme == "https") {
		return nil
	}
	switch {
	case u.Scheme != "https":
		return fmt.Errorf("%w: it must begin with https://", ErrForward)
	case ipErr == nil && !Public(ip):
		return fmt.Errorf("%w: a private address", ErrForward)
	case ipErr != nil && (local || !strings.Contains(host, ".") || privateName(host)):
		return fmt.Errorf("%w: a private name", ErrForward)
	}
	return nil
}

func privateName(host string) bool {
	for _, end := range []string{".local", ".internal", ".lan", ".home.arpa", ".intranet"} {
		if strings.HasSuffix(host, end) {
			return true
		}
	}
	return false
}

// notPublic are ranges that netip's own tests do not cover: carrier NAT, documentation, benchmarks, 6to4 and NAT64 (which can hide
// private IPv4 addresses), and reserved space.
var notPublic = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "fec0::/10")

func prefixes(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, p := range all {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

// Public tells whether an address is on the open internet.
func Public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// ErrDial is the cause when GuardDial refuses.
var ErrDial = errors.New("private address")

// GuardDial is a net.Dialer.Control that refuses addresses which are not public: it sees what a name really led to, so that a name
// cannot change its mind between check and use. dev also allows loopback.
func GuardDial(dev bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: unreadable", ErrDial)
		}
		if Public(ap.Addr()) || dev && ap.Addr().Unmap().IsLoopback() {
			return nil
		}
		return ErrDial
	}
}

// withForward returns the account with one more address. Adding one that is there already changes nothing.
func (s *Service) withForward(a Account, raw string) (Account, error) {
	if slices.ContainsFunc(a.Forwards, func(f Forward) bool { return f.URL == raw }) {
		return a, nil
	}
	if len(a.Forwards) >= MaxForwards {
		return a, fmt.Errorf("%w: at most %d", ErrForward, MaxForwards)
	}
	if err := CheckForward(raw, s.PublicURL, s.Dev); err != nil {
		return a, err
	}
	a.Forwards = append(slices.Clone(a.Forwards), Forward{ID: s.NewID(), URL: raw, AddedAt: s.Clock.Now()})
	return a, nil
}

// AddForward sends a copy of the account's future events to an address.
func (s *Service) AddForward(ctx context.Context, p id.PortalID, by portal.Actor, slot id.Slot, raw string) (Account, error) {
	return s.change(ctx, p, slot, func(a Account) (Account, *portal.Entry, error) {
		next, err := s.withForward(a, raw)
		if err != nil || len(next.Forwards) == len(a.Forwards) {
			return a, nil, err
		}
		return next, &portal.Entry{ID: s.NewID(), At: s.Clock.Now(), Actor: by, Action: portal.ForwardsChanged, Subject: a.Name,
			Changes: []portal.Change{{Field: "forward", New: origin(raw)}}}, nil
	})
}

// RemoveForward ends forwarding to an address; removing one that is not there changes nothing.
func (s *Service) RemoveForward(ctx context.Context, p id.PortalID, by portal.Actor, slot id.Slot, forwardID string) (Account, error) {
	return s.change(ctx, p, slot, func(a Account) (Account, *portal.Entry, error) {
		i := slices.IndexFunc(a.Forwards, func(f Forward) bool { return f.ID == forwardID })
		if i < 0 {
			return a, nil, nil
		}
		old := a.Forwards[i]
		a.Forwards = slices.Delete(slices.Clone(a.Forwards), i, i+1)
		return a, &portal.Entry{ID: s.NewID(), At: s.Clock.Now(), Actor: by, Action: portal.ForwardsChanged, Subject: a.Name,
			Changes: []portal.Change{{Field: "forward", Old: origin(old.URL)}}}, nil
	})
}

// origin is what the audit log keeps of an address: its path may hold a token.
func origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// resultPause is how often an unchanged good result is written anew.
const resultPause = time.Minute

// RecordForward remembers how a delivery went. failing is true for the one result that makes it five failures in a row, so that the
// caller can tell somebody once.
func (s *Service) RecordForward(ctx context.Context, p id.PortalID, slot id.Slot, r ForwardResult) (failing bool, err error) {
	all, err := s.Store.Results(ctx, p, slot)
	if err != nil {
		return false, err
	}
	var last ForwardResult
	if i := slices.IndexFunc(all, func(o ForwardResult) bool { return o.ForwardID == r.ForwardID }); i >= 0 {
		last = all[i]
	}
	r.At = s.Clock.Now()
	if r.Code == ForwardOK {
		if last.Code == ForwardOK && r.At.Sub(last.At) < resultPause {
			return false, nil
		}
		r.Failures = 0
	} else {
		r.Failures = last.Failures + 1
	}
	return r.Failures == failuresToTell, s.Store.SaveResult(ctx, p, slot, r)
}

// ForwardOK is the code of a delivery that the other tool answered with 2xx.
const ForwardOK = "OK"

const failuresToTell = 5
