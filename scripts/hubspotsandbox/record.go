package hubspotsandbox

import (
	"slices"
	"sort"
	"time"
)

// Source says who made a change, in HubSpot's own words: sourceType and sourceId of a history entry.
type Source struct {
	Type string `json:"sourceType"`
	ID   string `json:"sourceId,omitempty"`
}

// sources interns sources, so that a version needs two bytes for its own.
type sources struct {
	List  []Source
	index map[Source]uint16
}

func (t *sources) of(s Source) uint16 {
	if t.index == nil {
		t.index = make(map[Source]uint16, len(t.List))
		for i, x := range t.List {
			t.index[x] = uint16(i)
		}
	}
	i, ok := t.index[s]
	if !ok {
		if len(t.List) > 65_000 {
			return 0
		}
		i = uint16(len(t.List))
		t.List = append(t.List, s)
		t.index[s] = i
	}
	return i
}

// version is one entry of a property's history.
type version struct {
	Prop  uint16 // position in objects.Props
	Src   uint16
	At    int64 // ms
	Value string
}

// record is one contact or company. Vers is ordered by property, then time; it is replaced, never changed in place, so that the
// search index can go on showing an older one.
type record struct {
	ID       int64
	Created  int64
	Updated  int64
	Archived int64 // 0 = live
	Gone     bool  // merged away or purged: only the place in the order remains
	Vers     []version

	shown   *view // what the search index still shows; nil = the live state
	pending int   // index updates on their way
	lastDue int64
}

// view is a state of a record as somebody sees it.
type view struct {
	vers    []version
	updated int64
	live    bool
}

func (r *record) live() view { return view{r.Vers, r.Updated, r.Archived == 0 && !r.Gone} }

// indexed is the state that search answers from.
func (r *record) indexed() view {
	if r.shown != nil {
		return *r.shown
	}
	return r.live()
}

// run returns the history of one property, oldest first.
func run(vers []version, prop uint16) []version {
	lo := sort.Search(len(vers), func(i int) bool { return vers[i].Prop >= prop })
	hi := lo
	for hi < len(vers) && vers[hi].Prop == prop {
		hi++
	}
	return vers[lo:hi]
}

// current returns the value of a property and whether it was ever set. A cleared property has the value "".
func current(vers []version, prop uint16) (string, bool) {
	h := run(vers, prop)
	if len(h) == 0 {
		return "", false
	}
	return h[len(h)-1].Value, true
}

// with returns a copy of vers with v put at the end of its property's run.
func with(vers []version, add ...version) []version {
	out := make([]version, len(vers), len(vers)+len(add))
	copy(out, vers)
	for _, v := range add {
		i := sort.Search(len(out), func(i int) bool { return out[i].Prop > v.Prop })
		out = slices.Insert(out, i, v)
	}
	return out
}

// objects holds all records of one kind in one portal.
type objects struct {
	Props  []*property
	Groups []*group
	Recs   []*record       // ascending id
	Alias  map[int64]int64 // merged-away id -> survivor
	NextID int64

	kind   *kind
	byName map[string]uint16
	unique map[uint16]map[string]int64 // property -> folded value -> record id
	index  index
}

func newObjects(k *kind, now int64) *objects {
	o := &objects{kind: k, Alias: map[int64]int64{}, NextID: 501, byName: map[string]uint16{}, unique: map[uint16]map[string]int64{}}
	if k == companyKind {
		o.NextID = 701
	}
	for _, g := range defaultGroups(k) {
		o.Groups = append(o.Groups, &g)
	}
	for _, p := range defaultProperties(k) {
		p.CreatedAt, p.UpdatedAt = now, now
		o.addProperty(&p)
	}
	return o
}

// find follows merges: the id of a merged-away record leads to its survivor. Gone records are not found.
func (o *objects) find(id int64) *record {
	for {
		to, ok := o.Alias[id]
		if !ok {
			break
		}
		id = to
	}
	r := o.at(id)
	if r == nil || r.Gone {
		return nil
	}
	return r
}

// at finds the record that bears exactly this id.
func (o *objects) at(id int64) *record {
	i := o.ord(id)
	if i < len(o.Recs) && o.Recs[i].ID == id {
		return o.Recs[i]
	}
	return nil
}

// ord is the position of the first record whose id is not below id.
func (o *objects) ord(id int64) int {
	return sort.Search(len(o.Recs), func(i int) bool { return o.Recs[i].ID >= id })
}

func (o *objects) prop(name string) *property {
	i, ok := o.byName[name]
	if !ok || o.Props[i].ArchivedAt != 0 {
		return nil
	}
	return o.Props[i]
}

// iso writes a time as HubSpot's servers do: UTC, milliseconds only when there are any.
func iso(ms int64) string {
	t := time.UnixMilli(ms).UTC()
	if ms%1000 == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}
