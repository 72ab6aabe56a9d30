package linkage

import "context"

// P-21: a form's address may name a contact by its plain id, for companies that come from a product which puts it there. An id can be edited and
// guessed, so it only says to whom a code may be sent. Neither the masked address nor anything else of the contact is shown (P-22 would tell whoever
// counts upwards who is a customer), and the page is the same for ids that nobody has.

// suggested sends a code to the contact that the address named. Each use counts as a guess of a link does.
func (d *Desk) suggested(ctx context.Context, a Attempt, v View, from, language string) (View, error) {
	tried, err := d.Rates.Count(ctx, "link", Hash(from), 1, window, d.Clock.Now())
	if err != nil {
		return v, err
	}
	if tried > Guesses {
		v.Outcome = TooMany
		return v, nil
	}
	account, err := d.Accounts.Account(ctx, a.Portal, a.Slot)
	if err != nil {
		return v, err
	}
	email, contact := "", a.Suggested
	if account.PlainIDs { // not switched off meanwhile
		if email, contact, err = d.People.Address(ctx, a.Portal, a.Suggested); err != nil {
			return v, err
		}
	}
	to := email
	if to == "" {
		to = "contact " + a.Suggested.String()
	}
	if ok, err := d.mayMail(ctx, a, to, from); err != nil || !ok {
		v.Outcome = NoMoreCodes
		return v, err
	}
	a.Contact, a.Hint = contact, ""
	if email == "" {
		a.Contact = 0
	}
	return d.sendCode(ctx, a, v, email, language)
}
