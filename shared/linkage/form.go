package linkage

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/mail"
)

// Method B: a message of the account leads existing friends to a form. LINE Login tells which friend it is, and a code sent to the address that
// they type shows that it is theirs: a typed address proves nothing (P-23, P-25).

// Further outcomes of the form.
const (
	// AskEmail: the friend is known, the contact not yet.
	AskEmail Outcome = "ask_email"
	// AskCode: a code is under way, if HubSpot knows the address. The page says the same when it does not, so that nobody learns who is a customer.
	AskCode Outcome = "ask_code"
	// BadEmail: what was typed is no address.
	BadEmail Outcome = "bad_email"
	// WrongCode: another try is left.
	WrongCode Outcome = "wrong_code"
	// BadAnswers: what was typed into another field will not do.
	BadAnswers Outcome = "bad_answers"
	// AskDetails: LINE itself has told whose contact it is; the form asks for the rest.
	AskDetails Outcome = "ask_details"
	// NoMoreCodes: too many codes were asked for or tried.
	NoMoreCodes Outcome = "no_more_codes"
)

const (
	// FormPrefix begins the last part of a form's address; no token has a dot.
	FormPrefix = "f."
	// CodeTries is how often a code may be tried, CodeLife how long.
	CodeTries = 5
	CodeLife  = 10 * time.Minute
	// codes that one attempt, one friend, one address and one origin may ask for.
	codesPerAttempt = 3
	codesPerDay     = 6
	codesPerOrigin  = 30
	day             = 24 * time.Hour
)

// Form is the use of tokens in a form's address. They are no secret: everybody who gets the message has the same.
const Form Use = 'f'

// formEnds: an address names a portal and an account and is the same at every call.
var formEnds = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// FormAddress is what a message of the account links to.
func FormAddress(s Signer, origin string, p id.PortalID, slot id.Slot) string {
	return origin + Path + FormPrefix + s.Sign(Form, p, formEnds, binary.BigEndian.AppendUint64(make([]byte, 8), uint64(slot)))
}

// formOf reads a form's address.
func (d *Desk) formOf(token string) (id.PortalID, id.Slot, error) {
	rest, ok := strings.CutPrefix(token, FormPrefix)
	if !ok {
		return 0, 0, ErrForged
	}
	p, err := d.Signer.Read(Form, rest, d.Clock.Now())
	if err != nil {
		return 0, 0, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil {
		return 0, 0, err
	}
	return p, id.Slot(binary.BigEndian.Uint64(raw[len(raw)-macSize-8 : len(raw)-macSize])), nil
}

// lookForm tells what a form's address stands for.
func (d *Desk) lookForm(ctx context.Context, token, from string) (View, Invitation, error) {
	p, slot, err := d.formOf(token)
	if err != nil {
		_, err := d.Rates.Count(ctx, "link", Hash(from), 1, window, d.Clock.Now())
		return View{Outcome: Invalid}, Invitation{}, err
	}
	i := Invitation{Portal: p, Slot: slot}
	v := View{Portal: p, Outcome: Confirm}
	account, err := d.Accounts.Account(ctx, p, slot)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return v, i, err
	}
	switch {
	case err != nil:
		v.Outcome = Unavailable
	case account.Login.Channel == "":
		v.Outcome = account.without()
	}
	v.Account, v.BasicID, v.Word = account.Name, account.BasicID, account.Word
	return v, i, nil
}

// People finds contacts by address.
type People interface {
	ByEmail(ctx context.Context, p id.PortalID, email string) (id.ContactID, bool, error)
	// Address is a contact's own, in lower case; "" where there is none, or no such contact. The id is the one under which it lives now.
	Address(ctx context.Context, p id.PortalID, c id.ContactID) (string, id.ContactID, error)
}

// meet is the end of the login: who is linked is done, everybody else is asked for their address.
func (d *Desk) meet(ctx context.Context, a *Attempt) (Outcome, error) {
	k := friend.Key{Slot: a.Slot, User: a.User}
	o, err := d.reachable(ctx, *a, k)
	if err != nil || o != "" {
		return o, err
	}
	f, ok, err := d.Friends.Get(ctx, a.Portal, k)
	switch {
	case err != nil:
		return "", err
	case ok && f.Link.State == friend.Conflict:
		return InConflict, nil
	case ok && f.Link.Contact != 0:
		return AlreadyLinked, nil
	}
	return d.match(ctx, a, k)
}

