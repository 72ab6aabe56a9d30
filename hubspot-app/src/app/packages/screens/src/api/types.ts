// Written by tools/types.mjs from docs/openapi/app-api.yaml; change that and run `npm run types`.

/** Unix milliseconds */
export type Time = number;

/** Permanent number of a LINE account in this portal (P-41) */
export type Slot = number;

export type LineUserID = string;

export type ContactID = string;

/** Made by the client, new for each thing the user does */
export type RequestID = string;

export interface Problem {
  ok: false;
  error: {
    code: Code;
    /** An English sentence */
    message: string;
    /** What the problem is about */
    field?: string;
    /** HubSpot's, LINE's or our own number to quote */
    correlationId?: string;
  };
}

/** INVALID_INPUT: `field` is missing, malformed or out of bounds · NOT_FOUND, NO_SUCH_ROUTE, NO_SUCH_ACCOUNT, NO_SUCH_FRIEND, NO_SUCH_TAG, NO_SUCH_PROPERTY, NO_SUCH_FAILURE: nothing of that name · UNAUTHORIZED, UNKNOWN_PORTAL: the caller is not a user of a portal with the app · PERMISSION_DENIED: the user may not do this · NOT_CONNECTED, RECONNECT_HUBSPOT: HubSpot must be connected first · PERMISSION_NEEDED: HubSpot or LINE lets the app not do this · PROVIDER_UNAVAILABLE: try again in a minute · PROVIDER_REFUSED: HubSpot's or LINE's own reason · REQUEST_RUNNING: the same request is still being worked on · REQUEST_ID_REUSED: the id belongs to another request · FRIEND_BLOCKED, FRIEND_UNVERIFIED, ACCOUNT_DISCONNECTED: LINE would not deliver · FRIEND_UNLINKED: not the contact of this friend (any more) · NO_SUCH_MESSAGE: nobody wrote it here · MESSAGE_FINAL: trying again could change nothing, or send it twice · CHANGED_MEANWHILE: somebody else changed the same thing, try again · INTERNAL: our fault */
export type Code =
  | 'INVALID_INPUT'
  | 'NOT_FOUND'
  | 'NO_SUCH_ROUTE'
  | 'UNAUTHORIZED'
  | 'UNKNOWN_PORTAL'
  | 'PERMISSION_DENIED'
  | 'TOO_LARGE'
  | 'ANSWER_TOO_LARGE'
  | 'INTERNAL'
  | 'REQUEST_RUNNING'
  | 'REQUEST_ID_REUSED'
  | 'NOT_CONNECTED'
  | 'RECONNECT_HUBSPOT'
  | 'PERMISSION_NEEDED'
  | 'PROVIDER_UNAVAILABLE'
  | 'PROVIDER_REFUSED'
  | 'CHANGED_MEANWHILE'
  | 'NO_SUCH_FAILURE'
  | 'CANNOT_RETRY'
  | 'ALREADY_MAPPED'
  | 'NO_SUCH_PROPERTY'
  | 'NOT_MAPPABLE'
  | 'OWN_PROPERTY'
  | 'TOO_MANY_MAPPINGS'
  | 'UNKNOWN_RULE'
  | 'NOT_MAPPED'
  | 'RULE_FIXED'
  | 'NOTHING_TO_CHANGE'
  | 'NO_SUCH_ACCOUNT'
  | 'NO_SUCH_TAG'
  | 'TOO_MANY_FRIENDS'
  | 'NO_SUCH_FRIEND'
  | 'FIELD_ONE_WAY'
  | 'FIELD_HUBSPOT_ALWAYS'
  | 'FIELD_PAUSED'
  | 'INVALID_VALUE'
  | 'TOO_MANY_FIELDS'
  | 'PREVIEW_FIRST'
  | 'VALUE_TOO_LONG'
  | 'FORWARD_REFUSED'
  | 'LOGIN_CHANNEL_REFUSED'
  | 'NO_LOGIN_CHANNEL'
  | 'NO_SUCH_CONFLICT'
  | 'UNDO_TOO_LATE'
  | 'NO_LINK_PROPERTY'
  | 'LINKS_RUNNING'
  | 'NO_SUCH_CONTACT'
  | 'LINE_NOT_VERIFIED'
  | 'IMPORT_RUNNING'
  | 'INVALID_NAME'
  | 'NAME_TAKEN'
  | 'TOO_MANY_TAGS'
  | 'TAG_EXPIRED'
  | 'CHOICES_UNKNOWN'
  | 'SAME_ACCOUNT'
  | 'FRIEND_BLOCKED'
  | 'NO_SUCH_GROUP'
  | 'GROUP_LEFT'
  | 'LINKING_IN_GROUP'
  | 'FRIEND_UNLINKED'
  | 'INBOX_NOT_CONNECTED'
  | 'INBOX_CHANNEL_GONE'
  | 'FRIEND_UNVERIFIED'
  | 'ACCOUNT_DISCONNECTED'
  | 'NO_SUCH_MESSAGE'
  | 'MESSAGE_FINAL'
  | 'NO_SUCH_LIST'
  | 'LIST_DELETED'
  | 'LIST_TOO_LARGE'
  | 'NO_SUCH_TEMPLATE'
  | 'TOO_MANY_TEMPLATES'
  | 'NO_SUCH_BROADCAST'
  | 'WRONG_STATUS'
  | 'AUDIENCE_UNUSABLE'
  | 'AUDIENCE_EMPTY'
  | 'AUDIENCE_PREPARING'
  | 'NO_SUCH_SEGMENT'
  | 'TOO_MANY_SEGMENTS'
  | 'SEGMENT_IN_USE'
  | 'SEGMENT_EMPTY'
  | 'SEGMENT_TOO_LARGE'
  | 'CONDITION_TYPE'
  | 'CONDITION_OPERATOR'
  | 'CONDITION_VALUE'
  | 'CONDITION_TAG'
  | 'CONDITION_PROPERTY'
  | 'CONDITION_LIST'
  | 'CONDITION_LIST_UNREADABLE'
  | 'CONDITION_BROADCAST'
  | 'CONDITION_NOT_TRACKED'
  | 'CONDITION_LIST_READING'
  | 'CONDITION_FIRST_SYNC'
  | 'INVALID_TIME'
  | 'INVALID_TEST_USERS'
  | 'BUBBLES_TOO_LARGE'
  | 'INVALID_CHOICE'
  | 'TRACKING_OFF'
  | 'REVIEW_FAILED'
  | 'BUBBLE_COUNT'
  | 'BUBBLE_KIND'
  | 'BUBBLE_EMPTY'
  | 'BUBBLE_TOO_LONG'
  | 'BUBBLE_TEXT'
  | 'BUBBLE_URL'
  | 'BUBBLE_EMOJI'
  | 'BUBBLE_STICKER'
  | 'BUBBLE_AREA'
  | 'BUBBLE_CARDS'
  | 'BUBBLE_ACTION'
  | 'BUBBLE_JSON'
  | 'BUBBLE_TOO_LARGE'
  | 'BUBBLE_QUICK_REPLIES'
  | 'BUBBLE_MERGE_FIELD'
  | 'BUBBLE_MERGE_FALLBACK'
  | 'BUBBLE_MERGE_SYNTAX'
  | 'BUBBLE_MERGE_URL';

export type FollowStatus = 'following' | 'blocked' | 'unknown';

/** Which side wins (P-39, P-40) */
export type Rule = 'newest_wins' | 'hubspot_always' | 'lumo_always' | 'hubspot_fill_if_empty';

export type Side = 'hubspot' | 'lumo';

/** Why that side won */
export type Reason =
  | 'only_hubspot'
  | 'only_lumo'
  | 'newer_in_hubspot'
  | 'newer_in_lumo'
  | 'tie_hubspot'
  | 'by_rule'
  | 'filled_empty'
  | 'link_ended';

export type FieldStatus =
  | 'active'
  | 'waiting_first_sync'
  | 'paused'
  | 'error_property_deleted'
  | 'error_type_changed'
  | 'error_no_permission';

