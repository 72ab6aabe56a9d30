package segment

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// Stable codes of what can be wrong with a tree.
const (
	CodeEmpty    = "SEGMENT_EMPTY"
	CodeTooLarge = "SEGMENT_TOO_LARGE"
	CodeType     = "CONDITION_TYPE"
	CodeOperator = "CONDITION_OPERATOR"
	CodeValue    = "CONDITION_VALUE"
	// What it rests on is gone or cannot be used: the segment needs attention.
	CodeTag        = "CONDITION_TAG"
	CodeProperty   = "CONDITION_PROPERTY"
	CodeList       = "CONDITION_LIST"
	CodeUnreadable = "CONDITION_LIST_UNREADABLE"
	CodeBroadcast  = "CONDITION_BROADCAST"
	CodeNotTracked = "CONDITION_NOT_TRACKED"
	// What it rests on is on its way.
	CodeReading   = "CONDITION_LIST_READING"
	CodeFirstSync = "CONDITION_FIRST_SYNC"
)

// Problem is one thing that is wrong, and where: "tree.all[0].any[2].values[1]".
type Problem struct {
	Code    string `json:"code"`
	Place   string `json:"place"`
	Message string `json:"message"`
}

// Passing tells that it is only a matter of time.
func (p Problem) Passing() bool { return p.Code == CodeReading || p.Code == CodeFirstSync }

// Problems is the error of a tree that cannot be kept or used. It is never empty.
type Problems []Problem

func (ps Problems) Error() string {
	return fmt.Sprintf("%s at %s: %s", ps[0].Code, ps[0].Place, ps[0].Message)
}

// ProblemCode is the stable code of the first.
func (ps Problems) ProblemCode() string { return ps[0].Code }

// passing tells that time heals all of them.
func (ps Problems) passing() bool {
	return !slices.ContainsFunc(ps, func(p Problem) bool { return !p.Passing() })
}

const (
	// MaxGroups of a tree, and MaxConditions of all of its groups together.
	MaxGroups     = 20
	MaxConditions = 50
	// MaxLists is how many lists a tree names, and how many broadcasts: each is held in memory while friends are judged, up to 16 MB.
	MaxLists = 10
	// MaxValues of one condition.
	MaxValues = 100
	// MaxValue is the longest value, in characters.
	MaxValue = 200
	// MaxDays that "in the last days" reaches back.
	MaxDays = 3650
)

// checker collects problems.
type checker struct{ out Problems }

func (k *checker) add(code, place, format string, args ...any) {
	k.out = append(k.out, Problem{code, place, fmt.Sprintf(format, args...)})
}

func place(group, condition int) string { return fmt.Sprintf("tree.all[%d].any[%d]", group, condition) }

// Check tells everything that is wrong with the form of a tree; nil when there is nothing. Whether the things that it names exist is
// another question, as is the type of a property: see Service.
func (t Tree) Check() error {
	k := &checker{}
	switch n := t.Count(); {
	case len(t.All) == 0:
		k.add(CodeEmpty, "tree.all", "A segment needs a condition.")
	case len(t.All) > MaxGroups || n > MaxConditions:
		k.add(CodeTooLarge, "tree.all", "A segment has at most %d groups and %d conditions.", MaxGroups, MaxConditions)
		return k.out
	case len(t.refs(List)) > MaxLists || len(t.refs(Broadcast)) > MaxLists:
		k.add(CodeTooLarge, "tree.all", "A segment names at most %d HubSpot lists and %d broadcasts.", MaxLists, MaxLists)
		return k.out
	}
	for g, group := range t.All {
		if len(group.Any) == 0 {
			k.add(CodeEmpty, fmt.Sprintf("tree.all[%d].any", g), "A group needs a condition.")
		}
		for i, c := range group.Any {
			k.condition(place(g, i), c)
		}
	}
	if len(k.out) == 0 {
		return nil
	}
	return k.out
}

func (k *checker) condition(at string, c Condition) {
	if !slices.Contains(Types(), c.Type) {
		k.add(CodeType, at+".type", "There is no such kind of condition.")
		return
	}
	if c.Type == Property {
		if !propertyName.MatchString(c.Ref) {
			k.add(CodeProperty, at+".ref", "Choose a mapped HubSpot property.")
		}
		// The kind of its values is not known here: the operator must be one of some kind.
		if !slices.ContainsFunc([]Kind{Text, Number, Day}, func(kind Kind) bool { return slices.Contains(kindOps[kind], c.Op) }) {
			k.add(CodeOperator, at+".op", "A property cannot be compared in this way.")
		}
		k.spare(at, c)
		return
	}
	if !slices.Contains(typeOps[c.Type], c.Op) {
		k.add(CodeOperator, at+".op", "This kind of condition cannot be compared in this way.")
		return
	}
	k.reference(at, c)
	k.spare(at, c)
	switch {
	case c.Type == Follow && (c.Op == Is || c.Op == IsNot):
		k.each(at, c, "following or blocked", func(v string) bool { return v == string(friend.Following) || v == string(friend.Blocked) })
	case c.Op == By:
		k.each(at, c, "a method of linking", func(v string) bool { return slices.Contains(Methods(), friend.Method(v)) })
	case c.Type == FriendSince || c.Type == LastMessage:
		k.values(at, c, Moment)
	}
}

