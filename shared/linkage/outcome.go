package linkage

// Outcome is what a step of a linking came to. Each has its page; all but Linked and AlreadyLinked link nothing. docs/linkage.md lists them.
type Outcome string

const (
	// Confirm: the person is asked whether the address is theirs.
	Confirm Outcome = "confirm"
	// Invalid: no link of ours, or one that was changed.
	Invalid Outcome = "invalid"
	// Expired: too old.
	Expired Outcome = "expired"
	// Used: another LINE user has used it, or its link was ended since.
	Used Outcome = "used"
	// Declined: the person said that the address is not theirs.
	Declined Outcome = "declined"
	// Denied: the person canceled at LINE.
	Denied Outcome = "denied"
	// Elsewhere: LINE came back to another browser than the one that began, or with a state that is not this attempt's.
	Elsewhere Outcome = "elsewhere"
	// Over: the attempt took too long, or LINE came back twice.
	Over Outcome = "over"
	// NotProven: LINE's answer does not hold.
	NotProven Outcome = "not_proven"
	// AddFriend: LINE does not know the person as a friend of the account yet.
	AddFriend Outcome = "add_friend"
	// OtherProvider: the Login channel and the account belong to different providers, so the user id means nobody here.
	OtherProvider Outcome = "other_provider"
	// InConflict: another contact or another friend has the place; people decide (P-31).
	InConflict Outcome = "conflict"
	// Linked: handed to the contact sync.
	Linked Outcome = "linked"
	// AlreadyLinked: they were one before.
	AlreadyLinked Outcome = "already_linked"
	// InChat: the account has no LINE Login channel; a word in the chat brings a personal link.
	InChat Outcome = "in_chat"
	// AtLine: the contact is proven, and LINE has yet to tell that the friend is the one who asked.
	AtLine Outcome = "at_line"
	// Unavailable: the company has ended or not finished the connection.
	Unavailable Outcome = "unavailable"
	// TooMany: this origin has tried too many links that do not exist.
	TooMany Outcome = "too_many"
)

// Done tells whether friend and contact are linked, or will be in a moment.
func (o Outcome) Done() bool { return o == Linked || o == AlreadyLinked }
