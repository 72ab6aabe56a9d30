package template

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"lumo/scripts/localcloud/awslocal"
)

type object = map[string]any

// at is an error that names the place.
func at(n *yaml.Node, path, format string, a ...any) error {
	return fmt.Errorf("line %d, %s: %s", n.Line, path, fmt.Sprintf(format, a...))
}

// fields is a mapping by name; a key that comes twice is an error.
func fields(n *yaml.Node, path string) (map[string]*yaml.Node, error) {
	if n.Kind == 0 {
		return nil, nil
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return nil, at(n, path, "a mapping is expected")
	}
	out := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i < len(n.Content); i += 2 {
		name := n.Content[i].Value
		if out[name] != nil {
			return nil, at(n.Content[i], path, "%s comes twice", name)
		}
		out[name] = n.Content[i+1]
	}
	return out, nil
}

// resolver evaluates intrinsic functions against the local names of resources.
type resolver struct {
	local      Local
	parameters map[string]string
	conditions map[string]*yaml.Node
	resources  map[string]*resource
	order      []string // of resources, as written
}

type resource struct {
	id, kind   string
	node       *yaml.Node
	properties *yaml.Node // nil when there are none
	name       string
}

func newResolver(doc document, local Local) (*resolver, error) {
	r := &resolver{local: local, parameters: map[string]string{}, resources: map[string]*resource{}}
	if err := r.readParameters(&doc.Parameters); err != nil {
		return nil, err
	}
	var err error
	if r.conditions, err = fields(&doc.Conditions, "Conditions"); err != nil {
		return nil, err
	}
	all, err := fields(&doc.Resources, "Resources")
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(doc.Resources.Content); i += 2 {
		id := doc.Resources.Content[i].Value
		if err := r.readResource(id, all[id]); err != nil {
			return nil, err
		}
	}
	for _, id := range r.order {
		if err := r.nameResource(r.resources[id]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *resolver) readParameters(n *yaml.Node) error {
	all, err := fields(n, "Parameters")
	if err != nil {
		return err
	}
	for name, node := range all {
		path := "Parameters." + name
		var p struct {
			Type, Description, AllowedPattern, ConstraintDescription string
			Default                                                  any
			AllowedValues                                            []any
			NoEcho                                                   bool
		}
		if err := decode(node, path, plain(node), &p); err != nil {
			return err
		}
		value, given := r.local.Parameters[name]
		if !given && p.Default == nil {
			return at(node, path, "has neither a default nor a value")
		}
		if !given {
			value = fmt.Sprint(p.Default)
		}
		if len(p.AllowedValues) > 0 && !slices.Contains(words(p.AllowedValues), value) {
			return at(node, path, "%q is not among the allowed values", value)
		}
		r.parameters[name] = value
	}
	for name := range r.local.Parameters {
		if all[name] == nil {
			return fmt.Errorf("the template has no parameter %s", name)
		}
	}
	return nil
}

func (r *resolver) readResource(id string, n *yaml.Node) error {
	path := "Resources." + id
	f, err := fields(n, path)
	if err != nil {
		return err
	}
	for name, node := range f {
		// Metadata, DependsOn and the two policies speak to CloudFormation and the build only.
		if !slices.Contains([]string{"Type", "Properties", "Condition", "Metadata", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy"}, name) {
			return at(node, path, "%s is not understood", name)
		}
	}
	if f["Type"] == nil {
		return at(n, path, "has no Type")
	}
	if c := f["Condition"]; c != nil {
		holds, err := r.condition(c.Value, c, path)
		if err != nil || !holds {
			return err
		}
	}
	r.resources[id] = &resource{id: id, kind: f["Type"].Value, node: n, properties: f["Properties"]}
	r.order = append(r.order, id)
	return nil
}

// nameResource gives the resource the name that CloudFormation would make up, unless it has one.
func (r *resolver) nameResource(x *resource) error {
	x.name = r.local.Stack + "-" + x.id
	if x.properties == nil {
		return nil
	}
	f, err := fields(x.properties, "Resources."+x.id+".Properties")
	if err != nil {
		return err
	}
	switch x.kind {
	case "AWS::SQS::Queue":
		if n := f["FifoQueue"]; n != nil && n.Value == "true" {
			x.name += ".fifo"
		}
	case "AWS::S3::Bucket":
		x.name = strings.ToLower(x.name)
	}
	for _, property := range []string{"QueueName", "TableName", "FunctionName", "BucketName"} {
		if n := f[property]; n != nil {
			v, err := r.value(n, "Resources."+x.id+".Properties."+property)
			if err != nil {
				return err
			}
			x.name = fmt.Sprint(v)
		}
	}
	return nil
}

// noValue is what !Ref AWS::NoValue leaves: the property is as if it were not there.
type noValue struct{}

// value resolves n to strings, numbers, booleans, lists and objects.
func (r *resolver) value(n *yaml.Node, path string) (any, error) {
	name, arg, ok := intrinsic(n)
	if ok {
		return r.call(name, arg, path)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, path)
	case yaml.SequenceNode:
		out := []any{}
		for i, c := range n.Content {
			v, err := r.value(c, fmt.Sprintf("%s[%d]", path, i))
			if err != nil {
				return nil, err
			}
			if v != (noValue{}) {
				out = append(out, v)
			}
		}
		return out, nil
	case yaml.MappingNode:
		f, err := fields(n, path)
		if err != nil {
			return nil, err
		}
		out := object{}
		for name, c := range f {
			v, err := r.value(c, path+"."+name)
			if err != nil {
				return nil, err
			}
			if v != (noValue{}) {
				out[name] = v
			}
		}
		return out, nil
	}
	return plain(n), nil
}

// intrinsic recognises both spellings: !Name argument, and {Fn::Name: argument}.
func intrinsic(n *yaml.Node) (name string, arg *yaml.Node, ok bool) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		bare := *n
		bare.Tag = ""
		return n.Tag[1:], &bare, true
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		key := n.Content[0].Value
		if key == "Ref" || strings.HasPrefix(key, "Fn::") {
			return strings.TrimPrefix(key, "Fn::"), n.Content[1], true
		}
	}
	return "", nil, false
}

