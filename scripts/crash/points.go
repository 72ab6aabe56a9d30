package crash

import "strings"

// victim is who is killed.
type victim int

const (
	theFunction victim = iota // the process that makes the call
	theRunner                 // the local cloud: stand-ins, runner and all functions at once
)

// point is a moment of a scenario, told by the call that a process makes then.
type point struct {
	name     string
	route    route
	world    string // its size, by name; "" is small
	slow     bool   // recovery waits for minutes by design
	victim   victim
	function string // who calls; "" is anybody
	when     when
	since    func(call) bool // calls count once such a one was seen; nil is at once
	nth      int
	match    func(call) bool
	fault    *planted
}

func hubspot(operation, part string) func(call) bool {
	return func(c call) bool {
		return c.service == "hubspot" && c.operation == operation && strings.Contains(c.path, part)
	}
}

func line(operation, part string) func(call) bool {
	return func(c call) bool {
		return c.service == "line" && c.operation == operation && strings.Contains(c.path, part)
	}
}

// table matches writes to items whose key holds the text.
func table(key string) func(call) bool {
	return func(c call) bool {
		switch c.operation {
		case "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems":
			return c.service == "dynamodb" && strings.Contains(c.body, `"`+key)
		}
		return false
	}
}

// queues matches sends to, and deletions from, one queue.
func queues(operation, name string) func(call) bool {
	return func(c call) bool {
		return c.service == "sqs" && strings.HasPrefix(c.operation, operation) && (strings.Contains(c.body, name+`"`) || strings.Contains(c.body, name+`.fifo"`))
	}
}

// objects matches calls to the object store.
func objects(method string) func(call) bool {
	return func(c call) bool { return c.service == "s3" && c.operation == method }
}

// tenant is how every key of the portal begins.
const tenant = "P#1001#"