// match links a friend whose address LINE has verified to the contact with that address (P-28). Wherever it is not as simple as that, the form goes on.
func (d *Desk) match(ctx context.Context, a *Attempt, k friend.Key) (Outcome, error) {
	if a.Email == "" {
		return AskEmail, nil
	}
	c, known, err := d.People.ByEmail(ctx, a.Portal, strings.ToLower(a.Email))
	if err != nil || !known {
		return AskEmail, err
	}
	proof := d.proof(friend.AutoMatch, "email:", *a)
	if o, err := foresee(ctx, d.Friends, a.Portal, k, c, proof); err != nil || o != Linked {
		return AskEmail, err
	}
	fields, err := d.Forms.Fields(ctx, a.Portal)
	if err != nil {
		return AskEmail, err
	}
	if len(fields) > 0 {
		a.Contact = c
		return AskDetails, nil
	}
	return Linked, d.hand(ctx, a.Portal, k, c, proof, nil)
}

func (d *Desk) proof(m friend.Method, by string, a Attempt) friend.Proof {
	return friend.Proof{Method: m, Proof: by + a.Hash[:12], Actor: "person", At: d.Clock.Now().UnixMilli()}
}

// ask adds what a page of the form asks for.
func (d *Desk) ask(ctx context.Context, v *View) error {
	if v.Outcome != AskDetails && (v.Outcome != AskEmail || v.NoCode) {
		return nil
	}
	fields, err := d.Forms.Fields(ctx, v.Portal)
	for _, f := range fields {
		v.Asks = append(v.Asks, Asked{Field: f})
	}
	return err
}

// form finds the attempt of a friend who logged in through a form.
func (d *Desk) form(ctx context.Context, session string) (Attempt, View, error) {
	a, o, err := d.attempt(ctx, session)
	if err != nil || o != "" {
		return a, View{Outcome: o, Portal: a.Portal}, err
	}
	v := View{Portal: a.Portal, Outcome: a.Outcome, Hint: a.Hint}
	if a.Invitation != "" || a.User == "" || a.Outcome != AskEmail && a.Outcome != AskCode && a.Outcome != AskDetails {
		v.Outcome = Over
		if a.Outcome.Done() || a.Outcome == InConflict || a.Outcome == AtLine || a.Outcome == Noted {
			v.Outcome = a.Outcome
		}
		return a, v, nil
	}
	account, err := d.Accounts.Account(ctx, a.Portal, a.Slot)
	if errors.Is(err, ErrUnknown) {
		v.Outcome = Unavailable
		return a, v, nil
	}
	v.Account, v.BasicID, v.NoCode = account.Name, account.BasicID, account.Unverified
	v.Suggested = a.Suggested != 0
	return a, v, err
}

func open(v View) bool { return v.Outcome == AskEmail || v.Outcome == AskCode }

// Typed is what a person wrote into the form: the address, and answers by property. Answers are nil where only a new code is asked for.
type Typed struct {
	Email   string
	Answers map[string]string
}

// Email takes the typed address and sends a code to it, if HubSpot knows it.
func (d *Desk) Email(ctx context.Context, session string, typed Typed, from, language string) (View, error) {
	a, v, err := d.form(ctx, session)
	if err != nil || !open(v) {
		return v, err
	}
	good := true
	if !v.NoCode && (typed.Answers != nil || a.Codes == 0) {
		fields, err := d.Forms.Fields(ctx, a.Portal)
		if err != nil {
			return v, err
		}
		a.Answers, v.Asks, good = readAnswers(fields, typed.Answers)
	}
	email := strings.ToLower(strings.TrimSpace(typed.Email))
	v.Typed = typed.Email
	if email == "" && v.Suggested {
		if !good {
			v.Outcome = BadAnswers
			return v, nil
		}
		return d.suggested(ctx, a, v, from, language)
	}
	if p, err := netmail.ParseAddress(email); err != nil || p.Address != email || len(email) > 254 || Mask(email) == "" {
		v.Outcome = BadEmail
		return v, nil
	}
	if !good {
		v.Outcome = BadAnswers
		return v, nil
	}
	if ok, err := d.mayMail(ctx, a, email, from); err != nil || !ok {
		v.Outcome = NoMoreCodes
		return v, err
	}
	contact, known, err := d.People.ByEmail(ctx, a.Portal, email)
	if err != nil {
		return v, err
	}
	if v.NoCode {
		a.Contact, a.Codes = contact, a.Codes+1
		return d.trust(ctx, a, v)
	}
	a.Contact, a.Hint = contact, Mask(email)
	if !known {
		email = ""
	}
	return d.sendCode(ctx, a, v, email, language)
}

