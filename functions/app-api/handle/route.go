package handle

import (
	"context"
	"strings"

	"lumo/shared/access"
	"lumo/shared/portal"
)

// route is one line of the API.
type route struct {
	method  string
	pattern string // below prefix; {name} stands for one segment
	action  access.Action
	do      func(context.Context, *call) (any, error)
	own     bool          // a write that keeps by itself what became of it
	live    bool          // a write that makes no sense while HubSpot is not connected
	audit   portal.Action // for writes that their domain does not note itself
}

const prefix = "/api/v1"

// Audit actions of writes that have no domain log of their own.
const (
	failuresRetried portal.Action = "failed_items_retried"
	importStarted   portal.Action = "import_started"
	friendUnlinked  portal.Action = "friend_unlinked"
	linkMade        portal.Action = "link_made"
	conflictDecided portal.Action = "conflict_decided"
	linksWritten    portal.Action = "links_written"
	importCanceled  portal.Action = "import_canceled"
	inboxResumed    portal.Action = "inbox_sync_resumed"
	inboxRemoved    portal.Action = "inbox_sync_removed"
	listChanged     portal.Action = "list_selection_changed"
	dataExported    portal.Action = "data_exported"

	broadcastDeleted    portal.Action = "broadcast_deleted"
	broadcastTested     portal.Action = "broadcast_tested"
	broadcastConfirmed  portal.Action = "broadcast_confirmed"
	broadcastCanceled   portal.Action = "broadcast_canceled"
	broadcastResumed    portal.Action = "broadcast_resumed"
	broadcastSettled    portal.Action = "broadcast_settled"
	broadcastingChanged portal.Action = "broadcasting_changed"

	templateKept    portal.Action = "template_kept"
	templateDeleted portal.Action = "template_deleted"
	quietChanged    portal.Action = "quiet_hours_changed"
	linkFormChanged portal.Action = "link_form_changed"
)

