package lineproperty

import (
	"fmt"

	"lumo/shared/id"
)

// ForSlot lists the contact properties of P-43 with the names and labels of a slot (P-41). accountName goes into the descriptions.
func ForSlot(s id.Slot, accountName string) []Property {
	out := make([]Property, 0, len(catalog))
	for _, c := range catalog {
		c.Name += suffix(s)
		if s > 1 {
			c.Label += " " + s.String()
		}
		c.Group = GroupFor(s, accountName).Name
		c.Description = fmt.Sprintf("%s LINE Official Account: %s (slot %d). Written by Lumo.", c.Description, accountName, s)
		// A search takes at most five filter groups, and a portal at most ten unique properties: only the first slot spends one.
		c.Unique = c.Unique && s <= 1
		c.Options = append([]Option(nil), c.Options...)
		out = append(out, c)
	}
	return out
}

// Define returns one property of ForSlot.
func Define(k Key, s id.Slot, accountName string) (Property, bool) {
	for _, p := range ForSlot(s, accountName) {
		if p.Key == k {
			return p, true
		}
	}
	return Property{}, false
}

func text(k Key, name, label, description string) Property {
	return Property{Key: k, Name: name, Label: label, Description: description, Type: "string", FieldType: "text", DefaultOn: true}
}

func moment(k Key, name, label, description string) Property {
	return Property{Key: k, Name: name, Label: label, Description: description, Type: "datetime", FieldType: "date", DefaultOn: true}
}

func choice(k Key, name, label, description string, options ...Option) Property {
	for i := range options {
		options[i].Order = i
	}
	return Property{Key: k, Name: name, Label: label, Description: description, Type: "enumeration", FieldType: "select", Options: options, DefaultOn: true}
}

func with(p Property, change func(*Property)) Property {
	change(&p)
	return p
}

var catalog = []Property{
	with(text(UserID, "line_user_id", "LINE User ID", "The person's user ID at LINE; links the contact to the friend."), func(p *Property) { p.Unique = true }),
	text(DisplayName, "line_display_name", "LINE display name", "The name the person uses in LINE."),
	text(ProfileImage, "line_profile_image", "LINE profile image", "Address of the person's picture in LINE; LINE may change it at any time."),
	moment(FriendAddedDate, "line_friend_added_date", "LINE friend added date", "When the person became a friend; empty if that was before Lumo was connected."),
	choice(FollowStatus, "line_follow_status", "LINE follow status", "Whether the person can be reached.",
		Option{Label: "Following", Value: Following}, Option{Label: "Blocked", Value: Blocked}, Option{Label: "Unknown", Value: FollowUnknown}),
	with(choice(Tags, "line_tags", "LINE tag", "Tags put on the friend."), func(p *Property) { p.FieldType = "checkbox" }),
	text(BroadcastName, "last_line_broadcast_name", "Last broadcast name", "The last broadcast sent to the person."),
	moment(BroadcastDate, "last_line_broadcast_date", "Last broadcast date", "When the last broadcast was sent to the person."),
	moment(OpenDate, "last_line_open_date", "Last open date", "When the person last opened a message, as measured by Lumo; not LINE's read mark."),
	moment(ClickDate, "last_line_click_date", "Last click date", "When the person last clicked a link in a message."),
	moment(LinkedDate, "line_id_linked_date", "LINE ID linked date", "When contact and friend were linked."),
	choice(LinkMethod, "line_link_method", "LINE link method", "How contact and friend were linked.",
		Option{Label: "Link in an e-mail or page", Value: "email_link"}, Option{Label: "Link in a message", Value: "message_link"},
		Option{Label: "Account link in the chat", Value: "account_link"}, Option{Label: "Typed address, not verified", Value: "unverified"},
		Option{Label: "LINE User ID was in HubSpot", Value: "imported_id"}, Option{Label: "Matched automatically", Value: "auto_match"},
		Option{Label: "By hand", Value: "manual"}),
	text(TrafficSource, "line_traffic_source", "LINE traffic source", "The QR code or link that brought the person."),
	with(text(LastReceived, "line_last_received_message", "LINE last received message", "The last text the person wrote."), optionalText),
	with(text(LastSent, "line_last_sent_message", "LINE last sent message", "The last one-to-one message sent to the person."), optionalText),
	with(choice(NeedsReply, "line_needs_reply", "LINE needs reply", "The person wrote and no human has answered yet.",
		Option{Label: "Yes", Value: "true"}, Option{Label: "No", Value: "false"}), func(p *Property) { p.FieldType = "booleancheckbox" }),
	choice(Consent, "line_consent", "LINE consent", "Whether the person agreed to marketing messages.",
		Option{Label: "Granted", Value: "granted"}, Option{Label: "Withdrawn", Value: "withdrawn"}, Option{Label: "Unknown", Value: "unknown"}),
	with(text(LinkToken, "line_link_token", "LINE link token", "Secret part of the person's linking address."), func(p *Property) { p.Hidden = true }),
}

func optionalText(p *Property) {
	p.FieldType = "textarea"
	p.DefaultOn = false
}
