import { LANGUAGES, type ChangeSettings, type Settings } from '@lumo/screens';

export { LANGUAGES };
export const POLICIES = ['when_linked', 'when_messaged', 'always'] as const satisfies Settings['contactPolicy'][];

/** What is typed: numbers and addresses are text until they are saved. */
export type Draft = Omit<Settings, 'syncIntervalMinutes' | 'alertEmails'> & {
  syncIntervalMinutes: string;
  alertEmails: string;
};

const MOST_EMAILS = 10;
const [SHORTEST, LONGEST] = [5, 1440];

export const draftOf = (settings: Settings): Draft => ({
  ...settings,
  syncIntervalMinutes: String(settings.syncIntervalMinutes),
  alertEmails: settings.alertEmails.join('\n'),
});

const emailsOf = (text: string) =>
  text
    .split(/[\s,;、，]+/u)
    .map((email) => email.trim())
    .filter((email) => email !== '');

const settingsOf = (draft: Draft): Settings => ({
  ...draft,
  timeZone: draft.timeZone.trim(),
  syncIntervalMinutes: Number(draft.syncIntervalMinutes.trim() || NaN),
  alertEmails: emailsOf(draft.alertEmails),
});

/** Only what differs from what is stored. */
export function changesOf(before: Settings, draft: Draft): Omit<ChangeSettings, 'requestId'> {
  const after = settingsOf(draft);
  const keys = Object.keys(after) as (keyof Settings)[];
  const changed = keys.filter((key) => JSON.stringify(after[key]) !== JSON.stringify(before[key]));
  return Object.fromEntries(changed.map((key) => [key, after[key]]));
}

/** What can be seen to be wrong before asking the server. */
export function faultsOf(draft: Draft): (keyof Draft)[] {
  const { syncIntervalMinutes: minutes, alertEmails } = settingsOf(draft);
  const faults: (keyof Draft)[] = [];
  if (!Number.isInteger(minutes) || minutes < SHORTEST || minutes > LONGEST) faults.push('syncIntervalMinutes');
  if (alertEmails.length > MOST_EMAILS || alertEmails.some((email) => !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(email))) {
    faults.push('alertEmails');
  }
  return faults;
}
