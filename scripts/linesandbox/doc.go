// Package linesandbox is a LINE platform for one machine: an HTTP server with its own state that answers as LINE's Messaging API and
// LINE Login do, delivers signed webhooks, and misbehaves on request. An app under test runs unchanged; only its base URLs differ.
//
// It knows nothing of the app. Where LINE's documents are silent it has a switch instead of a guess (see Assumption), and official
// endpoints that it does not implement answer 501, never a false 200.
//
// # Addresses
//
// One port serves LINE's three hosts, told apart by path. The base URLs may also carry a prefix, http://host/api, http://host/data and
// http://host/access; then only the paths of that host exist, so that a call to the wrong host fails as it would at LINE.
//
// # In a test
//
//	v := clock.NewVirtual(start)
//	s := linesandbox.New(linesandbox.Config{Clock: v, HTTP: &http.Client{Transport: linesandbox.InProcess(app)}})
//	p := s.CreateProvider("Shop")
//	ch, _ := s.CreateChannel(linesandbox.ChannelSpec{Provider: p.ID, Verified: true})
//	api := &http.Client{Transport: s.Transport()}  // or httptest.NewServer(contract.Wrap(t, s))
//	friends, _ := s.AddFriends(ch.ID, 100, true)
//	s.SendText(ch.ID, friends[0].User, "hello")
//	v.Advance(0)                                   // webhooks that are due go out now
//
// With the wall clock webhooks go out by themselves; WaitWebhooks waits for them. Persons are named by the sandbox's id
// ("u000001") or by any of their LINE user ids, channels by channel id or bot user id.
//
// # Control API
//
// JSON under /_sandbox; every call has an equal method on Server. Errors: 404 unknown, 409 not possible, 400 malformed, with
// {"error": "..."}.
//
//	GET  POST      /_sandbox/providers                          {"name"}
//	GET  POST      /_sandbox/channels                           ChannelSpec
//	GET  PATCH     /_sandbox/channels/{channel}                 ChannelChange: verified, quota (-1 none), used, useWebhook, redelivery, ...
//	POST           /_sandbox/channels/{channel}/secret          another secret, the old one dies
//	POST           /_sandbox/channels/{channel}/keys            a public JWK for JWT assertions; answers {"kid"}
//	POST           /_sandbox/channels/{channel}/long-lived-token
//	GET  POST      /_sandbox/channels/{channel}/friends         ?state=friend|blocked|none; POST {"count", "quiet"}: N people at once
//	GET            /_sandbox/channels/{channel}/webhooks        what was delivered, with bodies and signatures
//	GET  PUT       /_sandbox/channels/{channel}/webhook-settings WebhookSettings: delay, jitter, shuffle, duplicate, drop, loseAnswer, ...
//	POST           /_sandbox/channels/{channel}/redeliver       {"events": [ids]}; none: all that are remembered
//	GET  POST      /_sandbox/users                              UserSpec, or {"count": n}
//	GET            /_sandbox/users/{user}
//	POST           /_sandbox/users/{user}/{act}                 rename {"name"}, change-picture, remove-picture, delete
//	GET            /_sandbox/chats/{channel}/{user}             the person's screen: []ChatEntry
//	POST           /_sandbox/chats/{channel}/{user}/{act}       follow, block, unblock, text {"text"}, image {"media": {"data": base64}},
//	                                                            media {"media": Media}, sticker {"packageId", "stickerId"}, location,
//	                                                            postback {"data"}, unsend {"messageId"}
//	GET POST DELETE /_sandbox/faults, DELETE /_sandbox/faults/{id}   Fault
//	GET  PUT       /_sandbox/assumptions                        {"name": "value", ...}
//	GET  POST      /_sandbox/clock                              {"skewMs"} or {"advanceMs"}
//	GET  DELETE    /_sandbox/stats                              calls and statuses by endpoint, highest rolling rates
//	GET            /_sandbox/calls                              latest calls; ?endpoint=/message/push&channel=
//	GET            /_sandbox/violations                         what the app must never do and did
//	POST           /_sandbox/login/authorize                    {"url", "user", "deny", "addFriend"}: decide LINE Login's page; {"location"}
//	POST           /_sandbox/account-link                       {"url", "user"}: a person at the account link dialog; {"linked"}
//	POST           /_sandbox/login/id-token                     IDTokenSpec: an id token as a LIFF page gets it, or a wrong one
//	POST           /_sandbox/seed                               {"friends"}: a small world, if there is none
//	POST           /_sandbox/reset                              forget everything
//
// # Pages
//
// /_sandbox/ lists accounts with what an app needs to connect, /_sandbox/phone/{channel}/{user} is a person's phone,
// /_sandbox/trouble arms faults and shows the latest calls.
package linesandbox
