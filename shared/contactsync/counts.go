package contactsync

import (
	"lumo/shared/id"
)

// Counts sums up what an application did (P-73).
type Counts struct {
	Read      int `json:"read" dynamodbav:"r"`
	Matched   int `json:"matched" dynamodbav:"m"`
	Linked    int `json:"linked" dynamodbav:"l"`
	Updated   int `json:"updated" dynamodbav:"u"`
	Unchanged int `json:"unchanged" dynamodbav:"n"`
	Conflicts int `json:"conflicts" dynamodbav:"c"`
	Invalid   int `json:"invalid" dynamodbav:"i"`
	Failed    int `json:"failed" dynamodbav:"f"`
	Dirty     int `json:"dirty" dynamodbav:"d"`
}

// Add sums.
func (c Counts) Add(o Counts) Counts {
	return Counts{c.Read + o.Read, c.Matched + o.Matched, c.Linked + o.Linked, c.Updated + o.Updated, c.Unchanged + o.Unchanged,
		c.Conflicts + o.Conflicts, c.Invalid + o.Invalid, c.Failed + o.Failed, c.Dirty + o.Dirty}
}

// Sub takes away.
func (c Counts) Sub(o Counts) Counts {
	return Counts{c.Read - o.Read, c.Matched - o.Matched, c.Linked - o.Linked, c.Updated - o.Updated, c.Unchanged - o.Unchanged,
		c.Conflicts - o.Conflicts, c.Invalid - o.Invalid, c.Failed - o.Failed, c.Dirty - o.Dirty}
}

// tally counts by contact.
type tally map[id.ContactID]Counts

func (t tally) add(c id.ContactID, n Counts) { t[c] = t[c].Add(n) }

func (t tally) sum() (out Counts) {
	for _, n := range t {
		out = out.Add(n)
	}
	return out
}
