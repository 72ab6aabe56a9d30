package compose

import (
	"time"

	"lumo/shared/blob"
	"lumo/shared/dynamo"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/linkage"
)

// Depot keeps files that friends sent and that are too large for HubSpot.
func (a *App) Depot() *inbox.Depot {
	d := &inbox.Depot{Store: dynamo.KeptFiles{Table: a.Table()}, Bucket: blob.None{}, Tokens: fileTokens{a.linkSigner()}, Origin: a.Config.PublicURL}
	if a.Parts.Depot != nil {
		d.Bucket = a.Parts.Depot()
	}
	return d
}

// Pickup hands those files out.
func (a *App) Pickup() *inbox.Pickup {
	u := &inbox.Pickup{Store: dynamo.KeptFiles{Table: a.Table()}, Addresses: blob.None{}, Tokens: fileTokens{a.linkSigner()}, Clock: a.Clock}
	if a.Addresses != nil {
		u.Addresses = a.Addresses()
	}
	return u
}

// fileTokens is inbox.Tokens over the signer of links.
type fileTokens struct{ signer linkage.Signer }

func (t fileTokens) Make(p id.PortalID, of string, until time.Time) (token, hash string) {
	token = t.signer.FileToken(p, of, until)
	return token, linkage.Hash(token)
}

func (t fileTokens) Read(token string, now time.Time) (id.PortalID, string, error) {
	p, err := t.signer.Read(linkage.File, token, now)
	if err != nil {
		return 0, "", inbox.ErrNoFile
	}
	return p, linkage.Hash(token), nil
}