export type RunStatus = 'syncing' | 'applying' | 'complete' | 'complete_with_errors' | 'failed';

export type Extent = 'all' | 'contacts' | 'lists' | 'contact';

export type Trigger = 'initial' | 'automatic' | 'nightly' | 'manual';

export type PortalState = 'pending' | 'connected' | 'reconnect' | 'removed';

export type AccountState = 'active' | 'disconnected';

export interface Text {
  en: string;
  ja: string;
}

export interface Check {
  code: string;
  outcome: 'pass' | 'fail' | 'warn' | 'skipped';
  /** The provider's own reason, or a value to show */
  detail: string;
  title: Text;
  hint: Text;
}

export interface Confirmed {
  confirmed: boolean;
}

/** How many values of a field a dry run would change on either side */
export interface FieldChanges {
  field: string;
  lumo: number;
  hubspot: number;
}

export interface Notice {
  /** RECONNECT_HUBSPOT, DISCONNECTED, FINISHING_SETUP, PERMISSION_NEEDED, PREVIEW_NEEDED, CONNECT_LINE; alerts: RUNS_FAIL, ITEMS_FAIL, NOT_NORMAL, LINE_CHECK_FAILED */
  code: string;
  message: string;
  slot: number | null;
  /** Unix milliseconds */
  since: number | null;
}

export interface Counters {
  /** Everybody who ever was a friend of a connected account */
  friends: number;
  accounts: number;
  mappings: number;
  /** HubSpot lists in the index */
  lists: number;
  failures: number;
}

export interface Status {
  connection: PortalState;
  state: 'Normal' | 'Syncing' | 'Applying' | 'Failed';
  timeZone: string;
  banner: Notice | null;
  run: RunningRun | null;
  lastRun: Run | null;
  /** None is running, and the next one begins by itself within about a minute */
  runDue: boolean;
  counters: Counters;
  alerts: Notice[];
}

export interface RunError {
  code: string;
  message: string;
}

export interface Run {
  id: string;
  trigger: Trigger;
  actor: string | null;
  extent: Extent;
  /** Everybody was compared, not only what changed */
  full: boolean;
  contactId: string | null;
  dryRun: boolean;
  status: RunStatus;
  startedAt: Time;
  /** Unix milliseconds */
  endedAt: number | null;
  /** Contacts whose data was compared */
  contacts: number;
  lists: number;
  failed: number;
  error: RunError | null;
  /** Calls of HubSpot that the run itself made; null while there are none */
  apiCalls: number | null;
}

export interface RunningRun {
  id: string;
  trigger: Trigger;
  actor: string | null;
  extent: Extent;
  /** Everybody was compared, not only what changed */
  full: boolean;
  contactId: string | null;
  dryRun: boolean;
  status: RunStatus;
  startedAt: Time;
  /** Unix milliseconds */
  endedAt: number | null;
  /** Contacts whose data was compared */
  contacts: number;
  lists: number;
  failed: number;
  error: RunError | null;
  /** Calls of HubSpot that the run itself made; null while there are none */
  apiCalls: number | null;
  read: number;
  /** 0 while unknown */
  expected: number;
  /** Contacts that HubSpot must still be told of */
  pending: number;
  percent: number | null;
  secondsLeft: number | null;
}

export interface RunDetail {
  id: string;
  trigger: Trigger;
  actor: string | null;
  extent: Extent;
  /** Everybody was compared, not only what changed */
  full: boolean;
  contactId: string | null;
  dryRun: boolean;
  status: RunStatus;
  startedAt: Time;
  /** Unix milliseconds */
  endedAt: number | null;
  /** Contacts whose data was compared */
  contacts: number;
  lists: number;
  failed: number;
  error: RunError | null;
  read: number;
  /** 0 while unknown */
  expected: number;
  /** Contacts that HubSpot must still be told of */
  pending: number;
  percent: number | null;
  secondsLeft: number | null;
  /** Unix milliseconds */
  durationMs: number | null;
  counts: Counts;
  /** Calls of HubSpot that the run itself made; null while there are none */
  apiCalls: number | null;
  /** Changes of a dry run by field */
  fields: FieldChanges[];
  /** First changes of a dry run */
  samples: Change[];
  failures: Failure[];
}

/** Of contacts; `dirty` are those that HubSpot must be told of */
export interface Counts {
  read: number;
  matched: number;
  linked: number;
  updated: number;
  unchanged: number;
  conflicts: number;
  invalid: number;
  failed: number;
  dirty: number;
}

export interface RunPage {
  items: Run[];
  next: string | null;
}

/** `reason` says why nothing was started */
export interface Started {
  started: boolean;
  reason?: 'RUNNING' | 'COOLDOWN';
  run: RunningRun | null;
}

export interface Cause {
  kind: 'run' | 'edit' | 'event' | 'flush' | 'other';
  run: string | null;
  /** HubSpot user id of an edit made here */
  user: string | null;
}

export interface Change {
  slot: number;
  user: string;
  contactId: string | null;
  field: string;
  /** The side whose value changed */
  to: 'hubspot' | 'lumo';
  old: string;
  new: string;
  clipped: boolean;
  winner: string;
  reason: string;
  rule: Rule;
  /** Unix milliseconds */
  hubspotAt: number | null;
  /** It was edited in HubSpot at that time or before */
  hubspotAtIsBound: boolean;
  /** Unix milliseconds */
  lumoAt: number | null;
  cause: Cause;
  at: Time;
}

export interface ChangePage {
  items: Change[];
  next: string | null;
}

export interface Export {
  columns: string[];
  rows: string[][];
  next: string | null;
}

export interface CreateExport {
  requestId?: RequestID;
  what: 'changes' | 'failures' | 'runs' | 'friends';
  filter?: Record<string, string>;
  language?: 'en' | 'ja';
}

export interface ExportLink {
  url: string;
  expiresAt: Time;
}

export interface Failure {
  id: string;
  kind: 'write_back' | 'link' | 'read' | 'dead_letter' | 'message';
  slot: number | null;
  user: string | null;
  contactId: string | null;
  code: string;
  message: string;
  properties: string[];
  correlationId: string | null;
  runId: string | null;
  firstAt: Time;
  lastAt: Time;
}

export interface FailurePage {
  items: Failure[];
  next: string | null;
}

export interface Retried {
  retried: number;
  refused: number;
  next: string | null;
}

export interface Mapping {
  property: string;
  label: string;
  appField: string;
  type: string;
  fieldType: string;
  rule: Rule;
  ruleFixed: boolean;
  /** Flows from HubSpot only */
  oneWay: boolean;
  status: FieldStatus;
  todo: 'WAIT_FOR_RUN' | 'RESUME' | 'RESTORE_PROPERTY' | 'MAP_AGAIN' | 'GRANT_PERMISSION' | null;
  /** Unix milliseconds */
  addedAt: number | null;
  addedBy: string | null;
}

export interface MappingList {
  items: Mapping[];
  max: number;
}

export interface Settled {
  mapping: Mapping;
  run: RunningRun | null;
  queued: boolean;
}

export interface Removed {
  removed: boolean;
}

export interface Candidate {
  name: string;
  label: string;
  group: string;
  type: string;
  fieldType: string;
  fit: 'both' | 'one_way' | 'none';
  mapped: boolean;
}

export interface PropertyOption {
  value: string;
  label: string;
}

export interface OptionList {
  items: PropertyOption[];
  more: boolean;
}

export interface CandidatePage {
  items: Candidate[];
  next: string | null;
}

export interface List {
  id: string;
  name: string;
  kind: 'active' | 'static';
  /** null while HubSpot is computing it */
  size: number | null;
  /** Unix milliseconds */
  seenAt: number | null;
  /** on Sync Data */
  selected: boolean;
  state: ListState;
  /** how many are stored */
  members: number | null;
  /** Unix milliseconds */
  membersAsOf: number | null;
  /** how many were read so far, while the list is read */
  read: number | null;
  /** how long reading all of them takes */
  readSeconds: number;
  usedBy: ListUse[];
}

