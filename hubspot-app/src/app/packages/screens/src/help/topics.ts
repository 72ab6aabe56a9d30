import type { ErrorCode } from '../api/errors.ts';

/** The rows of the help page, in their order. */
export const TOPICS = [
  'slow',
  'notSynced',
  'errorsContinue',
  'inboxEmpty',
  'fewFriends',
  'importMissing',
  'idNotValid',
  'wrongPerson',
  'valuesFlip',
  'sameTwice',
  'permission',
  'addCard',
] as const;
export type Topic = (typeof TOPICS)[number];

export const isTopic = (name: string | undefined): name is Topic => TOPICS.some((topic) => topic === name);

const BY_CODE: Partial<Record<ErrorCode, Topic>> & Record<string, Topic> = {
  PERMISSION_DENIED: 'permission',
  PERMISSION_NEEDED: 'permission',
  HUBSPOT_PERMISSION: 'permission',
  UNAUTHORIZED: 'permission',
  UNKNOWN_PORTAL: 'permission',
  NOT_CONNECTED: 'permission',
  RECONNECT_HUBSPOT: 'permission',
  HUBSPOT_UNAUTHORIZED: 'permission',
  HUBSPOT_REVOKED: 'permission',
  DISCONNECTED: 'permission',
  LINE_NOT_VERIFIED: 'importMissing',
  CONNECT_LINE: 'notSynced',
  NO_SUCH_ACCOUNT: 'notSynced',
  LINE_CHECK_FAILED: 'inboxEmpty',
  FRIEND_UNVERIFIED: 'idNotValid',
  FRIEND_UNLINKED: 'wrongPerson',
  OUTCOME_UNKNOWN: 'sameTwice',
  MESSAGE_FINAL: 'sameTwice',
  LINE_TOKEN_REFUSED: 'inboxEmpty',
  LINE_ID_MALFORMED: 'idNotValid',
  LINE_ID_NOT_VALID: 'idNotValid',
  LINK_CONFLICT: 'wrongPerson',
  RULE_FIXED: 'valuesFlip',
  FIELD_HUBSPOT_ALWAYS: 'valuesFlip',
  FIELD_ONE_WAY: 'valuesFlip',
  NOT_NORMAL: 'slow',
  TIMED_OUT: 'slow',
  BUSY: 'slow',
  TIMEOUT: 'slow',
  FINISHING_SETUP: 'slow',
  HUBSPOT_LIMITED: 'slow',
  HUBSPOT_MIGRATING: 'slow',
  HUBSPOT_NOT_FOUND: 'notSynced',
  FIELD_PAUSED: 'notSynced',
};

/** The row that helps with a code; what has no row of its own is an error that continues. */
export const topicOf = (code: string): Topic => BY_CODE[code] ?? 'errorsContinue';