// sendCode makes a code for the contact of the attempt. Without an address it is sent to nobody, and all looks the same.
func (d *Desk) sendCode(ctx context.Context, a Attempt, v View, email, language string) (View, error) {
	code := digits(d.Random(8))
	a.Outcome, a.Codes, a.Tries, a.CodeEnds = AskCode, a.Codes+1, 0, d.Clock.Now().Add(CodeLife).UnixMilli()
	a.CodeHash = d.codeHash(a, code)
	// Stored before it is sent: of two requests at once one sends.
	if _, err := d.Store.SaveAttempt(ctx, a); err != nil {
		return v, err
	}
	v.Outcome, v.Hint, v.Typed, v.Asks = AskCode, a.Hint, "", nil
	if email == "" {
		return v, nil
	}
	return v, d.Mail.Send(ctx, codeMail(email, v.Account, code, language))
}

// mayMail counts codes of this attempt, friend, address and origin.
func (d *Desk) mayMail(ctx context.Context, a Attempt, email, from string) (bool, error) {
	if a.Codes >= codesPerAttempt {
		return false, nil
	}
	for _, r := range []struct {
		kind, who string
		most      int
	}{{"code-friend", a.Portal.String() + string(a.User), codesPerDay}, {"code-email", a.Portal.String() + email, codesPerDay}, {"code-origin", from, codesPerOrigin}} {
		n, err := d.Rates.Count(ctx, r.kind, Hash(r.who), 1, day, d.Clock.Now())
		if err != nil || n > r.most {
			return false, err
		}
	}
	return true, nil
}

// digits makes six of random bytes.
func digits(random []byte) string {
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(random)%1_000_000)
}

func (d *Desk) codeHash(a Attempt, code string) string {
	m := hmac.New(sha256.New, d.Signer.Key)
	m.Write([]byte("lumo linkage code\x00" + a.Hash + "\x00" + a.Contact.String() + "\x00" + code))
	return text(m.Sum(nil))
}

// Code takes the typed code. Each try is counted before it is compared, so that tries at once count, too.
func (d *Desk) Code(ctx context.Context, session, typed string) (View, error) {
	a, v, err := d.form(ctx, session)
	if err != nil || v.Outcome != AskCode {
		return v, err
	}
	if a.Tries >= CodeTries || a.CodeEnds <= d.Clock.Now().UnixMilli() {
		v.Outcome = NoMoreCodes
		return v, nil
	}
	a.Tries++
	if a, err = d.Store.SaveAttempt(ctx, a); err != nil {
		if errors.Is(err, ErrChanged) {
			v.Outcome = WrongCode
			return v, nil
		}
		return v, err
	}
	if !Same(a.CodeHash, d.codeHash(a, strings.TrimSpace(typed))) || a.Contact == 0 {
		v.Outcome = WrongCode
		return v, nil
	}
	return d.settle(ctx, a, v, d.proof(formMethod(a), "code:", a))
}

// Details takes the answers of a friend whose contact LINE has told.
func (d *Desk) Details(ctx context.Context, session string, typed map[string]string) (View, error) {
	a, v, err := d.form(ctx, session)
	if err != nil || v.Outcome != AskDetails {
		return v, err
	}
	fields, err := d.Forms.Fields(ctx, a.Portal)
	if err != nil {
		return v, err
	}
	var ok bool
	if a.Answers, v.Asks, ok = readAnswers(fields, typed); !ok {
		return v, nil
	}
	return d.settle(ctx, a, v, d.proof(friend.AutoMatch, "email:", a))
}

// settle ends the form: who the friend is is proven.
func (d *Desk) settle(ctx context.Context, a Attempt, v View, proof friend.Proof) (View, error) {
	if a.Chat {
		return d.cross(ctx, a, v, proof)
	}
	k := friend.Key{Slot: a.Slot, User: a.User}
	var err error
	if v.Outcome, err = foresee(ctx, d.Friends, a.Portal, k, a.Contact, proof); err != nil {
		return v, err
	}
	if v.Outcome != AlreadyLinked {
		if err := d.hand(ctx, a.Portal, k, a.Contact, proof, a.Answers); err != nil {
			return v, err
		}
	}
	a.Outcome, a.Answers = v.Outcome, nil
	_, err = d.Store.SaveAttempt(ctx, a)
	return v, err
}

func codeMail(to, account, code, language string) mail.Mail {
	account = strings.NewReplacer("\r", " ", "\n", " ").Replace(account)
	if language == "ja" {
		return mail.Mail{To: to, Subject: "LINE連携の確認コード", Text: account + " とLINEを連携するための確認コードです。\n\n" + code +
			"\n\n10分以内に入力してください。心当たりがない場合は、このメールを破棄してください。コードは誰にも教えないでください。\n"}
	}
	return mail.Mail{To: to, Subject: "Your code for LINE", Text: "This is the code with which you link your LINE to " + account + ":\n\n" + code +
		"\n\nIt works for ten minutes. If you did not ask for it, ignore this mail. Tell the code to nobody.\n"}
}