export type ListState =
  | 'not_selected'
  | 'waiting'
  | 'reading'
  | 'current'
  | 'outdated'
  | 'deleted'
  | 'too_large'
  | 'refused';

export interface ListUse {
  /** segment, broadcast, workflow */
  kind: string;
  id: string;
  name: string;
}

export interface ChangeList {
  selected: boolean;
  requestId?: RequestID;
}

export interface ListPage {
  items: List[];
  next: string | null;
}

export interface Link {
  state: 'unlinked' | 'linked' | 'conflict';
  contactId: string | null;
  /** The other contact of a conflict */
  claimantId: string | null;
  method: string | null;
  /** Unix milliseconds */
  at: number | null;
  actor: string | null;
}

export interface TagName {
  id: string;
  name: string;
}

export interface Friend {
  slot: number;
  user: string;
  name: string;
  picture: string | null;
  follow: FollowStatus;
  /** Unix milliseconds */
  friendSince: number | null;
  /** Unix milliseconds */
  lastMessageAt: number | null;
  needsReply: boolean;
  link: Link;
  tags: TagName[];
  /** HubSpot refused something */
  failed: boolean;
  /** HubSpot must still be told of something */
  pending: boolean;
}

export interface FriendPage {
  items: Friend[];
  next: string | null;
}

export interface Edit {
  value: string;
  /** Unix milliseconds */
  at: number | null;
  /** At that time or before */
  atIsBound: boolean;
}

/** What HubSpot was last seen to hold */
export interface Held {
  value: string;
  /** Unix milliseconds */
  asOf: number | null;
}

/** How the value came to change last */
export interface Why {
  old: string;
  new: string;
  winner: string | null;
  reason: string | null;
  cause: Cause;
  at: Time;
}

export interface Field {
  property: string;
  label: string;
  type: string;
  fieldType: string;
  rule: Rule;
  status: FieldStatus;
  /** null while nobody ever set it */
  value: string | null;
  /** The value is longer; do not offer to edit it */
  clipped: boolean;
  winner: string | null;
  reason: string | null;
  /** HubSpot's history must be read before it is certain who wins */
  undecided: boolean;
  pending: boolean;
  editable: boolean;
  /** Why it is not editable */
  refusal: 'FIELD_ONE_WAY' | 'FIELD_HUBSPOT_ALWAYS' | 'FIELD_PAUSED' | null;
  lumo: Edit | null;
  hubspot: Edit | null;
  held: Held | null;
  why: Why | null;
}

export interface Message {
  id: string;
  direction: 'in' | 'out';
  /** text, image, video, audio, file, location, sticker, or what LINE comes up with */
  type: string;
  /** Of other kinds what describes it, such as the name of a file */
  text: string;
  /** Address of a picture that was sent from here, or, good for a day at least, of the picture or file that the friend sent */
  image: string | null;
  preview: string | null;
  /** The friend took it back */
  unsent: boolean;
  at: Time;
  /** Of messages from here. failed: certainly not sent; unclear: nobody knows, and nothing is tried by itself any more */
  status: 'sending' | 'sent' | 'failed' | 'unclear' | null;
  code: MessageCode | null;
  /** LINE's own words */
  reason: string | null;
  /** LINE's request id, of one that was not sent */
  correlationId: string | null;
  /** The HubSpot user who wrote it */
  by: string | null;
  /** How many messages of the account's quota it took (P-85); 0 is a free reply */
  cost: number | null;
  /** It can be tried again */
  retry: boolean;
}

/** Why a message is not sent */
export type MessageCode =
  | 'FRIEND_BLOCKED'
  | 'FRIEND_UNVERIFIED'
  | 'ACCOUNT_DISCONNECTED'
  | 'NO_SUCH_FRIEND'
  | 'NO_SUCH_GROUP'
  | 'GROUP_LEFT'
  | 'LINKING_IN_GROUP'
  | 'INTEGRATION_OFF'
  | 'OUTCOME_UNKNOWN'
  | 'LINE_QUOTA_USED_UP'
  | 'LINE_UNKNOWN_RECIPIENT'
  | 'LINE_REFUSED'
  | 'LINE_CREDENTIALS_REFUSED'
  | 'NOT_SENT_IN_TIME'
  | 'INTERNAL';

export interface MessagePage {
  items: Message[];
  next: string | null;
}

export interface Unlinked {
  queued: boolean;
}

export interface SentMessage {
  message: Message;
}

export interface FriendDetail {
  slot: number;
  user: string;
  name: string;
  picture: string | null;
  follow: FollowStatus;
  /** Unix milliseconds */
  friendSince: number | null;
  /** Unix milliseconds */
  lastMessageAt: number | null;
  needsReply: boolean;
  link: Link;
  tags: TagName[];
  /** HubSpot refused something */
  failed: boolean;
  /** HubSpot must still be told of something */
  pending: boolean;
  fields: Field[];
  /** On the card: the last 20, newest first */
  messages?: Message[];
}

export interface Tagged {
  changed: number;
  unchanged: number;
  /** No friends of the account */
  missing: LineUserID[];
  /** Have as many tags as a friend can have */
  full: LineUserID[];
}

export interface AccountName {
  slot: number;
  name: string;
  picture: string | null;
  state: AccountState;
}

export interface Card {
  contactId: string;
  state: 'integration_off' | 'no_account' | 'not_linked' | 'linked' | 'blocked' | 'conflict';
  friends: FriendDetail[];
  accounts: AccountName[];
  /** Of a contact that is not linked: it has a link that nobody used yet, or its LINE User ID does not work (P-33) */
  claim: 'pending' | 'id_malformed' | 'id_not_valid' | null;
}

export interface Forward {
  id: string;
  url: string;
  addedAt: number;
  /** Unix milliseconds */
  lastAt: number | null;
  /** OK, STATUS, TIMEOUT, CONNECT, REFUSED_ADDRESS */
  lastCode: string | null;
  lastStatus: number | null;
  /** In a row */
  failures: number;
}

export interface LineProperty {
  key: string;
  name: string;
  status: 'active' | 'deleted' | 'retyped' | 'refused';
  adopted: boolean;
  instead: string | null;
  reason: string | null;
}

/** The channel secret is never shown */
export interface Account {
  slot: number;
  bot: string;
  name: string;
  basicId: string;
  picture: string | null;
  channelId: string;
  state: AccountState;
  verified: 'yes' | 'no' | 'unknown';
  webhookUrl: string;
  previousWebhook: string | null;
  checks: Check[];
  /** Unix milliseconds */
  checkedAt: number | null;
  forwards: Forward[];
  properties: LineProperty[];
  friends: number;
  /** Unix milliseconds */
  connectedAt: number | null;
  /** Unix milliseconds */
  disconnectedAt: number | null;
}

export interface DecideLink {
  requestId?: RequestID;
  choice: 'move' | 'keep' | 'undo';
  /** Not needed for undo */
  contact?: string;
}

export interface Decided {
  decided: boolean;
}

export interface LinkHistory {
  items: LinkEntry[];
  next: string | null;
}

export interface LinkEntry {
  contactId: string;
  method:
    | 'email_link'
    | 'message_link'
    | 'account_link'
    | 'unverified'
    | 'imported_id'
    | 'auto_match'
    | 'manual'
    | null;
  /** What proved it, such as link:ab12… or code:ab12…; no secret */
  proof: string | null;
  /** person, hubspot (the LINE User ID was there), or user:<HubSpot user id> */
  actor: string | null;
  /** Unix milliseconds */
  at: number | null;
  /** Unix milliseconds; null while it lasts */
  until: number | null;
  why: 'unlinked' | 'contact_deleted' | 'contact_merged' | 'place_taken' | 'moved' | 'undone' | null;
  /** user:<HubSpot user id> */
  endedBy: string | null;
}

