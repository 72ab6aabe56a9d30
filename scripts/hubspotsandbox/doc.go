// Package hubspotsandbox is a HubSpot of your own: a server with its own state that plays the part of HubSpot an app talks to, honestly enough
// to test against. One Server is api.hubapi.com and app.hubspot.com in one; it serves
//
//   - install and consent pages for the four forms of the seamless install, token, introspect, revoke, external-install;
//   - contacts and companies with history, value normalisation, the admin's own rules, batches, search with its limits and lag,
//     properties and groups, associations with primary and labels, merge, archive, restore, privacy deletion, owners, account info;
//   - lists with members, static, snapshot and active (AND/OR of property filters), whose index lags if told to;
//   - signed webhooks for what the app's webhooks file subscribes, and nothing else; what a portal maps beyond that static list comes through
//     the journal, whose subscriptions are per portal and per property;
//   - workflows whose steps are the app's actions, as its metafiles declare them: contacts are enrolled, calls repeated if told to, waiting
//     executions completed by callback or expired, branches told;
//   - the webhooks journal: OBJECT, ASSOCIATION, LIST_MEMBERSHIP, APP_LIFECYCLE_EVENT, GDPR_PRIVACY_DELETION, kept for three days;
//   - custom channels: their definition with the developer's key, channel accounts and the way to connect them from the inbox's settings,
//     publishing with idempotency ids, statuses, signed webhooks; threads, comments and agents; files with signed links;
//   - the pace: 110 requests in any 10 s per portal, five searches in any second, with HubSpot's headers and bodies.
//
// Paths carry 2026-03 or 2026-09. What is accepted and answered is checked against HubSpot's OpenAPI files (package contract) in every test.
// Several portals live side by side; record ids start at the same numbers in each, so that a mixed-up tenant shows.
//
// # Control
//
// Everything can be told from Go (methods of Server) and by JSON over HTTP. {p} is a portal id, {object} contacts or companies:
//
//	GET    /_sandbox/portals                                   all portals
//	PUT    /_sandbox/portals/{p}                               PortalOptions: make one
//	PUT    /_sandbox/portals/{p}/options|rules|search|limits   PortalOptions, []Rule, SearchSettings, Limits
//	POST   /_sandbox/portals/{p}/seed                          SeedOptions -> {contacts, companies}
//	POST   /_sandbox/portals/{p}/values                        {property, contacts, values}: e.g. LINE user ids
//	POST   /_sandbox/portals/{p}/install                       {scopes} -> {accessToken, refreshToken, scopes}
//	POST   /_sandbox/portals/{p}/code                          {redirectUri, scopes} -> {code}, as if somebody had consented
//	POST   /_sandbox/portals/{p}/uninstall|expire-tokens
//	GET    /_sandbox/portals/{p}/properties/{object}           POST Definition, DELETE .../{name}
//	GET    /_sandbox/portals/{p}/records/{object}[/{id}]       whole records, one with its history
//	GET    /_sandbox/portals/{p}/names/{object}?q=&has=        up to 50 {id, name, note}; those with the property has set first
//	POST   /_sandbox/portals/{p}/records/{object}              {values, by}; PATCH .../{id}, DELETE .../{id}
//	POST   /_sandbox/portals/{p}/records/{object}/bulk         {ids, values, by}
//	POST   /_sandbox/portals/{p}/records/{object}/merge        {primary, other, by} -> {id}
//	POST   /_sandbox/portals/{p}/records/{object}/{id}/restore|purge
//	PUT    /_sandbox/portals/{p}/companies-of/{contact}/{company}?primary=true   and DELETE
//	GET    /_sandbox/portals/{p}/lists?members=true            POST {name, object, filterBranch, processingType}; PUT .../lag {lagMs}
//	POST   /_sandbox/portals/{p}/lists/{id}/add|remove|rename  {ids} or {name}; .../restore; DELETE .../{id}
//	PUT    /_sandbox/workflows                                 FlowSettings; GET /_sandbox/workflow-actions shows the app's
//	POST   /_sandbox/portals/{p}/workflows                     Flow -> {id}; GET .../{id} counts, GET .../{id}/enrolments
//	POST   /_sandbox/portals/{p}/workflows/{id}/enroll         {contacts}
//	POST   /_sandbox/portals/{p}/workflow-options              {action, field, chosen, q, after} -> what the app answers
//	GET    /_sandbox/channels                                  POST {name, webhook, redirect} -> {id}: the app's custom channel
//	GET    /_sandbox/portals/{p}/inbox/threads|accounts        conversations whole; DELETE .../accounts/{id} disconnects
//	POST   /_sandbox/portals/{p}/inbox/connect                 {channel, inbox, user} -> {url}: as chosen in the inbox's settings
//	POST   /_sandbox/portals/{p}/inbox/threads/{id}/reply      {user, text, files} -> {id}: an agent's answer
//	POST   /_sandbox/portals/{p}/files                         {name, type, data in base64} -> {id}
//	POST   /_sandbox/faults                                    Fault -> {id}; GET, DELETE [/{id}]
//	PUT    /_sandbox/webhooks                                  WebhookSettings; GET shows deliveries; POST .../deliver sends all now
//	PUT    /_sandbox/clock|latency|journal|oauth               {skewMs}, Latency, {journalDelayMs}, {rotateRefreshTokens, secrets}
//	GET    /_sandbox/stats|calls|writes?portal={p}             counts and peaks, the last requests, every write of the app
//	GET    /_sandbox/journal                                   what is readable now
//	POST   /_sandbox/stats/reset, /_sandbox/reset
//
// by is {"userId": 2} or {"source": {"sourceType": "IMPORT", "sourceId": "7"}}, and {"at": ms} for a given time. People use /ui. A test
// consents by POSTing query, portal and decision=allow to /oauth/consent, query being that of the authorize page.
//
// # Time and chance
//
// Time comes from Config.Clock and chance from Config.Seed: with a virtual clock and one caller at a time the same calls give the same
// answers. Nothing sleeps under a lock, and webhooks leave through Clock.AfterFunc.
//
// # Where HubSpot is not documented
//
// Chosen here, to be confirmed on a live portal; the app must live with either: text values lose surrounding space; international phone
// numbers lose their punctuation; after a merge the primary's values stay, entered again at the time of the merge where they are not the
// newest; both old ids of a merge fire deletions; journal entries carry type in lower case with underscores, ISO times, propertyChanges as
// name to value; webhooks of channels are repeated like those of records; a repeated idempotency id answers 201 with the first message; a
// contact that a later message names becomes the thread's; an offset older than three days is 404; IN on text matches lower-case values only (as documented, without an error).
package hubspotsandbox
