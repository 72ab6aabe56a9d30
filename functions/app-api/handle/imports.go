package handle

import (
	"context"
	"errors"

	"lumo/shared/chain"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/linesync"
)

type importView struct {
	Status    linesync.ImportStatus `json:"status"`
	Available bool                  `json:"available"`
	Why       *string               `json:"why"`
	Last      *importRow            `json:"last"`
}

type importRow struct {
	ID        string                `json:"id"`
	Status    linesync.ImportStatus `json:"status"`
	Actor     *string               `json:"actor"`
	StartedAt int64                 `json:"startedAt"`
	EndedAt   *int64                `json:"endedAt"`
	Seen      int                   `json:"seen"`
	Added     int                   `json:"added"`
	Failed    int                   `json:"failed"`
	Canceling bool                  `json:"canceling"`
	Error     *runError             `json:"error"`
	Reach     *linesync.Reach       `json:"reach"`
}

func importRowOf(im linesync.Import) *importRow {
	v := importRow{
		ID: im.ID, Status: im.Status, Actor: some(im.Actor), StartedAt: im.StartedAt, EndedAt: at(im.EndedAt), Seen: im.Seen, Added: im.Added, Failed: im.Failed,
		Canceling: im.Cancel && im.EndedAt == 0, Reach: im.Reach,
	}
	if im.Code != "" {
		v.Error = &runError{im.Code, im.Error}
	}
	return &v
}

// lastImports are looked through for the account's own.
const lastImports = 20

// lastImport of an account; an import is one per portal, whichever account it is of.
func (c *call) lastImport(ctx context.Context, slot id.Slot) (linesync.Import, bool, error) {
	all, err := c.Imports.Last(ctx, c.portal(), lastImports)
	for _, im := range all {
		if im.Slot == slot {
			return im, true, err
		}
	}
	return linesync.Import{}, false, err
}

func (c *call) importState(ctx context.Context, a lineaccount.Account) (any, error) {
	v := importView{Status: linesync.Waiting, Available: a.State == lineaccount.Active && a.Verified != lineaccount.VerifiedNo}
	switch {
	case a.State != lineaccount.Active:
		v.Why = some("NO_SUCH_ACCOUNT")
	case a.Verified == lineaccount.VerifiedNo:
		v.Why = &errUnverified.Code
	}
	im, ok, err := c.lastImport(ctx, a.Slot)
	if err != nil || !ok {
		return v, err
	}
	v.Status, v.Last = im.Status, importRowOf(im)
	return v, nil
}

func getImport(ctx context.Context, c *call) (any, error) {
	slot, err := c.slot()
	if err != nil {
		return nil, err
	}
	a, err := c.Accounts.Store.Account(ctx, c.portal(), slot)
	if err != nil {
		return nil, err
	}
	return c.importState(ctx, a)
}

// postImport begins an import (P-143). While one runs, of this account or another, that is said instead.
func postImport(ctx context.Context, c *call) (any, error) {
	slot, err := c.bareSlot()
	if err != nil {
		return nil, err
	}
	a, err := c.connectedAccount(ctx, slot)
	if err != nil {
		return nil, err
	}
	if a.Verified == lineaccount.VerifiedNo {
		return nil, errUnverified
	}
	if im, ok, err := c.lastImport(ctx, slot); err != nil || ok && c.attempt.Again && im.StartedAt >= c.attempt.At.UnixMilli() {
		return importStartedView{true, importRowOf(im)}, err // the first arrival of this request began it
	}
	im, err := c.Imports.Start(ctx, c.portal(), slot, c.actor())
	switch {
	case errors.Is(err, chain.ErrBusy) && im.Slot != slot:
		return nil, &problem{status: 200, Code: "IMPORT_RUNNING", Message: "The friends of another LINE account are being imported. Wait until that is done."}
	case errors.Is(err, chain.ErrBusy):
		return importStartedView{false, importRowOf(im)}, nil
	}
	return importStartedView{true, importRowOf(im)}, err
}

type importStartedView struct {
	Started bool       `json:"started"`
	Import  *importRow `json:"import"`
}

// deleteImport asks a running import to end after its page (P-144).
func deleteImport(ctx context.Context, c *call) (any, error) {
	slot, err := c.bareSlot()
	if err != nil {
		return nil, err
	}
	a, err := c.Accounts.Store.Account(ctx, c.portal(), slot)
	if err != nil {
		return nil, err
	}
	if im, ok, err := c.lastImport(ctx, slot); err != nil {
		return nil, err
	} else if ok && im.EndedAt == 0 {
		if err := c.Imports.Stop(ctx, c.portal()); err != nil {
			return nil, err
		}
	}
	return c.importState(ctx, a)
}