export interface Linking {
  slot: number;
  loginChannelId: string | null;
  /** Friends who open the form are matched by the address that LINE has verified (P-28) */
  loginEmail: boolean;
  /** Written to the account, it asks for a linking link */
  word: string | null;
  /** The postback data of a button that asks for a linking link */
  buttonData: string;
  /** A typed e-mail address links without a code, as "unverified" (P-25) */
  unverified: boolean;
  /** The form's address may name a contact by its id, which proves nothing (P-21) */
  plainIds: boolean;
  /** For e-mails, where plainIds is on: HubSpot fills in the contact's id */
  plainAddress: string | null;
  /** Must be registered at the LINE Login channel */
  callbackUrl: string;
  /** The address behind a button of a HubSpot e-mail; HubSpot fills in the contact's token */
  mergeAddress: string | null;
  /** What a message of the account links to, for friends who are not linked yet (P-23) */
  formAddress: string | null;
  /** The QR code of formAddress, a PNG */
  formPicture: string | null;
  coverage: Coverage;
  writing: LinkWriting | null;
}

export interface Coverage {
  friends: number;
  following: number;
  linked: number;
  /** false: too many to be counted at once; these are of the first */
  whole: boolean;
}

/** The newest writing of tokens to a list's contacts */
export interface LinkWriting {
  slot: number;
  list: string;
  /** Unix milliseconds */
  startedAt: number;
  done: boolean;
  read: number;
  /** Contacts that got a token */
  made: number;
  /** Contacts that have a good one */
  kept: number;
  /** Contacts that HubSpot did not take */
  refused: number;
  /** The code of why it ended early */
  problem: string | null;
}

export interface WriteLinks {
  requestId?: RequestID;
  list: string;
}

export interface LinkForm {
  items: LinkField[];
  max: number;
}

export interface LinkField {
  property: string;
  type: LinkFieldType;
  /** Where it is empty, labelJa is shown */
  labelEn: string;
  /** Where it is empty, labelEn is shown */
  labelJa: string;
  required: boolean;
  /** Of a choice, as HubSpot had them when the form was saved */
  options: PropertyOption[];
}

export type LinkFieldType = 'text' | 'email' | 'phone' | 'choice';

export interface SetLinkForm {
  requestId?: RequestID;
  fields: {
    property: string;
    type: LinkFieldType;
    labelEn: string;
    labelJa: string;
    required: boolean;
  }[];
}

export interface SetLinking {
  requestId?: RequestID;
  /** Empty: no word asks for a linking link */
  word?: string;
  unverified?: boolean;
  plainIds?: boolean;
}

export interface SetLogin {
  requestId?: RequestID;
  channelId: string;
  /** Empty keeps the secret of the channel that is set */
  channelSecret: string;
  /** LINE has permitted the channel to ask for e-mail addresses */
  email?: boolean;
}

export interface MakeLink {
  requestId?: RequestID;
  slot: number;
  /** Do not ask whose address it is (P-22) */
  direct?: boolean;
}

export interface MadeLink {
  address: string;
  /** The address's QR code, a PNG */
  picture: string;
  /** The contact's masked e-mail address, as the page shows it */
  hint: string | null;
  contactId: string;
  /** Unix milliseconds */
  endsAt: number;
}

export interface AccountList {
  items: Account[];
  next: string | null;
}

export interface Outcome {
  connected: boolean;
  account: Account | null;
  checks: Check[];
}

export interface Import {
  id: string;
  status: ImportStatus;
  actor: string | null;
  startedAt: Time;
  /** Unix milliseconds */
  endedAt: number | null;
  seen: number;
  added: number;
  failed: number;
  canceling: boolean;
  error: RunError | null;
  /** How LINE itself counts the account's friends (P-145); null while an import runs, and where LINE does not tell */
  reach: {
    /** Who do not block the account */
    friends: number;
    /** Unix milliseconds of the beginning of the counted day, in Japan */
    day: number;
  } | null;
}

export type ImportStatus = 'waiting' | 'processing' | 'completed' | 'canceled' | 'failed';

export interface CompanyCard {
  companyId: string;
  /** groups_off: the option is off and the company stands for no group */
  state: 'integration_off' | 'groups_off' | 'no_group' | 'groups';
  accounts: AccountName[];
  groups: GroupChat[];
}

export interface GroupChat {
  slot: Slot;
  id: string;
  name: string;
  pictureUrl: string | null;
  /** The account is in the group */
  present: boolean;
  /** P-98: so is a friend */
  active: boolean;
  /** The account not counted */
  members: number;
  /** Members of whom LINE told */
  people: GroupPerson[];
  /** Unix milliseconds */
  joinedAt: number | null;
  messages: Message[];
}

export interface GroupPerson {
  user: LineUserID;
  name: string;
  contactId: string | null;
}

export type InboxState = 'waiting' | 'connected' | 'paused' | 'removed';

export interface Inbox {
  slot: Slot;
  name: string;
  state: InboxState;
  /** Why it is paused: INBOX_CHANNEL_GONE, INBOX_PERMISSION */
  code: string | null;
  /** HubSpot's id of the inbox */
  inboxId: string | null;
  changedAt: number | null;
  /** When a friend's message was last shown in HubSpot */
  lastInAt: number | null;
  /** When a message last went to LINE */
  lastOutAt: number | null;
}

export interface InboxList {
  items: Inbox[];
  next: string | null;
}

export interface Quota {
  limited: boolean;
  /** null without a limit */
  quota: number | null;
  /** About; LINE counts with a delay */
  used: number;
  /** By broadcasts of this month that have not sent them yet */
  reserved: number;
}

export interface ImportState {
  status: ImportStatus;
  available: boolean;
  /** Why it is not available */
  why: 'LINE_NOT_VERIFIED' | 'NO_SUCH_ACCOUNT' | null;
  last: Import | null;
}

export interface ImportStarted {
  started: boolean;
  import: Import | null;
}

export interface TagRow {
  id: string;
  slot: number;
  name: string;
  friends: number | null;
  createdAt: Time;
  updatedAt: Time;
  /** Only an active tag can be given or used */
  state: 'active' | 'restoring' | 'copying';
}

export interface TagPage {
  items: TagRow[];
  next: string | null;
}

export interface DeletedTag {
  id: string;
  slot: Slot;
  name: string;
  /** How many had it; null until all friends were looked at */
  friends: number | null;
  createdAt: Time;
  updatedAt: Time;
  state: 'deleted';
  deletedAt: Time;
  deletedBy: string | null;
  restorableUntil: Time;
  /** Friends are still losing it */
  working: boolean;
}

export interface DeletedTagPage {
  items: DeletedTag[];
  next: string | null;
}

export interface TagUse {
  kind: 'broadcast' | 'segment' | 'workflow';
  id: string;
  /** Of a workflow its id: HubSpot does not tell its name */
  name: string;
  /** Of a broadcast */
  status: string | null;
  /** Of a workflow: when its step last named the tag, Unix milliseconds, to the hour */
  lastAt: number | null;
}

export interface TagUses {
  items: TagUse[];
  next: string | null;
}

export interface CopyTag {
  requestId?: RequestID;
  to: Slot;
  /** Empty for the same */
  name?: string;
  people: boolean;
}

export interface RestoreTag {
  requestId?: RequestID;
  /** Another name, where the old one was taken meanwhile */
  name?: string;
}

export interface TagResult {
  tag: TagRow;
  offered: boolean;
}

export interface Settings {
  contactPolicy: 'when_linked' | 'when_messaged' | 'always';
  nameFromLine: boolean;
  tagsTwoWay: boolean;
  /** Link contacts whose LINE User ID was filled in by other means */
  methodC: boolean;
  messageTexts: boolean;
  /** P-95: group chats become companies */
  groupChats: boolean;
  syncIntervalMinutes: number;
  /** IANA name; empty follows HubSpot */
  timeZone: string;
  alertEmails: string[];
  language: 'en' | 'ja';
}

export interface Portal {
  id: string;
  name: string;
  state: PortalState;
  reason: string | null;
  /** In effect */
  timeZone: string;
  uiDomain: string;
  installedBy: string | null;
  /** Unix milliseconds */
  installedAt: number | null;
}

