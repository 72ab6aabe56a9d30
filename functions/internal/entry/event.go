package entry

// event holds the members that are read of every kind of event; its shape tells the kind.
type event struct {
	// HTTP API, payload format 2.0
	RouteKey       string            `json:"routeKey"`
	RawPath        string            `json:"rawPath"`
	RawQuery       string            `json:"rawQueryString"`
	Cookies        []string          `json:"cookies"`
	Headers        map[string]string `json:"headers"`
	PathParameters map[string]string `json:"pathParameters"`
	Body           string            `json:"body"`
	Base64         bool              `json:"isBase64Encoded"`
	RequestContext struct {
		RequestID string `json:"requestId"`
		HTTP      struct {
			Method   string `json:"method"`
			SourceIP string `json:"sourceIp"`
		} `json:"http"`
	} `json:"requestContext"`

	// SQS
	Records []sqsRecord `json:"Records"`

	// EventBridge
	DetailType string `json:"detail-type"`
}

type sqsRecord struct {
	MessageID  string `json:"messageId"`
	Body       string `json:"body"`
	Source     string `json:"eventSource"`
	SourceARN  string `json:"eventSourceARN"`
	Attributes struct {
		Group    string `json:"MessageGroupId"`
		Dedup    string `json:"MessageDeduplicationId"`
		Receives int    `json:"ApproximateReceiveCount,string"`
		SentMS   int64  `json:"SentTimestamp,string"`
	} `json:"attributes"`
}

// batchResponse is the answer to SQS under ReportBatchItemFailures.
type batchResponse struct {
	Failures []batchFailure `json:"batchItemFailures"`
}

type batchFailure struct {
	ID string `json:"itemIdentifier"`
}

// httpResponse is the answer in payload format 2.0.
type httpResponse struct {
	Status  int               `json:"statusCode"`
	Headers map[string]string `json:"headers,omitempty"`
	Cookies []string          `json:"cookies,omitempty"`
	Body    string            `json:"body,omitempty"`
	Base64  bool              `json:"isBase64Encoded,omitempty"`
}