func routes() []route {
	return []route{
		{method: "GET", pattern: "/status", action: access.View, do: getStatus},
		{method: "GET", pattern: "/runs", action: access.View, do: getRuns},
		{method: "GET", pattern: "/runs/{run}", action: access.View, do: getRun},
		{method: "POST", pattern: "/sync", action: access.Sync, do: postSync, live: true},
		{method: "POST", pattern: "/sync/confirm", action: access.Sync, do: postConfirm, live: true},
		{method: "GET", pattern: "/changes", action: access.View, do: getChanges},
		{method: "GET", pattern: "/changes/export", action: access.View, do: getExport},
		{method: "POST", pattern: "/exports", action: access.View, do: postExport, own: true, audit: dataExported},
		{method: "GET", pattern: "/failures", action: access.View, do: getFailures},
		{method: "POST", pattern: "/failures/retry-all", action: access.Sync, do: postRetryAll, live: true, audit: failuresRetried},
		{method: "POST", pattern: "/failures/{failure}/retry", action: access.Sync, do: postRetry, live: true, audit: failuresRetried},
		{method: "GET", pattern: "/mappings", action: access.View, do: getMappings},
		{method: "POST", pattern: "/mappings", action: access.EditMappings, do: postMapping, live: true},
		{method: "PATCH", pattern: "/mappings/{property}", action: access.EditMappings, do: patchMapping, live: true},
		{method: "DELETE", pattern: "/mappings/{property}", action: access.EditMappings, do: deleteMapping},
		{method: "POST", pattern: "/mappings/{property}/recreate", action: access.EditMappings, do: postMappingRecreate, live: true},
		{method: "GET", pattern: "/properties", action: access.View, do: getProperties},
		{method: "GET", pattern: "/properties/{property}/options", action: access.View, do: getOptions},
		{method: "GET", pattern: "/properties/{property}/labels", action: access.View, do: getLabels},
		{method: "GET", pattern: "/lists", action: access.View, do: getLists},
		{method: "PATCH", pattern: "/lists/{list}", action: access.EditMappings, do: patchList, live: true, audit: listChanged},
		{method: "POST", pattern: "/lists/{list}/reread", action: access.Sync, do: postReread, live: true},
		{method: "GET", pattern: "/friends", action: access.View, do: getFriends},
		{method: "POST", pattern: "/friends/tags", action: access.EditFriends, do: postFriendTags, live: true},
		{method: "GET", pattern: "/friends/{slot}/{user}", action: access.View, do: getFriend},
		{method: "PATCH", pattern: "/friends/{slot}/{user}/fields", action: access.EditFriends, do: patchFields, live: true},
		{method: "GET", pattern: "/friends/{slot}/{user}/messages", action: access.View, do: getMessages},
		{method: "POST", pattern: "/friends/{slot}/{user}/messages", action: access.Send, do: postMessage, live: true, own: true},
		{method: "POST", pattern: "/friends/{slot}/{user}/messages/{message}/retry", action: access.Send, do: postMessageRetry, live: true, own: true},
		{method: "POST", pattern: "/friends/{slot}/{user}/unlink", action: access.EditFriends, do: postUnlink, live: true, audit: friendUnlinked},
		{method: "GET", pattern: "/friends/{slot}/{user}/links", action: access.View, do: getLinkHistory},
		{method: "POST", pattern: "/friends/{slot}/{user}/links", action: access.EditFriends, do: postDecision, live: true, audit: conflictDecided},
		{method: "GET", pattern: "/contacts/{contact}", action: access.View, do: getContact},
		{method: "GET", pattern: "/companies/{company}", action: access.View, do: getCompany},
		{method: "GET", pattern: "/groups/{slot}/{group}/messages", action: access.View, do: getMessages},
		{method: "POST", pattern: "/groups/{slot}/{group}/messages", action: access.Send, do: postMessage, live: true, own: true},
		{method: "POST", pattern: "/groups/{slot}/{group}/messages/{message}/retry", action: access.Send, do: postMessageRetry, live: true, own: true},
		{method: "POST", pattern: "/contacts/{contact}/links", action: access.EditFriends, do: postLink, live: true, own: true, audit: linkMade},
		{method: "GET", pattern: "/accounts", action: access.View, do: getAccounts},
		{method: "POST", pattern: "/accounts", action: access.ManageAccounts, do: postAccount, live: true},
		{method: "POST", pattern: "/accounts/{slot}/recheck", action: access.ManageAccounts, do: postRecheck, live: true},
		{method: "POST", pattern: "/accounts/{slot}/disconnect", action: access.ManageAccounts, do: postAccountDisconnect},
		{method: "POST", pattern: "/accounts/{slot}/properties/{key}/recreate", action: access.ManageAccounts, do: postRecreate, live: true},
		{method: "POST", pattern: "/accounts/{slot}/forwards", action: access.ManageAccounts, do: postForward},
		{method: "DELETE", pattern: "/accounts/{slot}/forwards/{forward}", action: access.ManageAccounts, do: deleteForward},
		{method: "GET", pattern: "/accounts/{slot}/quota", action: access.View, do: getQuota},
		{method: "GET", pattern: "/accounts/{slot}/linking", action: access.View, do: getLinking},
		{method: "PUT", pattern: "/accounts/{slot}/linking", action: access.ManageAccounts, do: putLinking, live: true},
		{method: "POST", pattern: "/accounts/{slot}/links", action: access.EditFriends, do: postLinks, live: true, audit: linksWritten},
		{method: "GET", pattern: "/linking-form", action: access.View, do: getLinkForm},
		{method: "PUT", pattern: "/linking-form", action: access.EditMappings, do: putLinkForm, live: true, audit: linkFormChanged},
		{method: "PUT", pattern: "/accounts/{slot}/login", action: access.ManageAccounts, do: putLogin, live: true},
		{method: "GET", pattern: "/inbox", action: access.View, do: getInbox},
		{method: "POST", pattern: "/inbox/{slot}/resume", action: access.ManageAccounts, do: postInboxResume, live: true, audit: inboxResumed},
		{method: "POST", pattern: "/inbox/{slot}/remove", action: access.ManageAccounts, do: postInboxRemove, live: true, audit: inboxRemoved},
		{method: "GET", pattern: "/accounts/{slot}/import", action: access.View, do: getImport},
		{method: "POST", pattern: "/accounts/{slot}/import", action: access.ManageAccounts, do: postImport, live: true, audit: importStarted},
		{method: "DELETE", pattern: "/accounts/{slot}/import", action: access.ManageAccounts, do: deleteImport, audit: importCanceled},
		{method: "GET", pattern: "/tags", action: access.View, do: getTags},
		{method: "POST", pattern: "/tags", action: access.EditFriends, do: postTag, live: true},
		{method: "PATCH", pattern: "/tags/{slot}/{tag}", action: access.EditFriends, do: patchTag, live: true},
		{method: "GET", pattern: "/segments", action: access.View, do: getSegments},
		{method: "POST", pattern: "/segments", action: access.Send, do: postSegment, live: true},
		{method: "GET", pattern: "/segments/choices", action: access.View, do: getSegmentChoices},
		{method: "POST", pattern: "/segments/estimate", action: access.View, do: postSegmentEstimate, live: true},
		{method: "GET", pattern: "/segments/{slot}/{segment}", action: access.View, do: getSegment},
		{method: "PUT", pattern: "/segments/{slot}/{segment}", action: access.Send, do: putSegment, live: true},
		{method: "POST", pattern: "/segments/{slot}/{segment}/copy", action: access.Send, do: postSegmentCopy, live: true},
		{method: "DELETE", pattern: "/segments/{slot}/{segment}", action: access.Send, do: deleteSegment},
		{method: "DELETE", pattern: "/tags/{slot}/{tag}", action: access.EditFriends, do: deleteTag, live: true},
		{method: "GET", pattern: "/tags/{slot}/{tag}/uses", action: access.View, do: getTagUses},
		{method: "POST", pattern: "/tags/{slot}/{tag}/copy", action: access.EditFriends, do: postTagCopy, live: true},
		{method: "POST", pattern: "/tags/{slot}/{tag}/restore", action: access.EditFriends, do: postTagRestore, live: true},
		{method: "GET", pattern: "/deleted-tags", action: access.View, do: getDeletedTags},
		{method: "GET", pattern: "/quiet-hours", action: access.View, do: getQuiet},
		{method: "PUT", pattern: "/quiet-hours", action: access.ChangeSettings, do: putQuiet, audit: quietChanged},
		{method: "GET", pattern: "/templates", action: access.View, do: getTemplates},
		{method: "POST", pattern: "/templates", action: access.Send, do: postTemplate, live: true, audit: templateKept},
		{method: "GET", pattern: "/templates/{slot}/{template}", action: access.View, do: getTemplate},
		{method: "PUT", pattern: "/templates/{slot}/{template}", action: access.Send, do: putTemplate, live: true, audit: templateKept},
		{method: "POST", pattern: "/templates/{slot}/{template}/copy", action: access.Send, do: postTemplateCopy, live: true, audit: templateKept},
		{method: "DELETE", pattern: "/templates/{slot}/{template}", action: access.Send, do: deleteTemplate, audit: templateDeleted},
		{method: "GET", pattern: "/broadcasts", action: access.View, do: getBroadcasts},
		{method: "POST", pattern: "/broadcasts", action: access.Send, do: postBroadcast, live: true},
		{method: "POST", pattern: "/broadcasts/estimate", action: access.Send, do: postEstimate, live: true},
		{method: "GET", pattern: "/broadcasts/{slot}/{broadcast}", action: access.View, do: getBroadcast},
		{method: "PUT", pattern: "/broadcasts/{slot}/{broadcast}", action: access.Send, do: putBroadcast, live: true},
		{method: "DELETE", pattern: "/broadcasts/{slot}/{broadcast}", action: access.Send, do: deleteBroadcast, audit: broadcastDeleted},
		{method: "GET", pattern: "/broadcasts/{slot}/{broadcast}/results", action: access.View, do: getBroadcastResults},
		{method: "POST", pattern: "/broadcasts/{slot}/{broadcast}/review", action: access.Send, do: postReview, live: true},
		{method: "POST", pattern: "/broadcasts/{slot}/{broadcast}/preview", action: access.Send, do: postPreview, live: true},
		{method: "POST", pattern: "/broadcasts/{slot}/{broadcast}/test", action: access.Send, do: postTest, live: true, audit: broadcastTested},
		{method: "POST", pattern: "/broadcasts/{slot}/{broadcast}/confirm", action: access.Send, do: postConfirmSend, live: true, audit: broadcastConfirmed},
		{method: "POST", pattern: "/broadcasts/{slot}/{broadcast}/cancel", action: access.Send, do: postCancel, audit: broadcastCanceled},
		{method: "POST", pattern: "/broadcasts/{slot}/{broadcast}/resume", action: access.Send, do: postResume, live: true, audit: broadcastResumed},
		{method: "POST", pattern: "/broadcasts/{slot}/{broadcast}/settle", action: access.Send, do: postSettle, audit: broadcastSettled},
		{method: "GET", pattern: "/accounts/{slot}/broadcasting", action: access.View, do: getBroadcasting},
		{method: "PUT", pattern: "/accounts/{slot}/broadcasting", action: access.ChangeSettings, do: putBroadcasting, audit: broadcastingChanged},
		{method: "GET", pattern: "/settings", action: access.View, do: getSettings},
		{method: "PATCH", pattern: "/settings", action: access.ChangeSettings, do: patchSettings},
		{method: "GET", pattern: "/audit", action: access.View, do: getAudit},
		{method: "GET", pattern: "/disconnect", action: access.View, do: getDisconnect},
		{method: "POST", pattern: "/disconnect", action: access.Disconnect, do: postDisconnect},
	}
}

// find returns the route and the values of its {named} segments.
func (h *Handler) find(method, path string) (*route, map[string]string) {
	rest, ok := strings.CutPrefix(path, prefix+"/")
	if !ok {
		return nil, nil
	}
	for i := range h.routes {
		r := &h.routes[i]
		if r.method != method {
			continue
		}
		if params, ok := match(r.pattern[1:], rest); ok {
			return r, params
		}
	}
	return nil, nil
}

func match(pattern, path string) (map[string]string, bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return nil, false
	}
	params := map[string]string{}
	for i, w := range want {
		switch {
		case strings.HasPrefix(w, "{"):
			params[w[1:len(w)-1]] = have[i]
		case w != have[i]:
			return nil, false
		}
	}
	return params, true
}

// subject names in the audit log what a write was about.
func (r *route) subject(c *call) string {
	for _, name := range []string{"broadcast", "template", "slot", "failure", "list", "what", "contact"} {
		if v := c.params[name]; v != "" {
			return v
		}
	}
	return ""
}

// Routes lists the API as the contract names it.
func Routes() []string {
	var out []string
	for _, r := range routes() {
		out = append(out, r.method+" "+r.pattern)
	}
	return out
}
