package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// actions that a call of the SDK needs, where it is not the call's own name (AWS service authorization reference).
var actions = map[string][]string{
	"dynamodb.TransactWriteItems": {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"},
	"dynamodb.TransactGetItems":   {"dynamodb:GetItem"},
	"sqs.SendMessageBatch":        {"sqs:SendMessage"},
	"sesv2.SendEmail":             {"ses:SendEmail"},
	// Without the second, S3 answers 403 instead of 404 for what is not there ("Permissions" of GetObject), and the code relies on the 404.
	"s3.GetObject": {"s3:GetObject", "s3:ListBucket"},
	// Parts are written as objects are; the tag with which an upload begins is a right of its own.
	"s3.CreateMultipartUpload":   {"s3:PutObject", "s3:PutObjectTagging"},
	"s3.UploadPart":              {"s3:PutObject"},
	"s3.CompleteMultipartUpload": {"s3:PutObject"},
	// An address signed for somebody else works with the signer's rights. Only objects are fetched so (shared/blob/presign).
	presigning: {"s3:GetObject"},
}

// resources that a function may do something to, as template.yaml writes them. Queues are named one by one.
var resources = map[string][]string{
	"dynamodb":       {"Table.Arn", "${Table.Arn}/index/*"},
	"kms":            {"Key.Arn"},
	"s3":             {"${Bucket.Arn}/portal/*"},
	"s3:ListBucket":  {"Bucket.Arn"}, // an action with a resource of its own
	"secretsmanager": {"arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:lumo/${Stage}/*"},
	"ses":            {"*"}, // a sender's identity is the stage's, not the function's
}

const send = "sqs:SendMessage"

// Compare names everything that a function lacks or has too much of. Both maps are by the function's folder.
func Compare(needs map[string]Needs, grants map[string]Grants) []string {
	var out []string
	for _, f := range slices.Sorted(maps.Keys(needs)) {
		g, ok := grants[f]
		if !ok {
			out = append(out, fmt.Sprintf("functions/%s is no function of template.yaml", f))
			continue
		}
		for _, problem := range compare(needs[f], g.Allowed) {
			out = append(out, fmt.Sprintf("template.yaml, %s: %s", g.ID, problem))
		}
	}
	for _, f := range slices.Sorted(maps.Keys(grants)) {
		if _, ok := needs[f]; !ok {
			out = append(out, fmt.Sprintf("template.yaml, %s: there is no program functions/%s", grants[f].ID, f))
		}
	}
	return out
}

func compare(n Needs, allowed map[string][]string) []string {
	needed := map[string]string{} // action and resource: the way there
	for call, way := range n.Calls {
		service, name, _ := strings.Cut(call, ".")
		wanted := actions[call]
		if wanted == nil {
			wanted = []string{service + ":" + name}
		}
		for _, action := range wanted {
			if action == send {
				continue // the queues tell
			}
			service, _, _ := strings.Cut(action, ":")
			on := resources[action]
			if on == nil {
				on = resources[service]
			}
			for _, r := range on {
				needed[action+" on "+r] = way
			}
			if on == nil {
				needed[action+" on a resource of a service that is new here"] = way
			}
		}
	}
	for q, way := range n.Queues {
		needed[send+" on "+q+".Arn"] = way
	}
	has := map[string]bool{}
	for action, on := range allowed {
		for _, r := range on {
			has[action+" on "+r] = true
		}
	}
	var out []string
	for _, one := range slices.Sorted(maps.Keys(needed)) {
		if !has[one] {
			out = append(out, fmt.Sprintf("lacks %s, which its code reaches: %s", one, needed[one]))
		}
	}
	for _, one := range slices.Sorted(maps.Keys(has)) {
		if _, ok := needed[one]; !ok {
			out = append(out, fmt.Sprintf("may %s, which its code cannot reach", one))
		}
	}
	return out
}