var propertyName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,200}$`)

// ref is an id of ours.
var ref = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

func (k *checker) reference(at string, c Condition) {
	switch c.Type {
	case Tag:
		if !ref.MatchString(c.Ref) {
			k.add(CodeTag, at+".ref", "Choose a tag.")
		}
	case List:
		if _, err := id.ParseList(c.Ref); err != nil {
			k.add(CodeList, at+".ref", "Choose a HubSpot list.")
		}
	case Broadcast:
		if !ref.MatchString(c.Ref) {
			k.add(CodeBroadcast, at+".ref", "Choose a broadcast.")
		}
	default:
		if c.Ref != "" {
			k.add(CodeValue, at+".ref", "This kind of condition names nothing.")
		}
	}
}

// spare refuses values that the operator does not use, so that nobody believes they count.
func (k *checker) spare(at string, c Condition) {
	if least, _ := c.Op.values(); least == 0 && len(c.Values) > 0 {
		k.add(CodeValue, at+".values", "This comparison takes no values.")
	}
	if c.Op != LastDays && c.Days != 0 {
		k.add(CodeValue, at+".days", "This comparison takes no number of days.")
	}
}

// values is how many values an operator takes.
func (o Op) values() (least, most int) {
	switch o {
	case Is, IsNot, Contains, NotContains, By:
		return 1, MaxValues
	case Above, Below:
		return 1, 1
	case Between:
		return 2, 2
	}
	return 0, 0
}

func (k *checker) each(at string, c Condition, what string, fits func(string) bool) {
	least, most := c.Op.values()
	if len(c.Values) < least || len(c.Values) > most {
		if least == most {
			k.add(CodeValue, at+".values", "Give %d values.", least)
		} else {
			k.add(CodeValue, at+".values", "Give %d to %d values.", least, most)
		}
		return
	}
	for i, v := range c.Values {
		if !fits(v) {
			k.add(CodeValue, fmt.Sprintf("%s.values[%d]", at, i), "Give %s.", what)
		}
	}
}

// values checks what a comparison of this kind is given.
func (k *checker) values(at string, c Condition, kind Kind) {
	if c.Op == LastDays && (c.Days < 1 || c.Days > MaxDays) {
		k.add(CodeValue, at+".days", "Give 1 to %d days.", MaxDays)
	}
	before := len(k.out)
	switch kind {
	case Number:
		k.each(at, c, "a number", func(v string) bool { _, ok := parseNumber(v); return ok })
	case Day, Moment:
		k.each(at, c, "a day such as 2026-11-02", func(v string) bool { _, err := time.Parse(time.DateOnly, v); return err == nil })
	default:
		k.each(at, c, fmt.Sprintf("a text of 1 to %d characters", MaxValue), func(v string) bool {
			return strings.TrimSpace(v) != "" && utf8.ValidString(v) && utf8.RuneCountInString(v) <= MaxValue
		})
	}
	if c.Op == Between && len(k.out) == before && !ordered(kind, c.Values[0], c.Values[1]) {
		k.add(CodeValue, at+".values", "The first value must not be larger than the second.")
	}
}

func ordered(kind Kind, a, b string) bool {
	if kind == Number {
		x, _ := parseNumber(a)
		y, _ := parseNumber(b)
		return x <= y
	}
	return a <= b // days as they are written
}

func parseNumber(s string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// Methods of linking that a condition can ask for.
func Methods() []friend.Method {
	return []friend.Method{friend.EmailLink, friend.MessageLink, friend.AccountLink, friend.Unverified, friend.ImportedID, friend.AutoMatch, friend.Manual}
}

// Clean drops what means nothing, so that two trees that say the same are the same.
func (t Tree) Clean() Tree {
	out := Tree{All: make([]Group, len(t.All))}
	for g, group := range t.All {
		out.All[g].Any = slices.Clone(group.Any)
		for i := range out.All[g].Any {
			c := &out.All[g].Any[i]
			c.OrUnknown = c.OrUnknown && c.MayBeUnknown()
			if len(c.Values) == 0 {
				c.Values = nil
			}
		}
	}
	return out
}