// plain is n without any intrinsic function.
func plain(n *yaml.Node) any {
	var v any
	if n.Decode(&v) != nil {
		return n.Value
	}
	return v
}

func (r *resolver) call(name string, arg *yaml.Node, path string) (any, error) {
	switch name {
	case "Ref":
		return r.ref(arg.Value, arg, path)
	case "GetAtt":
		id, attribute, _ := strings.Cut(arg.Value, ".")
		if arg.Kind == yaml.SequenceNode && len(arg.Content) == 2 {
			id, attribute = arg.Content[0].Value, arg.Content[1].Value
		}
		return r.attribute(id, attribute, arg, path)
	case "Sub":
		return r.sub(arg, path)
	case "Join":
		v, err := r.value(arg, path)
		if err != nil {
			return nil, err
		}
		if l, ok := v.([]any); ok && len(l) == 2 {
			if parts, ok := l[1].([]any); ok {
				return strings.Join(words(parts), fmt.Sprint(l[0])), nil
			}
		}
		return nil, at(arg, path, "Join takes a delimiter and a list")
	case "If":
		if arg.Kind != yaml.SequenceNode || len(arg.Content) != 3 {
			return nil, at(arg, path, "If takes a condition and two values")
		}
		holds, err := r.condition(arg.Content[0].Value, arg, path)
		if err != nil {
			return nil, err
		}
		if holds {
			return r.value(arg.Content[1], path)
		}
		return r.value(arg.Content[2], path)
	}
	return nil, at(arg, path, "the intrinsic function %s is not understood", name)
}

func words(vs []any) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = fmt.Sprint(v)
	}
	return out
}

var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

func (r *resolver) sub(arg *yaml.Node, path string) (any, error) {
	text, own := arg.Value, map[string]*yaml.Node{}
	if arg.Kind == yaml.SequenceNode {
		if len(arg.Content) != 2 {
			return nil, at(arg, path, "Sub takes a text and a mapping")
		}
		var err error
		if own, err = fields(arg.Content[1], path); err != nil {
			return nil, err
		}
		text = arg.Content[0].Value
	}
	var failed error
	out := placeholder.ReplaceAllStringFunc(text, func(m string) string {
		name := m[2 : len(m)-1]
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		var v any
		var err error
		if n := own[name]; n != nil {
			v, err = r.value(n, path)
		} else if id, attribute, ok := strings.Cut(name, "."); ok {
			v, err = r.attribute(id, attribute, arg, path)
		} else {
			v, err = r.ref(name, arg, path)
		}
		if err != nil && failed == nil {
			failed = err
		}
		return fmt.Sprint(v)
	})
	return out, failed
}

func (r *resolver) ref(id string, n *yaml.Node, path string) (any, error) {
	switch id {
	case "AWS::Region":
		return awslocal.Region, nil
	case "AWS::AccountId":
		return awslocal.Account, nil
	case "AWS::Partition":
		return "aws", nil
	case "AWS::URLSuffix":
		return "amazonaws.com", nil
	case "AWS::StackName":
		return r.local.Stack, nil
	case "AWS::NoValue":
		return noValue{}, nil
	}
	if v, ok := r.parameters[id]; ok {
		return v, nil
	}
	x := r.resources[id]
	if x == nil {
		return nil, at(n, path, "there is no %q to refer to", id)
	}
	if x.kind == "AWS::SQS::Queue" {
		return r.local.SQS + "/" + awslocal.Account + "/" + x.name, nil
	}
	return x.name, nil
}

func (r *resolver) attribute(id, attribute string, n *yaml.Node, path string) (any, error) {
	x := r.resources[id]
	if x == nil {
		return nil, at(n, path, "there is no resource %q", id)
	}
	arn := func(service, rest string) string {
		return "arn:aws:" + service + ":" + awslocal.Region + ":" + awslocal.Account + ":" + rest
	}
	switch x.kind + "." + attribute {
	case "AWS::SQS::Queue.Arn":
		return arn("sqs", x.name), nil
	case "AWS::SQS::Queue.QueueName":
		return x.name, nil
	case "AWS::DynamoDB::Table.Arn":
		return arn("dynamodb", "table/"+x.name), nil
	case "AWS::Serverless::Function.Arn":
		return arn("lambda", "function:"+x.name), nil
	case "AWS::KMS::Key.Arn":
		return arn("kms", "key/"+x.name), nil
	case "AWS::S3::Bucket.Arn":
		return "arn:aws:s3:::" + x.name, nil
	case "AWS::IAM::Role.Arn":
		return "arn:aws:iam::" + awslocal.Account + ":role/" + x.name, nil
	case "AWS::CloudFront::Distribution.DomainName":
		return x.name + ".cloudfront.net", nil
	case "AWS::ApiGatewayV2::DomainName.RegionalDomainName":
		return x.name + ".execute-api." + awslocal.Region + ".amazonaws.com", nil
	case "AWS::Logs::LogGroup.Arn":
		return arn("logs", "log-group:"+x.name), nil
	}
	return nil, at(n, path, "the attribute %s of %s is not understood", attribute, x.kind)
}
