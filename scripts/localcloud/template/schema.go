package template

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Other is a resource that means nothing on a developer's machine. It is resolved all the same, so that what it refers to exists, and its
// properties are compared with CloudFormation's.
type Other struct {
	ID, Type   string
	Line       int
	Properties map[string]any
}

// others are the kinds of such resources, with the properties that the template uses (CloudFormation's template reference). The tag "cfn" says
// "need" of a property that must be there, and lists after "of=" the values that it may have.
var others = map[string]any{
	"AWS::CloudWatch::Alarm":        alarm{},
	"AWS::CloudWatch::Dashboard":    dashboard{},
	"AWS::Logs::LogGroup":           logGroup{},
	"AWS::SNS::Topic":               topic{},
	"AWS::SNS::Subscription":        subscription{},
	"AWS::CloudFront::Distribution": distribution{},
	"AWS::ApiGatewayV2::DomainName": domainName{},
	"AWS::ApiGatewayV2::ApiMapping": apiMapping{},
}

type alarm struct {
	AlarmDescription   string `cfn:"need"`
	Namespace          string `cfn:"need"`
	MetricName         string `cfn:"need"`
	Dimensions         []pair
	Statistic          string  `cfn:"need of=Average|Maximum|Minimum|SampleCount|Sum"`
	Period             int     `cfn:"need of=60|300|600|900|3600"`
	EvaluationPeriods  int     `cfn:"need"`
	DatapointsToAlarm  int     `cfn:""`
	Threshold          float64 `cfn:"need"`
	ComparisonOperator string  `cfn:"need of=GreaterThanThreshold|GreaterThanOrEqualToThreshold|LessThanThreshold|LessThanOrEqualToThreshold"`
	TreatMissingData   string  `cfn:"need of=breaching|notBreaching|ignore|missing"`
	AlarmActions       []string
	OKActions          []string
}

type pair struct {
	Name  string `cfn:"need"`
	Value string `cfn:"need"`
}

type dashboard struct {
	DashboardName string
	DashboardBody string `cfn:"need"`
}

type logGroup struct {
	LogGroupName, KmsKeyId string
	RetentionInDays        any `cfn:"need of=1|3|5|7|14|30|60|90|120|150|180|365|400|545|731"`
}

type topic struct{ TopicName, DisplayName, KmsMasterKeyId string }

type subscription struct {
	TopicArn string `cfn:"need"`
	Protocol string `cfn:"need of=email|https|sms|sqs|lambda"`
	Endpoint string `cfn:"need"`
}

type distribution struct {
	DistributionConfig struct {
		Enabled              bool `cfn:"need"`
		Comment, HttpVersion string
		Aliases              []string
		WebACLId, PriceClass any
		Origins              []struct {
			Id                 string `cfn:"need"`
			DomainName         string `cfn:"need"`
			CustomOriginConfig struct {
				OriginProtocolPolicy string `cfn:"need of=http-only|https-only|match-viewer"`
				OriginSSLProtocols   []string
				OriginReadTimeout    int
			} `cfn:"need"`
			OriginCustomHeaders []struct {
				HeaderName  string `cfn:"need"`
				HeaderValue string `cfn:"need"`
			}
		} `cfn:"need"`
		DefaultCacheBehavior struct {
			TargetOriginId        string `cfn:"need"`
			ViewerProtocolPolicy  string `cfn:"need of=allow-all|https-only|redirect-to-https"`
			AllowedMethods        []string
			CachePolicyId         string `cfn:"need"`
			OriginRequestPolicyId string
			Compress              bool
		} `cfn:"need"`
		ViewerCertificate struct {
			AcmCertificateArn            string
			SslSupportMethod             string `cfn:"of=sni-only|vip|static-ip"`
			MinimumProtocolVersion       string
			CloudFrontDefaultCertificate bool
		}
	} `cfn:"need"`
}

type domainName struct {
	DomainName               string `cfn:"need"`
	DomainNameConfigurations []struct {
		CertificateArn string `cfn:"need"`
		EndpointType   string `cfn:"of=REGIONAL"`
		SecurityPolicy string `cfn:"of=TLS_1_2"`
	} `cfn:"need"`
}

type apiMapping struct {
	ApiId      string `cfn:"need"`
	DomainName string `cfn:"need"`
	Stage      string `cfn:"need"`
}

func (r *resolver) other(s *System, x *resource, v any, n *yaml.Node, path string) error {
	shape := others[x.kind]
	if shape == nil {
		return at(x.node, "Resources."+x.id, "the resource type %s is not understood", x.kind)
	}
	t := reflect.TypeOf(shape)
	if err := decode(n, path, v, reflect.New(t).Interface()); err != nil {
		return err
	}
	if err := fit(n, path, v, t); err != nil {
		return err
	}
	s.Others = append(s.Others, Other{x.id, x.kind, x.node.Line, v.(object)})
	return nil
}

// fit finds properties that are missing and values that CloudFormation would refuse.
func fit(n *yaml.Node, path string, v any, t reflect.Type) error {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			if err := fit(n, fmt.Sprintf("%s[%d]", path, i), e, t.Elem()); err != nil {
				return err
			}
		}
	case object:
		if t.Kind() != reflect.Struct {
			return nil
		}
		for f := range t.Fields() {
			rule := f.Tag.Get("cfn")
			value, there := v[f.Name]
			if !there {
				if strings.HasPrefix(rule, "need") {
					return at(n, path, "%s is missing", f.Name)
				}
				continue
			}
			_, list, limited := strings.Cut(rule, "of=")
			if allowed := strings.Split(list, "|"); limited && !slices.Contains(allowed, fmt.Sprint(value)) {
				return at(n, path+"."+f.Name, "%v is none of %s", value, strings.Join(allowed, ", "))
			}
			if err := fit(n, path+"."+f.Name, value, f.Type); err != nil {
				return err
			}
		}
	}
	return nil
}