// points are every kind of step between an installation and two sides that agree.
var points = []point{
	// Installing and connecting, while a person looks on.
	{name: "HubSpot gave the grant, nobody stored it", function: "Oauth", when: after, nth: 1, match: hubspot("POST", "/token")},
	{name: "the grant is stored, the installation not completed", function: "Oauth", when: after, nth: 1, match: table(tenant + "portal")},
	{name: "before the account's details are asked for", function: "Oauth", when: before, nth: 1, match: hubspot("GET", "/account-info/")},
	{name: "a field is mapped, its run not begun", function: "AppApi", when: after, nth: 1, match: table(tenant + "CONF")},
	{name: "LINE took the webhook address", function: "Oauth", when: after, nth: 1, match: line("PUT", "/webhook/endpoint")},
	{name: "the account is stored, its properties are not made", function: "Oauth", when: before, nth: 1, match: hubspot("GET", "/crm/properties/")},
	{name: "HubSpot made the LINE properties' group, then they themselves", function: "Oauth", when: after, nth: 1, match: hubspot("POST", "/crm/properties/")},
	{name: "the run's row is stored, its first step not sent", function: "Oauth", when: after, nth: 1, slow: true, match: table(tenant + "RUN#sync")},

	// The run reads.
	{name: "before the journal is subscribed", function: "ListSync", when: before, nth: 1, match: hubspot("POST", "/webhooks-journal/subscriptions")},
	{name: "the journal is subscribed", function: "ListSync", when: after, nth: 2, match: hubspot("POST", "/webhooks-journal/subscriptions")},
	{name: "HubSpot told how many contacts there are", function: "ListSync", when: after, nth: 1, match: hubspot("POST", "/contacts/search")},
	{name: "before a page of contacts is asked for", function: "ListSync", when: before, nth: 3, match: hubspot("POST", "/contacts/search")},
	{name: "before LINE is asked for a profile", function: "ListSync", when: before, nth: 10, match: line("GET", "/v2/bot/profile/")},
	{name: "half of a page's friends are stored", function: "ListSync", when: after, nth: 20, match: table(tenant + "F#")},
	{name: "a page's companies are read", function: "ListSync", when: after, nth: 1, match: hubspot("POST", "/companies/")},
	{name: "before the page's changes are logged", function: "ListSync", when: before, nth: 1, match: table(tenant + "LOG#")},
	{name: "before the run's checkpoint", function: "ListSync", when: before, since: line("GET", "/v2/bot/profile/"), nth: 1, match: table(tenant + "RUN#sync")},
	{name: "the step is handed over, the next not sent", function: "ListSync", when: before, nth: 2, match: queues("SendMessage", "SyncSteps")},
	{name: "the next step is sent, this one not ended", function: "ListSync", when: after, nth: 2, match: queues("SendMessage", "SyncSteps")},
	{name: "before a list of HubSpot's is stored", function: "ListSync", when: before, nth: 2, match: table(tenant + "LIST")},
	{name: "before the run goes to sleep", function: "ListSync", when: before, nth: 1, match: queues("SendMessage", "Wakeups")},
	{name: "before the run's end is remembered", function: "ListSync", when: after, nth: 1, match: table("schedule")},

	// What HubSpot must learn.
	{name: "before a batch is written to HubSpot", function: "ContactSync", when: before, nth: 1, match: hubspot("POST", "/batch/update")},
	{name: "HubSpot took the batch, nobody noted it", function: "ContactSync", when: after, nth: 1, match: hubspot("POST", "/batch/update")},
	{name: "half of the batch is noted", function: "ContactSync", when: after, nth: 20, match: table(tenant + "F#")},
	{name: "before the batch is logged", function: "ContactSync", when: before, nth: 1, match: table(tenant + "LOG#")},

	// The whole local cloud.
	{name: "runner: HubSpot answered a page", victim: theRunner, when: after, nth: 3, match: hubspot("POST", "/contacts/search")},
	{name: "runner: a friend is stored", victim: theRunner, when: after, nth: 12, match: table(tenant + "F#")},
	{name: "runner: a step is done, its message not deleted", victim: theRunner, when: before, nth: 3, match: queues("DeleteMessage", "SyncSteps")},
	{name: "runner: HubSpot took the batch", victim: theRunner, when: after, nth: 1, match: hubspot("POST", "/batch/update")},
	{name: "runner: a flush is done, its message not deleted", victim: theRunner, when: before, nth: 1, match: queues("DeleteMessage", "Flush")},
	{name: "runner: a queue took a message", victim: theRunner, when: after, nth: 2, match: queues("SendMessage", "SyncSteps")},

	// A crowd, read page by page and written in batches side by side.
	{name: "crowd: between two pages", world: crowd, function: "ListSync", when: before, nth: 4, match: hubspot("POST", "/contacts/search")},
	{name: "crowd: before the cursor passes a page", world: crowd, function: "ListSync", when: before, since: line("GET", "/v2/bot/profile/"), nth: 1, match: table(tenant + "RUN#sync")},
	{name: "crowd: a flush is announced, the page's cursor not stored", world: crowd, function: "ListSync", when: after, nth: 1, match: queues("SendMessage", "Flush")},
	{name: "crowd: half of the batches are written", world: crowd, function: "ContactSync", when: after, nth: 2, match: hubspot("POST", "/batch/update")},
	{name: "crowd: runner: in the middle of everything", world: crowd, victim: theRunner, when: after, nth: 180, match: table(tenant + "F#")},

	// A read of both ends: the list upwards and the search downwards. Everything that waits for HubSpot's answer, for the table or for LINE
	// is lost with the process, of both ends at once.
	{name: "both ends: before a page of the list is asked for", world: many, function: "ListSync", when: before, nth: 3, match: hubspot("GET", "/contacts")},
	{name: "both ends: the search's page is answered, nothing of it stored", world: many, function: "ListSync", when: after, nth: 5, match: hubspot("POST", "/contacts/search")},
	{name: "both ends: pages are fetched, half of their friends stored", world: many, function: "ListSync", when: after, nth: 400, match: table(tenant + "F#")},
	{name: "both ends: a page is stored, its cursor not", world: many, function: "ListSync", when: before, since: line("GET", "/v2/bot/profile/"), nth: 4, match: table(tenant + "RUN#sync")},
	{name: "both ends: the cursor has passed a page, nobody knows", world: many, function: "ListSync", when: after, since: line("GET", "/v2/bot/profile/"), nth: 3, match: table(tenant + "RUN#sync")},
	{name: "both ends: runner: in the middle of everything", world: many, victim: theRunner, when: after, nth: 700, match: table(tenant + "F#")},

	// Importing the account's friends.
	{name: "import: before the followers are asked for", route: friends, function: "ListSync", when: before, nth: 1, match: line("GET", "/followers/ids")},
	{name: "import: a friend is stored", route: friends, function: "ListSync", when: after, nth: 45, match: table(tenant + "F#")},
	{name: "import: before its end is stored", route: friends, function: "ListSync", when: before, nth: 1, match: table(tenant + "RUN#import")},

	// Edits of all three sides.
	{name: "edits: HubSpot's webhook is not queued yet", route: daily, function: "HubspotWebhooks", when: before, nth: 1, match: queues("SendMessage", "HubspotEvents")},
	{name: "edits: LINE's webhook is queued, not answered", route: daily, function: "LineWebhooks", when: after, nth: 1, match: queues("SendMessage", "LineEvents")},
	{name: "edits: the contact's history is read", route: daily, function: "ContactSync", when: after, nth: 1, match: hubspot("POST", "/contacts/batch/read")},
	{name: "edits: an edit in Lumo is stored, not announced", route: daily, function: "AppApi", when: before, nth: 1, match: queues("SendMessage", "Flush")},

	// Messages written on the card.
	{name: "messages: stored, LINE not called", route: talking, function: "AppApi", when: after, nth: 1, match: table(tenant + "MSG#")},
	{name: "messages: before LINE is called", route: talking, function: "AppApi", when: before, nth: 1, match: line("POST", "/message/push")},
	{name: "messages: LINE took one, nobody noted it", route: talking, function: "AppApi", when: after, nth: 1, match: line("POST", "/message/push")},
	{name: "messages: LINE took one, then the tick dies over it as well", route: talking, slow: true, when: after, nth: 1, match: line("POST", "/message/push")},
	{name: "messages: before the outcome is stored", route: talking, function: "AppApi", when: before, nth: 2, match: table(tenant + "MSG#")},
	{name: "messages: runner: LINE took one", route: talking, victim: theRunner, when: after, nth: 1, match: line("POST", "/message/push")},

	// Broadcasts: one to everybody, which is a single multicast here, then one of which each gets their own.
	{name: "broadcasts: confirmed, its work not begun", route: casting, slow: true, function: "AppApi", when: before, nth: 1, match: queues("SendMessage", "BroadcastSteps")},
	{name: "broadcasts: before the frozen audience is kept", route: casting, function: "Broadcasts", when: before, nth: 1, match: objects("PUT")},
	{name: "broadcasts: the frozen audience is kept, nobody knows", route: casting, function: "Broadcasts", when: after, nth: 1, match: objects("PUT")},
	{name: "broadcasts: before the multicast", route: casting, function: "Broadcasts", when: before, nth: 1, match: line("POST", "/message/multicast")},
	{name: "broadcasts: LINE took the multicast, nobody noted it", route: casting, function: "Broadcasts", when: after, nth: 1, match: line("POST", "/message/multicast")},
	{name: "broadcasts: LINE took half of the pushes", route: casting, function: "Broadcasts", when: after, nth: 20, match: line("POST", "/message/push")},
	{name: "broadcasts: all is sent, its end not stored", route: casting, function: "Broadcasts", when: before, since: line("POST", "/message/"), nth: 1, match: table(tenant + "BCAST")},
	{name: "broadcasts: its end is stored, the contacts not told", route: casting, function: "Broadcasts", when: after, since: line("POST", "/message/"), nth: 1, match: table(tenant + "BCAST")},
	{name: "broadcasts: runner: LINE took the multicast", route: casting, victim: theRunner, when: after, nth: 1, match: line("POST", "/message/multicast")},

	// A HubSpot workflow of all contacts: HubSpot waits for a callback for each.
	{name: "workflows: called, nothing stored", route: enrolling, function: "WorkflowActions", when: before, nth: 1, match: queues("SendMessage", "Actions")},
	{name: "workflows: stored, HubSpot not answered", route: enrolling, function: "WorkflowActions", when: after, nth: 3, match: queues("SendMessage", "Actions")},
	{name: "workflows: before an execution is stored", route: enrolling, function: "WorkflowActions", when: before, nth: 5, match: table(tenant + "WF#")},
	{name: "workflows: before LINE is called", route: enrolling, function: "WorkflowActions", when: before, nth: 10, match: line("POST", "/message/push")},
	{name: "workflows: LINE took one, nobody noted it", route: enrolling, function: "WorkflowActions", when: after, nth: 10, match: line("POST", "/message/push")},
	{name: "workflows: before HubSpot is told", route: enrolling, function: "WorkflowActions", when: before, nth: 1, match: hubspot("POST", "/automation/actions/callbacks/")},
	{name: "workflows: HubSpot goes on, nobody noted it", route: enrolling, function: "WorkflowActions", when: after, nth: 1, match: hubspot("POST", "/automation/actions/callbacks/")},
	{name: "workflows: runner: LINE took one", route: enrolling, victim: theRunner, when: after, nth: 10, match: line("POST", "/message/push")},
}
