import { expect, it } from 'vitest';
import { dictionaries } from '../i18n/index.ts';
import { fill, languageOf, words } from '../i18n/words.ts';
import { isTopic, TOPICS, topicOf } from '../help/topics.ts';

type Dictionary = Record<'en' | 'ja', Readonly<Record<string, string>>>;

/** Words that are the same in both languages. */
const NAMES = new Set(['LINE', 'HubSpot', 'Lumo', 'HubSpot: {hubspot} · Lumo: {lumo}', '{status}: {when}']);
const holes = (text: string) => [...text.matchAll(/\{(\w+)/g)].map(([, name]) => name);

/** What is wrong with a dictionary: untranslated, empty, or with other values to fill in. */
function faults({ en, ja }: Dictionary): string[] {
  const keys = [...new Set([...Object.keys(en), ...Object.keys(ja)])];
  return keys.filter((key) => {
    const [one, other] = [en[key], ja[key]];
    if (!one || !other) return true;
    if (one === other && !NAMES.has(one)) return true;
    return [...new Set(holes(one))].sort().join() !== [...new Set(holes(other))].sort().join();
  });
}

it.each(Object.entries(dictionaries))('%s is translated', (_, dictionary) => {
  expect(faults(dictionary)).toEqual([]);
});

it.each([
  ['a missing key', { en: { a: 'Apple' }, ja: {} }],
  ['an empty text', { en: { a: 'Apple' }, ja: { a: '' } }],
  ['an untranslated text', { en: { a: 'Apple' }, ja: { a: 'Apple' } }],
  ['another value', { en: { a: '{n} apples' }, ja: { a: 'りんご{m}個' } }],
])('finds %s', (_, planted) => {
  expect(faults(planted as Dictionary)).toEqual(['a']);
});

it('does not compile with a key too few or too many', () => {
  // @ts-expect-error Japanese lacks "b"
  words({ en: { a: 'Apple', b: 'Pear' }, ja: { a: 'りんご' } });
  // @ts-expect-error English lacks "b"
  words({ en: { a: 'Apple' }, ja: { a: 'りんご', b: '梨' } });
});

it('writes "HubSpot list" in full', () => {
  for (const { en } of Object.values(dictionaries)) {
    for (const [key, text] of Object.entries(en as Record<string, string>)) {
      if (key === 'history.lists' || key === 'history.contactsHelp') continue; // a column's name (P-72), and what it is
      expect(text.replace(/HubSpot lists?/g, ''), key).not.toMatch(/\blists\b/i);
    }
  }
});

it('fills values and plurals', () => {
  expect(fill('{n} {n|item|items} of {name}', { n: 1, name: 'Aiko' }, 'en')).toBe('1 item of Aiko');
  expect(fill('{n} {n|item|items}', { n: 10_000 }, 'en')).toBe('10,000 items');
  expect(fill('{missing} stays', {}, 'en')).toBe('{missing} stays');
});

it('chooses the language', () => {
  expect([languageOf('ja'), languageOf('ja-JP'), languageOf('de'), languageOf(undefined)]).toEqual([
    'ja',
    'ja',
    'en',
    'en',
  ]);
});

const errorKeys = Object.keys(dictionaries.errors.en);

it('leads every code to a row of the help page', () => {
  for (const key of errorKeys) expect(TOPICS).toContain(topicOf(key));
  expect(topicOf('NEVER_HEARD_OF')).toBe('errorsContinue');
  expect([isTopic('slow'), isTopic('nonsense'), isTopic(undefined)]).toEqual([true, false, false]);
});