/** What the calling user may do */
export interface May {
  sync: boolean;
  edit_friends: boolean;
  send_messages: boolean;
  edit_mappings: boolean;
  manage_accounts: boolean;
  change_settings: boolean;
  disconnect: boolean;
}

export interface SettingsPage {
  settings: Settings;
  portal: Portal;
  checks: Check[];
  may: May;
}

export interface AuditEntry {
  id: string;
  at: Time;
  /** null for the app itself */
  userId: number | null;
  email: string | null;
  action: string;
  subject: string | null;
  changes: {
    field: string;
    old: string;
    new: string;
  }[];
}

export interface AuditPage {
  items: AuditEntry[];
  next: string | null;
}

export interface Farewell {
  state: PortalState;
  accounts: AccountName[];
  friends: number;
  mappings: number;
  /** Friends of whom HubSpot has not learnt everything, up to 1,000 for each account */
  unsent: number;
  /** Scheduled ones go back to draft, those that are being sent stand still */
  broadcasts: {
    slot: Slot;
    id: string;
    name: string;
    status: 'scheduled' | 'sending';
    sendAt: number | null;
  }[];
  /** Accounts whose conversations are shown in HubSpot's inbox; that stops */
  inboxes: {
    slot: Slot;
    name: string;
  }[];
  failures: number;
  /** It has been disconnected */
  done: boolean;
}

export interface Plain {
  requestId?: RequestID;
}

export interface SyncRequest {
  requestId?: RequestID;
  extent: Extent;
  /** For extent contact */
  contact?: string;
  /** Compute everything and store nothing */
  dryRun?: boolean;
}

export interface RetryAll {
  requestId?: RequestID;
  cursor?: string;
}

export interface AddMapping {
  requestId?: RequestID;
  /** company_name stands for the name of the primary company */
  property: string;
  rule?: Rule;
}

export interface ChangeMapping {
  requestId?: RequestID;
  rule?: Rule;
  paused?: boolean;
}

export interface TagFriends {
  requestId?: RequestID;
  slot: Slot;
  users: LineUserID[];
  add?: string[];
  remove?: string[];
}

export interface UnlinkFriend {
  requestId?: RequestID;
  contact: ContactID;
}

/** Either text or image */
export interface SendMessage {
  requestId: RequestID;
  /** On whose card it was written; the friend must be linked to it */
  contact?: ContactID;
  /** At most 5,000 UTF-16 units, sent as it stands */
  text?: string;
  image?: {
    /** https, JPEG or PNG of at most 10 MB */
    url: string;
    /** https, at most 1 MB; without it the picture itself */
    preview?: string;
  };
}

export interface EditFields {
  requestId?: RequestID;
  /** By property. Dates as 2026-11-30, times as 2026-11-30T09:00:00Z, booleans as true or false */
  values: Record<string, string>;
}

export interface ConnectAccount {
  requestId?: RequestID;
  channelId: string;
  channelSecret: string;
  /** Forward events to the address that received them before */
  keepPrevious?: boolean;
}

export interface AddForward {
  requestId?: RequestID;
  url: string;
}

export interface NewTag {
  requestId?: RequestID;
  slot: Slot;
  name: string;
}

export interface RenameTag {
  requestId?: RequestID;
  name: string;
}

/** What is left out stays as it is */
export interface ChangeSettings {
  requestId?: RequestID;
  contactPolicy?: 'when_linked' | 'when_messaged' | 'always';
  nameFromLine?: boolean;
  tagsTwoWay?: boolean;
  methodC?: boolean;
  messageTexts?: boolean;
  /** P-95: group chats become companies */
  groupChats?: boolean;
  syncIntervalMinutes?: number;
  timeZone?: string;
  alertEmails?: string[];
  language?: 'en' | 'ja';
}

export interface Disconnect {
  requestId?: RequestID;
  confirm?: boolean;
}

export interface Empty {
  requestId?: RequestID;
}

export interface Deleted {
  deleted: true;
}

export interface BubbleAction {
  type: 'uri' | 'message' | 'postback';
  label?: string;
  uri?: string;
  text?: string;
  data?: string;
  displayText?: string;
}

export interface BubbleArea {
  x: number;
  y: number;
  width: number;
  height: number;
  action: BubbleAction;
}

export interface BubbleVideo {
  url: string;
  previewUrl: string;
  x: number;
  y: number;
  width: number;
  height: number;
  link?: string;
  label?: string;
}

export interface BubbleCard {
  imageUrl?: string;
  title?: string;
  text: string;
  actions: BubbleAction[];
}

export interface BubbleEmoji {
  /** Of the $ that it replaces, in UTF-16 units */
  index: number;
  productId: string;
  emojiId: string;
}

export interface Bubble {
  kind: 'text' | 'sticker' | 'image' | 'video' | 'rich' | 'card' | 'flex' | 'json';
  /** May hold merge fields: {{field|fallback}} */
  text?: string;
  emojis?: BubbleEmoji[];
  packageId?: string;
  stickerId?: string;
  url?: string;
  previewUrl?: string;
  altText?: string;
  /** Of a rich message; LINE appends /1040, /700, /460, /300, /240 */
  baseUrl?: string;
  height?: number;
  areas?: BubbleArea[];
  video?: BubbleVideo;
  cards?: BubbleCard[];
  /** Contents of a Flex message, or a whole message object of LINE; kept as it is */
  contents?: Record<string, unknown>;
  quickReplies?: BubbleAction[];
}

export interface Audience {
  kind: 'all' | 'tag' | 'segment';
  /** Id of the tag or segment */
  ref?: string;
}

export interface QuietHours {
  /** Minutes since midnight */
  from: number;
  /** Minutes since midnight */
  to: number;
  /** Of the portal's settings */
  timeZone: string;
}

export interface SetQuietHours {
  requestId?: RequestID;
  from: number;
  to: number;
}

export interface TemplateContent {
  requestId?: RequestID;
  /** Needed when it is created */
  slot?: number;
  name: string;
  bubbles: Bubble[];
}

export interface TemplateCopy {
  requestId?: RequestID;
  /** Another account */
  slot?: number;
  name: string;
}

export interface TemplateRow {
  id: string;
  slot: Slot;
  name: string;
  /** One line of what it says, merge fields as their fallbacks */
  summary: string;
  /** Unix milliseconds */
  createdAt: number;
  /** Unix milliseconds */
  updatedAt: number;
  updatedBy: string;
}

export interface TemplateUse {
  /** HubSpot's id of the workflow */
  workflow: string;
  /** Unix milliseconds, to the hour */
  lastAt: number;
}

export interface Template {
  id: string;
  slot: Slot;
  name: string;
  /** One line of what it says, merge fields as their fallbacks */
  summary: string;
  /** Unix milliseconds */
  createdAt: number;
  /** Unix milliseconds */
  updatedAt: number;
  updatedBy: string;
  bubbles: Bubble[];
  /** Workflows that sent it, as far as Lumo saw */
  usedBy: TemplateUse[];
}

export interface TemplatePage {
  items: TemplateRow[];
  next: string | null;
}

/** What is not known of a friend matches neither `is` nor `is_not`, unless `orUnknown` says so. Of a friend without a contact neither properties nor HubSpot lists are known. Days are those of the account's time zone. */
export interface SegmentCondition {
  type: ConditionType;
  op: ConditionOperator;
  /** Id of the tag, list or broadcast; internal name of the property */
  ref?: string;
  /** is, is_not, contains, not_contains, by: any of these; gt, lt: one; between: two, both included. Days as 2026-11-02. Texts compare without case and width */
  values?: string[];
  /** last_days: today and the days before it, so many in all */
  days?: number;
  orUnknown?: boolean;
}

export type ConditionType =
  | 'tag'
  | 'follow'
  | 'friend_since'
  | 'linked'
  | 'property'
  | 'list'
  | 'broadcast'
  | 'last_message';

export type ConditionOperator =
  | 'has'
  | 'has_not'
  | 'is'
  | 'is_not'
  | 'contains'
  | 'not_contains'
  | 'gt'
  | 'lt'
  | 'between'
  | 'last_days'
  | 'known'
  | 'unknown'
  | 'yes'
  | 'no'
  | 'by'
  | 'in'
  | 'not_in'
  | 'received'
  | 'not_received'
  | 'opened'
  | 'not_opened'
  | 'clicked'
  | 'not_clicked';

