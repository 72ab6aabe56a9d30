// Package id spells every identifier that crosses a boundary. A parsed id is well formed; each type says where it is unique.
package id

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// PortalID is HubSpot's hub_id: unique in HubSpot. It is the tenant key.
type PortalID int64

// ContactID is unique within one portal and never reused; a merge gives the survivor a new one.
type ContactID int64

// CompanyID is unique within one portal.
type CompanyID int64

// ListID is HubSpot's ILS list id: unique within one portal.
type ListID string

// LineUserID is unique within one LINE provider only: the same person has another id under another provider.
type LineUserID string

// GroupID is a LINE group chat; unique in LINE.
type GroupID string

// BotUserID is the LINE user id of an Official Account (webhook "destination"); unique in LINE.
type BotUserID string

// Slot is the permanent number 1..MaxSlot of an Official Account within one portal (P-41). Never given to another account.
type Slot int

// MaxSlot is the number of Official Accounts one portal can ever connect (product limits, section 19).
const MaxSlot Slot = 10

// ErrMalformed is wrapped by every Parse function.
var ErrMalformed = errors.New("malformed id")

var (
	linePattern  = regexp.MustCompile(`^U[0-9a-f]{32}$`)
	groupPattern = regexp.MustCompile(`^C[0-9a-f]{32}$`)
	listPattern  = regexp.MustCompile(`^[0-9]{1,18}$`)
)

func parseNumber(kind, s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%w: %s %.40q is not a positive whole number", ErrMalformed, kind, s)
	}
	return n, nil
}

func ParsePortal(s string) (PortalID, error) {
	n, err := parseNumber("portal id", s)
	return PortalID(n), err
}

func ParseContact(s string) (ContactID, error) {
	n, err := parseNumber("contact id", s)
	return ContactID(n), err
}

func ParseCompany(s string) (CompanyID, error) {
	n, err := parseNumber("company id", s)
	return CompanyID(n), err
}

func ParseList(s string) (ListID, error) {
	if !listPattern.MatchString(s) {
		return "", fmt.Errorf("%w: list id %.40q is not digits", ErrMalformed, s)
	}
	return ListID(s), nil
}

// ParseLineUser accepts exactly U and 32 lower-case hex digits (P-27). LINE's SDK pastes ids into paths unescaped,
// so nothing unparsed may reach it.
func ParseLineUser(s string) (LineUserID, error) {
	if !linePattern.MatchString(s) {
		return "", fmt.Errorf("%w: LINE user id must be U and 32 hex digits", ErrMalformed)
	}
	return LineUserID(s), nil
}

// ParseGroup accepts exactly C and 32 lower-case hex digits; the shape is known from LINE's examples.
func ParseGroup(s string) (GroupID, error) {
	if !groupPattern.MatchString(s) {
		return "", fmt.Errorf("%w: LINE group id must be C and 32 hex digits", ErrMalformed)
	}
	return GroupID(s), nil
}

func ParseBotUser(s string) (BotUserID, error) {
	if !linePattern.MatchString(s) {
		return "", fmt.Errorf("%w: bot user id must be U and 32 hex digits", ErrMalformed)
	}
	return BotUserID(s), nil
}

func ParseSlot(s string) (Slot, error) {
	n, err := parseNumber("slot", s)
	if err != nil || Slot(n) > MaxSlot {
		return 0, fmt.Errorf("%w: slot must be 1 to %d", ErrMalformed, MaxSlot)
	}
	return Slot(n), nil
}

func (p PortalID) String() string  { return strconv.FormatInt(int64(p), 10) }
func (c ContactID) String() string { return strconv.FormatInt(int64(c), 10) }
func (c CompanyID) String() string { return strconv.FormatInt(int64(c), 10) }
func (s Slot) String() string      { return strconv.Itoa(int(s)) }
