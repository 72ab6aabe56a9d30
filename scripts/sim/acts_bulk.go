package sim

import (
	"time"

	"lumo/shared/friend"
	"lumo/shared/mapping"
	"lumo/shared/syncrun"
)

// quietly are mapped properties that no webhook tells of.
func quietly(t *tenant) []mapping.Mapping {
	var out []mapping.Mapping
	for _, m := range t.mappings {
		switch m.Property {
		case "jobtitle", "city", "vip_rank":
			out = append(out, m)
		}
	}
	return out
}

// workflow is HubSpot's own: it sets a property of every contact, one after the other within a minute or two, and the search index shows
// them in any order.
func (w *World) workflow() { w.enroll(w.tenant()) }

func (w *World) enroll(t *tenant) {
	ms := quietly(t)
	m := ms[w.rng.IntN(len(ms))]
	long := 20 + w.rng.IntN(100)
	for _, n := range w.everyContact(t) {
		value := w.value(t, m.Property)
		w.plan(time.Duration(w.rng.IntN(long*1000))*time.Millisecond, func() { w.edit(t, n, m.Property, value) })
	}
}

// plan has something done in HubSpot later.
func (w *World) plan(after time.Duration, do func()) {
	at := w.now.Add(after)
	if at.After(w.planned) {
		w.planned = at
	}
	w.at(at, do)
}

// editAndSync is somebody who changes a few contacts and presses Sync at once.
func (w *World) editAndSync() {
	t := w.tenant()
	for range 2 + w.rng.IntN(3) {
		c, _, ok := w.linked(t)
		if !ok {
			return
		}
		ms := quietly(t)
		m := ms[w.rng.IntN(len(ms))]
		value := w.value(t, m.Property)
		w.plan(time.Duration(w.rng.IntN(20_000))*time.Millisecond, func() { w.edit(t, c.ID, m.Property, value) })
	}
	if !w.compares {
		return
	}
	extent := []syncrun.Extent{syncrun.All, syncrun.Contacts}[w.rng.IntN(2)]
	w.syncSoon(t, 20+w.rng.IntN(20), extent)
}

// syncSoon is somebody who presses Sync after so many seconds.
func (w *World) syncSoon(t *tenant, seconds int, extent syncrun.Extent) {
	req := syncrun.Request{Trigger: syncrun.Manual, Extent: extent, Actor: "somebody"}
	w.at(w.now.Add(time.Duration(seconds)*time.Second), func() { w.run(t, req) })
}

// readMeanwhile has automatic runs, which read changes only, come again and again while something is at work in HubSpot. No full read makes
// up for what they miss.
func (w *World) readMeanwhile(t *tenant) {
	req := syncrun.Request{Trigger: syncrun.Automatic, Extent: syncrun.All, Changes: true}
	at := time.Duration(20+w.rng.IntN(40)) * time.Second
	for range 3 {
		w.at(w.now.Add(at), func() { w.run(t, req) })
		at += time.Duration(15+w.rng.IntN(30)) * time.Second
	}
}

// editManyInLumo is somebody who works through a list of friends.
func (w *World) editManyInLumo() {
	t := w.tenant()
	all := w.everyContact(t)
	done := map[friend.Key]bool{}
	for range min(len(all), 2+w.rng.IntN(5)) {
		_, k, ok := w.linked(t)
		if !ok || done[k] {
			continue
		}
		done[k] = true
		m := w.field(t)
		value := w.value(t, m.Property)
		w.at(w.now.Add(time.Duration(w.rng.IntN(40_000))*time.Millisecond), func() { w.editFriend(t, k, m.Property, value) })
	}
}
