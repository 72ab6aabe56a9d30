// Package marketplace makes the parts of the HubSpot marketplace listing that must agree with the app: the shared-data table is read out of the
// app's scopes and the properties that Lumo writes.
package marketplace

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lumo/shared/groupchat"
	"lumo/shared/lineproperty"
)

// uses tells of every scope what it is for, in the listing's words. A scope that is missing here is asked for without a reason.
var uses = map[string]use{
	"oauth":                               {"", "", "signing in"},
	"crm.objects.contacts.read":           {"Contacts", in, "the fields that the customer maps are shown on LINE friends and used in messages and segments"},
	"crm.objects.contacts.write":          {"Contacts", out, "the LINE properties below, and mapped fields that people edit in Lumo"},
	"crm.schemas.contacts.read":           {"Contact properties", in, "which fields can be mapped"},
	"crm.schemas.contacts.write":          {"Contact properties", out, "makes the LINE properties below"},
	"crm.objects.companies.read":          {"Companies", in, "the name of a contact's company; which company stands for a LINE group"},
	"crm.objects.companies.write":         {"Companies", out, "a company for each LINE group chat, if the customer switches that on"},
	"crm.schemas.companies.read":          {"Company properties", in, "whether the group properties below exist"},
	"crm.schemas.companies.write":         {"Company properties", out, "makes the group properties below"},
	"crm.objects.owners.read":             {"Owners", in, "the name of a contact's owner"},
	"crm.lists.read":                      {"Lists", in, "names and members of the lists that the customer selects, for segments"},
	"automation":                          {"Workflows", out, "the result of Lumo's workflow actions"},
	"conversations.read":                  {"Conversations", in, "what agents answer in the inbox"},
	"conversations.write":                 {"Conversations", out, "which contact a conversation belongs to"},
	"conversations.custom_channels.read":  {"Conversations", in, "the channel that the customer connected"},
	"conversations.custom_channels.write": {"Conversations", out, "what LINE friends write"},
	"files.delete":                        {"Files", out, "deletes the file of a message that the friend unsent"},
	"files.read":                          {"Files", in, "files that agents send"},
	"files.write":                         {"Files", out, "files that LINE friends send"},
}

const (
	in  = "HubSpot to Lumo"
	out = "Lumo to HubSpot"
)

type use struct{ object, direction, why string }

type appFile struct {
	Config struct {
		Auth struct{ RequiredScopes, OptionalScopes, ConditionallyRequiredScopes []string }
	}
}

// SharedData is docs/marketplace/shared-data.md.
func SharedData(root string) (string, error) {
	b, err := os.ReadFile(filepath.Join(root, "hubspot-app/src/app/app-hsmeta.json"))
	if err != nil {
		return "", err
	}
	var app appFile
	if err := json.Unmarshal(b, &app); err != nil {
		return "", err
	}
	auth := app.Config.Auth
	scopes := slices.Concat(auth.RequiredScopes, auth.ConditionallyRequiredScopes, auth.OptionalScopes)
	if err := explained(scopes); err != nil {
		return "", err
	}
	var s strings.Builder
	s.WriteString("# Shared data\n\nMade by `make listing` from the app's scopes and the properties that Lumo writes; do not edit.\n\n| object | direction |\n| --- | --- |\n")
	for _, object := range objects(scopes) {
		fmt.Fprintf(&s, "| %s | %s |\n", object, direction(scopes, object))
	}
	s.WriteString("\n## What each scope is for\n\n| scope | asked for | object | direction | what |\n| --- | --- | --- | --- | --- |\n")
	for _, scope := range scopes {
		u, asked := uses[scope], "optional"
		if slices.Contains(auth.RequiredScopes, scope) {
			asked = "required"
		}
		fmt.Fprintf(&s, "| `%s` | %s | %s | %s | %s |\n", scope, asked, u.object, u.direction, u.why)
	}
	s.WriteString("\n## Properties of contacts\n\nOne set for each connected LINE Official Account.\n\n| property | label | holds | made without asking |\n| --- | --- | --- | --- |\n")
	for _, p := range lineproperty.ForSlot(1, "") {
		holds, _, _ := strings.Cut(p.Description, " LINE Official Account:")
		fmt.Fprintf(&s, "| `%s` | %s | %s | %s |\n", p.Name, p.Label, holds, yes(p.DefaultOn))
	}
	s.WriteString("\n## Properties of companies\n\nOnly where LINE group chats are kept as companies.\n\n| property |\n| --- |\n")
	for _, name := range []string{groupchat.PropertyID, groupchat.PropertyName, groupchat.PropertyActive, groupchat.PropertyCount, groupchat.PropertyJoined} {
		fmt.Fprintf(&s, "| `%s` |\n", name)
	}
	return s.String(), nil
}

func explained(scopes []string) error {
	var problems []error
	for _, scope := range scopes {
		if _, ok := uses[scope]; !ok {
			problems = append(problems, fmt.Errorf("app-hsmeta.json asks for the scope %s, which scripts/marketplace gives no reason for", scope))
		}
	}
	for scope := range uses {
		if !slices.Contains(scopes, scope) {
			problems = append(problems, fmt.Errorf("scripts/marketplace gives a reason for the scope %s, which app-hsmeta.json does not ask for", scope))
		}
	}
	return errors.Join(problems...)
}

func objects(scopes []string) []string {
	var all []string
	for _, scope := range scopes {
		if o := uses[scope].object; o != "" && !slices.Contains(all, o) {
			all = append(all, o)
		}
	}
	return all
}

func direction(scopes []string, object string) string {
	var all []string
	for _, scope := range scopes {
		if u := uses[scope]; u.object == object && !slices.Contains(all, u.direction) {
			all = append(all, u.direction)
		}
	}
	if len(all) > 1 {
		return "bi-directional"
	}
	return all[0]
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
