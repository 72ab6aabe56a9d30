package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	broadcasts "lumo/functions/broadcasts/handle"
	contactsync "lumo/functions/contact-sync/handle"
	deadletters "lumo/functions/dead-letters/handle"
	hubspotwebhooks "lumo/functions/hubspot-webhooks/handle"
	inboxrelay "lumo/functions/inbox-relay/handle"
	"lumo/functions/invoke"
	linewebhooks "lumo/functions/line-webhooks/handle"
	links "lumo/functions/links/handle"
	listsync "lumo/functions/list-sync/handle"
	workflowactions "lumo/functions/workflow-actions/handle"
	"lumo/shared/compose"
	"lumo/shared/queue"
)

// openFunctions declares the functions of the template and their event sources.
func (w *World) openFunctions() error {
	handlers := map[string]func(*compose.App) invoke.Handlers{
		"hubspot-webhooks": func(a *compose.App) invoke.Handlers { return hubspotwebhooks.New(hubspotwebhooks.FromApp(a)) },
		"line-webhooks":    func(a *compose.App) invoke.Handlers { return linewebhooks.New(linewebhooks.FromApp(a)) },
		"dead-letters":     func(a *compose.App) invoke.Handlers { return deadletters.New(deadletters.FromApp(a)) },
		"broadcasts":       func(a *compose.App) invoke.Handlers { return broadcasts.New(broadcasts.FromApp(a)) },
		"inbox-relay":      func(a *compose.App) invoke.Handlers { return inboxrelay.New(inboxrelay.FromApp(a)) },
		"links":            func(a *compose.App) invoke.Handlers { return links.New(links.FromApp(a)) },
		"workflow-actions": func(a *compose.App) invoke.Handlers { return workflowactions.New(workflowactions.FromApp(a)) },
		"contact-sync": func(a *compose.App) invoke.Handlers {
			d := contactsync.FromApp(a)
			w.options.Plant.contactSync(a, &d)
			return contactsync.New(d)
		},
		"list-sync": func(a *compose.App) invoke.Handlers {
			d := listsync.FromApp(a)
			w.options.Plant.listSync(a, &d, &w.seen)
			return listsync.New(d)
		},
	}
	names := queueNames(w.system)
	live, dead := map[queue.Queue]string{}, map[queue.Queue]string{}
	for _, q := range queue.All() {
		live[q], dead[q] = names[string(q)], names[string(q)+"Dead"]
	}
	for _, f := range w.system.Functions {
		folder := folderOf(f)
		fn := &function{Function: f, folder: folder}
		fn.open = func(e *environment) *invoke.Function {
			app, err := w.newApp(f)
			if err != nil {
				w.fail("open %s: %v", folder, err)
				return nil
			}
			e.app = app
			build := handlers[folder]
			if build == nil {
				return nil // reached through perform only
			}
			return invoke.New(build(app), live, dead, app.Log, app.Clock)
		}
		w.functions[folder] = fn
		for _, s := range f.Sources {
			q, _ := w.system.Queue(s.Queue)
			w.sources = append(w.sources, &source{Source: s, fn: fn, url: "https://sqs.sim/000000000000/" + s.Queue, hidden: time.Duration(q.Visibility()) * time.Second})
		}
	}
	for _, name := range []string{"hubspot-webhooks", "line-webhooks", "contact-sync", "list-sync", "dead-letters", "oauth", "app-api"} {
		if w.functions[name] == nil {
			return fmt.Errorf("template.yaml has no function %s", name)
		}
	}
	return nil
}

// errGone: the process died, so nobody knows what it did.
var errGone = errors.New("no answer")

// perform does a piece of work as a function of this folder would, for what a person does on a page of ours.
func (w *World) perform(folder, what string, work func(context.Context, *compose.App) error, then func(error)) {
	fn := w.functions[folder]
	t := &task{name: folder + ": " + what}
	err := errGone
	t.then = append(t.then, func() { then(err) })
	w.start(w.now, t, func() {
		env := w.environment(fn)
		t.env = env
		env.tasks = append(env.tasks, t)
		w.weather.trouble(t)
		began := w.now
		deadline := began.Add(fn.Timeout)
		limit := w.at(deadline, func() { w.timeout(t) })
		t.then = append(t.then, func() { limit.off = true; w.vacate(env, t, began) })
		w.trace("perform %s", what)
		ctx := lambdacontext.NewContext(functionContext{context.Background(), deadline}, &lambdacontext.LambdaContext{})
		got := work(ctx, env.app)
		env.app.Release(ctx)
		err = got
		w.trace("performed %s: %v", what, err != nil)
	})
}
