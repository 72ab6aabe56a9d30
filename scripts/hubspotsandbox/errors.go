package hubspotsandbox

import (
	"fmt"
	"strings"
)

// errorBody is HubSpot's usual error. Every member is optional for clients.
type errorBody struct {
	Status        string              `json:"status"`
	Message       string              `json:"message"`
	CorrelationID string              `json:"correlationId"`
	Category      string              `json:"category,omitempty"`
	SubCategory   string              `json:"subCategory,omitempty"`
	Errors        []errorDetail       `json:"errors,omitempty"`
	Context       map[string][]string `json:"context,omitempty"`
	Links         map[string]string   `json:"links,omitempty"`
	ErrorType     string              `json:"errorType,omitempty"`
	PolicyName    string              `json:"policyName,omitempty"`
	GroupName     string              `json:"groupName,omitempty"`
}

type errorDetail struct {
	Message string              `json:"message"`
	Code    string              `json:"code,omitempty"`
	In      string              `json:"in,omitempty"`
	Context map[string][]string `json:"context,omitempty"`
}

func (c *call) fail(status int, category, message string) reply {
	return reply{status: status, body: errorBody{Status: "error", Message: message, CorrelationID: c.id, Category: category}}
}

func (c *call) sub(status int, category, sub, message string) reply {
	return reply{status: status, body: errorBody{Status: "error", Message: message, CorrelationID: c.id, Category: category, SubCategory: sub}}
}

func (c *call) notFound() reply { return c.fail(404, "OBJECT_NOT_FOUND", "resource not found") }

func (c *call) unauthenticated(category, message string) reply { return c.fail(401, category, message) }

func (c *call) missingScopes(any []string) reply {
	const page = "https://developers.hubspot.com/scopes"
	return reply{status: 403, body: errorBody{
		Status: "error", CorrelationID: c.id, Category: "MISSING_SCOPES", Links: map[string]string{"scopes": page},
		Message: "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: " + page + ".",
		Errors: []errorDetail{{Message: "One or more of the following scopes are required.",
			Context: map[string][]string{"requiredGranularScopes": any}}},
	}}
}

// refuse answers with a refusal of a write.
func (c *call) refuse(r *refusal) reply {
	return reply{status: r.status, body: errorBody{Status: "error", Message: r.message, CorrelationID: c.id, Category: r.category,
		Errors: r.details(), Context: r.context}}
}

func (r *refusal) details() []errorDetail {
	var out []errorDetail
	for _, e := range r.errs {
		out = append(out, errorDetail{Message: e.Message, Code: e.Code, Context: map[string][]string{"propertyName": {e.Name}}})
	}
	return out
}

// batchError is one entry of a 207's errors.
type batchError struct {
	Status   string              `json:"status"`
	Category string              `json:"category"`
	Message  string              `json:"message"`
	Context  map[string][]string `json:"context"`
	Errors   []errorDetail       `json:"errors"`
	Links    map[string]string   `json:"links"`
}

func newBatchError(category, message string, context map[string][]string, details []errorDetail) batchError {
	if details == nil {
		details = []errorDetail{}
	}
	return batchError{"error", category, message, context, details, map[string]string{}}
}

func (r *refusal) inBatch(context map[string][]string) batchError {
	return newBatchError(r.category, r.message, context, r.details())
}

func missingRecords(k *kind, ids []string) batchError {
	msg := fmt.Sprintf("Could not get some %s objects, they may be deleted or not exist. Check that ids are valid.", strings.ToUpper(k.Singular))
	return newBatchError("OBJECT_NOT_FOUND", msg, map[string][]string{"ids": ids}, nil)
}
