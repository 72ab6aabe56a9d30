package segment

import (
	"slices"

	"lumo/shared/id"
	"lumo/shared/mapping"
)

// Tree holds for a friend when every one of its groups does.
type Tree struct {
	All []Group `json:"all"`
}

// Group holds when any of its conditions does.
type Group struct {
	Any []Condition `json:"any"`
}

// Condition is a leaf. Which of its fields count depends on type and operator; the others are empty.
type Condition struct {
	Type Type `json:"type"`
	Op   Op   `json:"op"`
	// Ref is the id of the tag, list or broadcast, or the name of the property.
	Ref    string   `json:"ref,omitempty"`
	Values []string `json:"values,omitempty"`
	Days   int      `json:"days,omitempty"`
	// OrUnknown has the condition match also those of whom it is not known.
	OrUnknown bool `json:"orUnknown,omitempty"`
}

// Type of a condition (P-121).
type Type string

const (
	Tag         Type = "tag"
	Follow      Type = "follow"
	FriendSince Type = "friend_since"
	Linked      Type = "linked"
	Property    Type = "property"
	List        Type = "list"
	Broadcast   Type = "broadcast"
	LastMessage Type = "last_message"
)

// Op of a condition.
type Op string

const (
	Has         Op = "has"
	HasNot      Op = "has_not"
	Is          Op = "is"       // any of the values
	IsNot       Op = "is_not"   // none of them
	Contains    Op = "contains" // any of them, somewhere in the text
	NotContains Op = "not_contains"
	Above       Op = "gt" // of dates: after that day
	Below       Op = "lt" // of dates: before that day
	Between     Op = "between"
	LastDays    Op = "last_days"
	Known       Op = "known"
	Unknown     Op = "unknown"
	Yes         Op = "yes"
	No          Op = "no"
	By          Op = "by" // linked, by one of the methods
	In          Op = "in"
	NotIn       Op = "not_in"
	Received    Op = "received"
	NotReceived Op = "not_received"
	Opened      Op = "opened"
	NotOpened   Op = "not_opened"
	Clicked     Op = "clicked"
	NotClicked  Op = "not_clicked"
)

// Kind of values that a condition compares.
type Kind string

const (
	Text    Kind = "text"
	Number  Kind = "number"
	Day     Kind = "date"
	Moment  Kind = "datetime"
	Choice  Kind = "choice"
	Choices Kind = "choices" // several at once
)

// KindOf tells how a mapped property's values are compared.
func KindOf(m mapping.Mapping) Kind {
	switch {
	case m.Type == "number":
		return Number
	case m.Type == "date":
		return Day
	case m.Type == "datetime":
		return Moment
	case m.Type == "enumeration" && m.FieldType == "checkbox":
		return Choices
	case m.Type == "enumeration", m.Type == "bool":
		return Choice
	}
	return Text
}

var dateOps = []Op{Is, Above, Below, Between, LastDays, Known, Unknown}

// KindOps are the operators of properties, in the order in which people are offered them.
var kindOps = map[Kind][]Op{
	Text:    {Is, IsNot, Contains, NotContains, Known, Unknown},
	Number:  {Is, IsNot, Above, Below, Between, Known, Unknown},
	Day:     dateOps,
	Moment:  dateOps,
	Choice:  {Is, IsNot, Known, Unknown},
	Choices: {Is, IsNot, Known, Unknown},
}

// typeOps are those of everything else.
var typeOps = map[Type][]Op{
	Tag:         {Has, HasNot},
	Follow:      {Is, IsNot, Known, Unknown},
	FriendSince: dateOps,
	Linked:      {Yes, No, By},
	List:        {In, NotIn},
	Broadcast:   {Received, NotReceived, Opened, NotOpened, Clicked, NotClicked},
	LastMessage: dateOps,
}

// OpsOf are the operators of a type; of properties, those of the kind of their values.
func OpsOf(t Type, k Kind) []Op {
	if t == Property {
		return kindOps[k]
	}
	return typeOps[t]
}

// Types lists all types in the order in which people are offered them.
func Types() []Type {
	return []Type{Tag, Follow, FriendSince, Linked, Property, List, Broadcast, LastMessage}
}

// MayBeUnknown tells whether a condition can be unknown of a friend, so that OrUnknown means something.
func (c Condition) MayBeUnknown() bool {
	switch c.Type {
	case Tag, Linked, Broadcast:
		return false
	}
	return c.Op != Known && c.Op != Unknown
}

// each visits the conditions.
func (t Tree) each(visit func(c Condition)) {
	for _, g := range t.All {
		for _, c := range g.Any {
			visit(c)
		}
	}
}

// Count is the number of conditions.
func (t Tree) Count() int {
	n := 0
	t.each(func(Condition) { n++ })
	return n
}

// refs are what conditions of a type name, each once.
func (t Tree) refs(of Type) []string {
	var out []string
	t.each(func(c Condition) {
		if c.Type == of && !slices.Contains(out, c.Ref) {
			out = append(out, c.Ref)
		}
	})
	return out
}

// Lists are the HubSpot lists that it rests on (P-51).
func (t Tree) Lists() []id.ListID {
	var out []id.ListID
	for _, r := range t.refs(List) {
		out = append(out, id.ListID(r))
	}
	return out
}

// Uses tells whether a condition names this, such as a tag.
func (t Tree) Uses(of Type, ref string) bool { return slices.Contains(t.refs(of), ref) }