export interface SegmentGroup {
  /** One of them is enough */
  any: SegmentCondition[];
}

export interface SegmentTree {
  /** All of them must hold */
  all: SegmentGroup[];
}

export type SegmentState = 'ready' | 'preparing' | 'attention';

export interface SegmentProblem {
  code: string;
  /** tree.all[0].any[1].values[0] */
  place: string;
  message: string;
}

export interface Segment {
  id: string;
  slot: Slot;
  name: string;
  state: SegmentState;
  problems: SegmentProblem[];
  /** How many */
  conditions: number;
  createdAt: Time;
  createdBy: string;
  updatedAt: Time;
  updatedBy: string;
  version: number;
  tree?: SegmentTree;
  /** Broadcasts that are not over */
  usedBy?: SegmentBroadcast[];
}

export interface SegmentBroadcast {
  id: string;
  name: string;
  status: 'draft' | 'scheduled' | 'sending' | 'held';
}

export interface SegmentPage {
  items: Segment[];
  next: string | null;
}

export interface NewSegment {
  requestId?: RequestID;
  slot: Slot;
  name: string;
  tree: SegmentTree;
}

export interface EditSegment {
  requestId?: RequestID;
  name: string;
  tree: SegmentTree;
  version: number;
}

export interface CopySegment {
  requestId?: RequestID;
  name: string;
}

export interface EstimateSegment {
  requestId?: RequestID;
  slot: Slot;
  tree: SegmentTree;
}

export interface SegmentEstimated {
  state: SegmentState;
  problems: SegmentProblem[];
  estimate: SegmentEstimate | null;
}

export interface SegmentEstimate {
  /** Friends who match and did not block the account: linked and notLinked */
  recipients: number;
  /** Recipients with a contact */
  linked: number;
  /** Recipients without one */
  notLinked: number;
  /** Match, and are left out */
  blocked: number;
  /** Contacts of the lists that the segment asks for who meet its conditions on lists and whom no friend is linked to: not reachable */
  notFriends: number;
  /** Friends left out because nobody knows something about them */
  unknown: number;
  /** All that were looked at */
  friends: number;
  /** Extrapolated: of a very large account only a part is looked at while somebody waits. Sending looks at everybody */
  approximate: boolean;
  /** Of the oldest of the lists (P-52); Unix milliseconds */
  membersAsOf?: number;
  asOf: Time;
}

export interface SegmentChoices {
  types: {
    type: ConditionType;
    /** Empty for properties: theirs depend on the property */
    operators: ConditionOperator[];
    /** It can be unknown of a friend, except with the operators known and unknown */
    orUnknown: boolean;
  }[];
  properties: {
    property: string;
    label: string;
    /** Values of choice and choices: getOptions */
    kind: 'text' | 'number' | 'date' | 'datetime' | 'choice' | 'choices';
    /** As in getMappings; only active, waiting_first_sync and paused ones can be used */
    status: string;
    operators: ConditionOperator[];
  }[];
  tags: {
    id: string;
    name: string;
  }[];
  lists: {
    id: string;
    name: string;
    kind: 'active' | 'static';
    /** As in getLists */
    state: string;
  }[];
  broadcasts: {
    id: string;
    name: string;
    sentAt: number | null;
    /** It tells who opened and clicked */
    tracked: boolean;
  }[];
  follow: string[];
  /** Of linking */
  methods: string[];
  limits: {
    groups: number;
    /** Of all groups together */
    conditions: number;
    values: number;
    days: number;
    /** Of different lists, and of different broadcasts */
    lists: number;
  };
}

export interface BroadcastContent {
  requestId?: RequestID;
  /** Needed when it is created */
  slot?: number;
  name: string;
  bubbles?: Bubble[];
  silent?: boolean;
  tracking?: 'off' | 'shared' | 'personal';
  audience: Audience;
  testUsers?: LineUserID[];
}

export interface BroadcastHold {
  reason: 'quota' | 'audience' | 'account' | 'message';
  need?: number;
  remaining: number;
  code?: string;
  message?: string;
}

export type BroadcastStatus = 'draft' | 'scheduled' | 'sending' | 'sent' | 'partly_sent' | 'held' | 'canceled';

export interface Broadcast {
  id: string;
  slot: Slot;
  name: string;
  status: BroadcastStatus;
  bubbles: Bubble[];
  silent: boolean;
  tracking: 'off' | 'shared' | 'personal';
  audience: Audience;
  testUsers: LineUserID[];
  /** Unix milliseconds */
  sendAt: number | null;
  /** Unix milliseconds */
  createdAt: number;
  /** Unix milliseconds */
  updatedAt: number;
  /** Unix milliseconds */
  confirmedAt: number | null;
  confirmedBy: string;
  /** Unix milliseconds */
  startedAt: number | null;
  /** Unix milliseconds */
  endedAt: number | null;
  /** Unix milliseconds */
  frozenAt: number | null;
  /** Unix milliseconds */
  membersAsOf: number | null;
  /** The frozen audience */
  recipients: number;
  sent: number;
  /** By code of the refusal */
  refused: Record<string, number>;
  unsure: number;
  left: number;
  hold: BroadcastHold | null;
}

export interface BroadcastPage {
  items: Broadcast[];
  next: string | null;
}

export interface EstimateAudience {
  requestId?: RequestID;
  slot: Slot;
  audience: Audience;
}

export interface AudienceEstimate {
  recipients: number;
  /** Of the audience, and left out */
  blocked: number;
  linked: number;
  /** Contacts whom a segment asks for by its HubSpot lists and no friend is linked to: not reachable */
  notFriends: number;
  /** Extrapolated from a part of a very large account */
  approximate?: boolean;
  /** Unix milliseconds */
  membersAsOf?: number;
}

export interface BubbleProblem {
  code: string;
  /** bubbles[0].cards[1].title */
  place: string;
  message: string;
  limit?: number;
}

export interface BroadcastReview {
  ok: boolean;
  problems: BubbleProblem[];
  /** Why LINE would refuse the message */
  lineSays?: string;
  estimate: AudienceEstimate;
  calls: number;
  /** Each recipient gets an own message */
  personal: boolean;
  limited: boolean;
  quota: number;
  used: number;
  /** By other broadcasts of the month */
  reserved: number;
  remaining: number;
  enough: boolean;
  cost: number;
  currency?: string;
  links: string[];
  fields: string[];
}

export interface TestBroadcast {
  requestId?: RequestID;
  users?: LineUserID[];
}

export interface TestedUser {
  user: LineUserID;
  sent: boolean;
  code?: string;
  message?: string;
}

export interface BroadcastTested {
  items: TestedUser[];
}

export interface PreviewBroadcast {
  requestId?: RequestID;
  user: LineUserID;
}

export interface BroadcastPreview {
  messages: Record<string, unknown>[];
}

export interface ConfirmBroadcast {
  requestId?: RequestID;
  /** Unix milliseconds; 0 or absent is now */
  sendAt?: number;
}

export interface ResumeBroadcast {
  requestId?: RequestID;
  first?: number;
  order?: 'oldest' | 'newest' | 'random';
}

export interface SettleBroadcast {
  requestId?: RequestID;
  sent: boolean;
}

export interface BroadcastLink {
  url: string;
  /** Friends who clicked, in personal messages */
  clicked: number;
  /** Taps on a shared link */
  taps: number;
}

export interface BroadcastHour {
  /** Unix milliseconds */
  at: number;
  opened: number;
  clicked: number;
  taps: number;
}

export interface BroadcastResults {
  /** Friends who probably opened it */
  opened: number;
  clicked: number;
  taps: number;
  links: BroadcastLink[];
  hours: BroadcastHour[];
}

export interface Broadcasting {
  tracking: boolean;
  noWriteBack: boolean;
  /** Of one message, for estimates */
  price: number;
  currency: string;
}

