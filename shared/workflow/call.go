// Package workflow does what steps of HubSpot workflows ask for: send a LINE message, put a tag on a friend or take one off, make a linking
// address, link a friend whose LINE User ID stands in a property. A call is accepted into a queue and answered with "wait"; what became of it is told to HubSpot afterwards, in batches, so that the workflow can
// branch on it (P-106..P-109). However often HubSpot repeats a call, it is done once.
package workflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lumo/shared/id"
)

// Action is what a step does; its name is part of the address that HubSpot calls.
type Action string

const (
	SendMessage Action = "send-message"
	AddTag      Action = "add-tag"
	RemoveTag   Action = "remove-tag"
	CreateLink  Action = "create-link"
	LinkFriend  Action = "link-friend"
)

// Actions lists them.
func Actions() []Action { return []Action{SendMessage, AddTag, RemoveTag, CreateLink, LinkFriend} }

// Names of inputs. Workflows hold them, so they never change.
const (
	InputAccount    = "oa"
	InputTemplate   = "template"
	InputText       = "text_" // text_1 to text_5
	InputTag        = "tag"
	InputUnlinked   = "if_unlinked"
	InputQuietHours = "quiet_hours"
	InputCategory   = "category"
	InputQuestion   = "question"
	InputUser       = "line_user_id"
)

// Values of inputs.
const (
	Skip          = "skip"
	Fail          = "fail"
	Respect       = "respect"
	Ignore        = "ignore"
	Marketing     = "marketing"
	Transactional = "transactional"
	Ask           = "ask"
	Direct        = "direct"
)

// Call is one execution of a step for one record, as HubSpot asked for it.
type Call struct {
	Portal   id.PortalID `json:"portal"`
	Action   Action      `json:"action"`
	Callback string      `json:"callback"`
	Workflow string      `json:"workflow,omitempty"`
	Step     string      `json:"step"`
	// Exact: HubSpot named the enrolment and the place in it, so Step names one execution for ever.
	Exact   bool         `json:"exact,omitempty"`
	Contact id.ContactID `json:"contact"`
	// Company: the record is not a contact but a company, and Contact holds its id. The message goes to its group chat (P-100).
	Company bool `json:"company,omitempty"`
	// Inputs are the fields of the step as the user filled them in, tokens replaced by HubSpot.
	Inputs map[string]string `json:"inputs,omitempty"`
	// Properties of the contact that HubSpot sent along.
	Properties map[string]string `json:"properties,omitempty"`
	At         int64             `json:"at"` // Unix ms, when it came
}

// Refusals of a call that is not what HubSpot sends.
var (
	// ErrBody: nobody can tell what is to be done for whom.
	ErrBody = errors.New("the body must be an action execution of HubSpot")
	// ErrFields: it is known who waits, but not what for.
	ErrFields = errors.New("the fields of the step are malformed")
	// ErrObject: the action is not for records of this kind.
	ErrObject = errors.New("this action is not for records of this kind")
)

// Limits of what is accepted; a field that a person fills in is far below them.
const (
	maxCallback = 200
	maxField    = 20_000
	maxFields   = 40
)

type callJSON struct {
	CallbackID string `json:"callbackId"`
	Origin     struct {
		PortalID     id.PortalID `json:"portalId"`
		DefinitionID json.Number `json:"actionDefinitionId"`
	} `json:"origin"`
	Context struct {
		WorkflowID json.Number `json:"workflowId"`
		ActionID   json.Number `json:"actionId"`
		Index      struct {
			Enrollment json.Number `json:"enrollmentId"`
			Index      json.Number `json:"actionExecutionIndex"`
		} `json:"actionExecutionIndexIdentifier"`
	} `json:"context"`
	Object struct {
		ID         json.Number                `json:"objectId"`
		Type       string                     `json:"objectType"`
		Properties map[string]json.RawMessage `json:"properties"`
	} `json:"object"`
	Inputs map[string]json.RawMessage `json:"inputFields"`
	Fields map[string]json.RawMessage `json:"fields"`
}

// Parse reads HubSpot's request. With ErrFields and ErrObject the call names whom to answer.
func Parse(a Action, body []byte, at time.Time) (Call, error) {
	var in callJSON
	if err := json.Unmarshal(body, &in); err != nil {
		return Call{}, ErrBody
	}
	contact, err := strconv.ParseInt(in.Object.ID.String(), 10, 64)
	if err != nil || contact <= 0 || in.Origin.PortalID <= 0 || !label(in.CallbackID) {
		return Call{}, ErrBody
	}
	c := Call{
		Portal: in.Origin.PortalID, Action: a, Callback: in.CallbackID, Workflow: in.Context.WorkflowID.String(), Contact: id.ContactID(contact), At: at.UnixMilli(),
	}
	// Which execution it is, as far as HubSpot says: the step of the workflow, else the action, and the enrolment where it is named.
	step := in.Context.ActionID.String()
	if step == "" {
		step = "d" + in.Origin.DefinitionID.String()
	}
	c.Step = fmt.Sprintf("%s|%s|%s|%s|%s|%d", a, c.Workflow, step, in.Context.Index.Enrollment, in.Context.Index.Index, contact)
	c.Exact = in.Context.Index.Enrollment != "" && in.Context.Index.Index != ""
	if c.Workflow == "" { // nothing to recognize another call by
		c.Step = "callback|" + c.Callback
	}
	switch t := in.Object.Type; {
	case t == "CONTACT" || t == "0-1":
	case a == SendMessage && (t == "COMPANY" || t == "0-2"):
		c.Company, c.Step = true, "company|"+c.Step
	default:
		return c, ErrObject
	}
	if len(in.Inputs) == 0 {
		in.Inputs = in.Fields
	}
	if c.Inputs, err = scalars(in.Inputs); err != nil {
		return c, err
	}
	c.Properties, err = scalars(in.Object.Properties)
	return c, err
}

func label(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '#' {
			return false
		}
	}
	return s != "" && len(s) <= maxCallback
}

// scalars takes texts, numbers and truth values; HubSpot sends an empty field as null or not at all.
func scalars(in map[string]json.RawMessage) (map[string]string, error) {
	if len(in) > maxFields {
		return nil, ErrFields
	}
	out := map[string]string{}
	for name, raw := range in {
		v := string(raw)
		switch {
		case v == "null":
			continue
		case strings.HasPrefix(v, `"`):
			if json.Unmarshal(raw, &v) != nil {
				return nil, ErrFields
			}
		case strings.HasPrefix(v, "{"), strings.HasPrefix(v, "["):
			return nil, ErrFields
		}
		if len(v) > maxField || !utf8.ValidString(v) || len(name) > 100 {
			return nil, ErrFields
		}
		out[name] = v
	}
	return out, nil
}