export interface SetBroadcasting {
  requestId?: RequestID;
  tracking: boolean;
  noWriteBack: boolean;
  /** Of one message, for estimates */
  price: number;
  currency: string;
}

/** What each route takes and answers. */
export interface Routes {
  /** What the Dashboard shows */
  'GET /status': { answer: Status };
  /** History of runs, newest first */
  'GET /runs': { answer: RunPage; query: { cursor?: string; limit?: number } };
  /** One run in detail */
  'GET /runs/{run}': { answer: RunDetail; path: { run: string } };
  /** Start a run by hand */
  'POST /sync': { answer: Started; body: SyncRequest };
  /** Let the first write-back go */
  'POST /sync/confirm': { answer: Confirmed; body: Plain };
  /** Field-level change log, newest first */
  'GET /changes': {
    answer: ChangePage;
    query: {
      slot?: Slot;
      user?: LineUserID;
      contact?: ContactID;
      run?: string;
      field?: string;
      cursor?: string;
      limit?: number;
    };
  };
  /** The change log as rows of a file */
  'GET /changes/export': {
    answer: Export;
    query: { slot?: Slot; user?: LineUserID; contact?: ContactID; run?: string; field?: string; cursor?: string };
  };
  /** An address where a browser saves rows as a CSV file */
  'POST /exports': { answer: ExportLink; body: CreateExport };
  /** Items that could not be synced */
  'GET /failures': {
    answer: FailurePage;
    query: {
      kind?: 'write_back' | 'link' | 'read' | 'dead_letter' | 'message';
      slot?: number;
      codes?: string;
      cursor?: string;
      limit?: number;
    };
  };
  /** Try all failed items again */
  'POST /failures/retry-all': { answer: Retried; body: RetryAll };
  /** Try one failed item again */
  'POST /failures/{failure}/retry': { answer: Retried; path: { failure: string }; body: Plain };
  /** The table of Sync Data */
  'GET /mappings': { answer: MappingList };
  /** Map a HubSpot property */
  'POST /mappings': { answer: Settled; body: AddMapping };
  /** Change the rule, pause or resume */
  'PATCH /mappings/{property}': { answer: Settled; path: { property: string }; body: ChangeMapping };
  /** End a mapping */
  'DELETE /mappings/{property}': { answer: Removed; path: { property: string }; body: Plain };
  /** Make a synced property anew that was deleted in HubSpot */
  'POST /mappings/{property}/recreate': { answer: Settled; path: { property: string }; body: Plain };
  /** HubSpot contact properties that could be mapped */
  'GET /properties': { answer: CandidatePage; query: { search?: string; cursor?: string; limit?: number } };
  /** What a property of choices may hold */
  'GET /properties/{property}/options': { answer: OptionList; path: { property: string } };
  /** What the values of a property of choices are called */
  'GET /properties/{property}/labels': { answer: OptionList; path: { property: string } };
  /** HubSpot lists */
  'GET /lists': { answer: ListPage; query: { search?: string; selected?: boolean; cursor?: string; limit?: number } };
  /** Keep the members of a list, or no longer */
  'PATCH /lists/{list}': { answer: List; path: { list: string }; body: ChangeList };
  /** Read the members of a list now */
  'POST /lists/{list}/reread': { answer: List; path: { list: string }; body: Plain };
  /** Search friends of an account */
  'GET /friends': {
    answer: FriendPage;
    query: {
      slot?: Slot;
      search?: string;
      follow?: FollowStatus;
      linked?: boolean;
      tag?: string;
      cursor?: string;
      limit?: number;
    };
  };
  /** Give and take tags in bulk */
  'POST /friends/tags': { answer: Tagged; body: TagFriends };
  /** One friend with all fields */
  'GET /friends/{slot}/{user}': { answer: FriendDetail; path: { slot: Slot; user: LineUserID } };
  /** Edit mapped fields */
  'PATCH /friends/{slot}/{user}/fields': {
    answer: FriendDetail;
    path: { slot: Slot; user: LineUserID };
    body: EditFields;
  };
  /** What was said, newest first */
  'GET /friends/{slot}/{user}/messages': {
    answer: MessagePage;
    path: { slot: Slot; user: LineUserID };
    query: { cursor?: string; limit?: number };
  };
  /** Send a text or a picture to the friend */
  'POST /friends/{slot}/{user}/messages': {
    answer: SentMessage;
    path: { slot: Slot; user: LineUserID };
    body: SendMessage;
  };
  /** Try a message again that was not sent */
  'POST /friends/{slot}/{user}/messages/{message}/retry': {
    answer: SentMessage;
    path: { slot: Slot; user: LineUserID; message: RequestID };
    body: Plain;
  };
  /** End the link of a friend to a contact */
  'POST /friends/{slot}/{user}/unlink': {
    answer: Unlinked;
    path: { slot: Slot; user: LineUserID };
    body: UnlinkFriend;
  };
  /** The links of a friend to contacts, the newest first */
  'GET /friends/{slot}/{user}/links': { answer: LinkHistory; path: { slot: Slot; user: LineUserID } };
  /** Decide a conflict, or take the decision back */
  'POST /friends/{slot}/{user}/links': { answer: Decided; path: { slot: Slot; user: LineUserID }; body: DecideLink };
  /** The card of a contact */
  'GET /contacts/{contact}': { answer: Card; path: { contact: ContactID } };
  /** The card of a company */
  'GET /companies/{company}': { answer: CompanyCard; path: { company: ContactID } };
  /** What was said in a group chat, newest first */
  'GET /groups/{slot}/{group}/messages': {
    answer: MessagePage;
    path: { slot: Slot; group: string };
    query: { cursor?: string; limit?: number };
  };
  /** Send a text or a picture to a group chat */
  'POST /groups/{slot}/{group}/messages': {
    answer: SentMessage;
    path: { slot: Slot; group: string };
    body: SendMessage;
  };
  /** Try a message to a group again that was not sent */
  'POST /groups/{slot}/{group}/messages/{message}/retry': {
    answer: SentMessage;
    path: { slot: Slot; group: string; message: RequestID };
    body: Plain;
  };
  /** Make a link with which a contact links their LINE */
  'POST /contacts/{contact}/links': { answer: MadeLink; path: { contact: ContactID }; body: MakeLink };
  /** LINE accounts of the portal */
  'GET /accounts': { answer: AccountList };
  /** Connect a LINE account */
  'POST /accounts': { answer: Outcome; body: ConnectAccount };
  /** How people can link themselves with an account */
  'GET /accounts/{slot}/linking': { answer: Linking; path: { slot: Slot } };
  /** Set how people may link themselves with an account */
  'PUT /accounts/{slot}/linking': { answer: Linking; path: { slot: Slot }; body: SetLinking };
  /** Give the contacts of a HubSpot list links of their own */
  'POST /accounts/{slot}/links': { answer: Linking; path: { slot: Slot }; body: WriteLinks };
  /** What the linking form asks for besides the e-mail address */
  'GET /linking-form': { answer: LinkForm };
  /** Change it */
  'PUT /linking-form': { answer: LinkForm; body: SetLinkForm };
  /** Set the account's LINE Login channel */
  'PUT /accounts/{slot}/login': { answer: Linking; path: { slot: Slot }; body: SetLogin };
  /** Check an account again */
  'POST /accounts/{slot}/recheck': { answer: Outcome; path: { slot: Slot }; body: Plain };
  /** Disconnect a LINE account */
  'POST /accounts/{slot}/disconnect': { answer: Account; path: { slot: Slot }; body: Plain };
  /** Make a deleted LINE property anew */
  'POST /accounts/{slot}/properties/{key}/recreate': {
    answer: Account;
    path: { slot: Slot; key: string };
    body: Plain;
  };
  /** Forward webhooks to another tool */
  'POST /accounts/{slot}/forwards': { answer: Account; path: { slot: Slot }; body: AddForward };
  /** End forwarding */
  'DELETE /accounts/{slot}/forwards/{forward}': { answer: Account; path: { slot: Slot; forward: string }; body: Plain };
  /** How many messages LINE lets the account send this month, and how many went out */
  'GET /accounts/{slot}/quota': { answer: Quota; path: { slot: Slot } };
  /** Inbox sync of the portal's LINE accounts */
  'GET /inbox': { answer: InboxList };
  /** Go on with a paused inbox sync */
  'POST /inbox/{slot}/resume': { answer: Inbox; path: { slot: Slot }; body: Plain };
  /** Stop the inbox sync of an account */
  'POST /inbox/{slot}/remove': { answer: Inbox; path: { slot: Slot }; body: Plain };
  /** State of the import of existing friends */
  'GET /accounts/{slot}/import': { answer: ImportState; path: { slot: Slot } };
  /** Import existing friends */
  'POST /accounts/{slot}/import': { answer: ImportStarted; path: { slot: Slot }; body: Plain };
  /** Cancel a running import */
  'DELETE /accounts/{slot}/import': { answer: ImportState; path: { slot: Slot }; body: Plain };
  /** Tags of an account */
  'GET /tags': { answer: TagPage; query: { slot?: Slot; cursor?: string; limit?: number } };
  /** Create a tag */
  'POST /tags': { answer: TagResult; body: NewTag };
  /** Rename a tag */
  'PATCH /tags/{slot}/{tag}': { answer: TagResult; path: { slot: Slot; tag: string }; body: RenameTag };
  /** Delete a tag */
  'DELETE /tags/{slot}/{tag}': { answer: DeletedTag; path: { slot: Slot; tag: string } };
  /** When workflows let nobody be disturbed */
  'GET /quiet-hours': { answer: QuietHours };
  /** Change them */
  'PUT /quiet-hours': { answer: QuietHours; body: SetQuietHours };
  /** Message templates of an account, newest first */
  'GET /templates': { answer: TemplatePage; query: { slot?: Slot; q?: string; cursor?: string; limit?: number } };
  /** Keep a message template */
  'POST /templates': { answer: Template; body: TemplateContent };
  /** One message template, and which workflows sent it */
  'GET /templates/{slot}/{template}': { answer: Template; path: { slot: Slot; template: string } };
  /** Replace a message template's content */
  'PUT /templates/{slot}/{template}': {
    answer: Template;
    path: { slot: Slot; template: string };
    body: TemplateContent;
  };
  /** Delete a message template */
  'DELETE /templates/{slot}/{template}': { answer: Deleted; path: { slot: Slot; template: string } };
  /** Make another one of the same content */
  'POST /templates/{slot}/{template}/copy': {
    answer: Template;
    path: { slot: Slot; template: string };
    body: TemplateCopy;
  };
  /** Where a tag is used */
  'GET /tags/{slot}/{tag}/uses': {
    answer: TagUses;
    path: { slot: Slot; tag: string };
    query: { cursor?: string; limit?: number };
  };
  /** Copy a tag to another account */
  'POST /tags/{slot}/{tag}/copy': { answer: TagResult; path: { slot: Slot; tag: string }; body: CopyTag };
  /** Restore a deleted tag */
  'POST /tags/{slot}/{tag}/restore': { answer: TagRow; path: { slot: Slot; tag: string }; body: RestoreTag };
  /** Deleted tags of an account, the last deleted first */
  'GET /deleted-tags': { answer: DeletedTagPage; query: { slot?: Slot; cursor?: string; limit?: number } };
  /** Segments of an account, by name */
  'GET /segments': { answer: SegmentPage; query: { slot?: Slot; search?: string; cursor?: string; limit?: number } };
  /** Keep a segment */
  'POST /segments': { answer: Segment; body: NewSegment };
  /** What conditions can be made of */
  'GET /segments/choices': { answer: SegmentChoices; query: { slot?: Slot; search?: string } };
  /** Count a tree that is being put together */
  'POST /segments/estimate': { answer: SegmentEstimated; body: EstimateSegment };
  /** One segment with its conditions */
  'GET /segments/{slot}/{segment}': { answer: Segment; path: { slot: Slot; segment: string } };
  /** Replace name and conditions */
  'PUT /segments/{slot}/{segment}': { answer: Segment; path: { slot: Slot; segment: string }; body: EditSegment };
  /** Delete a segment */
  'DELETE /segments/{slot}/{segment}': { answer: Deleted; path: { slot: Slot; segment: string } };
  /** Make another segment of the same conditions */
  'POST /segments/{slot}/{segment}/copy': { answer: Segment; path: { slot: Slot; segment: string }; body: CopySegment };
  /** Broadcasts of an account, newest first */
  'GET /broadcasts': {
    answer: BroadcastPage;
    query: { slot?: Slot; status?: BroadcastStatus; cursor?: string; limit?: number };
  };
  /** Keep a draft */
  'POST /broadcasts': { answer: Broadcast; body: BroadcastContent };
  /** Count an audience that is being put together */
  'POST /broadcasts/estimate': { answer: AudienceEstimate; body: EstimateAudience };
  /** One broadcast with its progress */
  'GET /broadcasts/{slot}/{broadcast}': { answer: Broadcast; path: { slot: Slot; broadcast: string } };
  /** Replace a draft's content */
  'PUT /broadcasts/{slot}/{broadcast}': {
    answer: Broadcast;
    path: { slot: Slot; broadcast: string };
    body: BroadcastContent;
  };
  /** Delete a draft or a canceled broadcast */
  'DELETE /broadcasts/{slot}/{broadcast}': { answer: Deleted; path: { slot: Slot; broadcast: string } };
  /** What was measured */
  'GET /broadcasts/{slot}/{broadcast}/results': { answer: BroadcastResults; path: { slot: Slot; broadcast: string } };
  /** Check message, audience and quota */
  'POST /broadcasts/{slot}/{broadcast}/review': {
    answer: BroadcastReview;
    path: { slot: Slot; broadcast: string };
    body: Empty;
  };
  /** The message as one friend would get it */
  'POST /broadcasts/{slot}/{broadcast}/preview': {
    answer: BroadcastPreview;
    path: { slot: Slot; broadcast: string };
    body: PreviewBroadcast;
  };
  /** Send it to up to 10 friends as a test */
  'POST /broadcasts/{slot}/{broadcast}/test': {
    answer: BroadcastTested;
    path: { slot: Slot; broadcast: string };
    body: TestBroadcast;
  };
  /** Send it now or at a time */
  'POST /broadcasts/{slot}/{broadcast}/confirm': {
    answer: Broadcast;
    path: { slot: Slot; broadcast: string };
    body: ConfirmBroadcast;
  };
  /** Take a scheduled broadcast back to draft, or end a held one */
  'POST /broadcasts/{slot}/{broadcast}/cancel': {
    answer: Broadcast;
    path: { slot: Slot; broadcast: string };
    body: Empty;
  };
  /** Go on with a held broadcast */
  'POST /broadcasts/{slot}/{broadcast}/resume': {
    answer: Broadcast;
    path: { slot: Slot; broadcast: string };
    body: ResumeBroadcast;
  };
  /** Say what became of those of whom nobody knows */
  'POST /broadcasts/{slot}/{broadcast}/settle': {
    answer: Broadcast;
    path: { slot: Slot; broadcast: string };
    body: SettleBroadcast;
  };
  /** An account's settings for broadcasts */
  'GET /accounts/{slot}/broadcasting': { answer: Broadcasting; path: { slot: Slot } };
  /** Change them */
  'PUT /accounts/{slot}/broadcasting': { answer: Broadcasting; path: { slot: Slot }; body: SetBroadcasting };
  /** Settings and what the user may do */
  'GET /settings': { answer: SettingsPage };
  /** Change settings */
  'PATCH /settings': { answer: SettingsPage; body: ChangeSettings };
  /** Who changed what, newest first */
  'GET /audit': { answer: AuditPage; query: { cursor?: string; limit?: number } };
  /** What disconnecting would mean */
  'GET /disconnect': { answer: Farewell };
  /** Remove the integration */
  'POST /disconnect': { answer: Farewell; body: Disconnect };
}
