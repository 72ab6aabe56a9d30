import type { Bubble, Broadcast, BubbleProblem } from '@lumo/screens';
import { areasOf, blankCard, RICH_WIDTH } from './limits.ts';

/** The kinds that are composed here. */
export const KINDS = [
  'text',
  'sticker',
  'image',
  'video',
  'rich',
  'card',
  'flex',
  'json',
] as const satisfies readonly Bubble['kind'][];
export const MOST_BUBBLES = 5;
/** Of LINE, for a text. */
export const LONGEST_TEXT = 5000;

export interface Draft {
  name: string;
  bubbles: Bubble[];
  silent: boolean;
  tracking: Broadcast['tracking'];
  audience: Broadcast['audience'];
  testUsers: Broadcast['testUsers'];
}

export const draftOf = ({ name, bubbles, silent, tracking, audience, testUsers }: Broadcast): Draft => ({
  name,
  bubbles,
  silent,
  tracking,
  audience,
  testUsers,
});

export function blankBubble(kind: Bubble['kind']): Bubble {
  switch (kind) {
    case 'text':
      return { kind, text: '' };
    case 'rich':
      return { kind, altText: '', baseUrl: '', height: RICH_WIDTH, areas: areasOf('whole', RICH_WIDTH, []) };
    case 'card':
      return { kind, altText: '', cards: [blankCard(1)] };
    case 'flex':
      return { kind, altText: '', contents: {} };
    case 'json':
      return { kind, contents: {} };
    default:
      return { kind };
  }
}

/** What is wrong with the bubble at a place; without a place, what belongs to none. */
export const problemsOf = (problems: readonly BubbleProblem[], at?: number) =>
  problems.filter(({ place }) =>
    at === undefined ? !/^bubbles\[\d+\]/.test(place) : place.startsWith(`bubbles[${at}]`),
  );

/** A merge field as it is written in a text; its fallback is mandatory (P-131). */
export const mergeField = (field: string, fallback: string) => `{{${field}|${fallback.replace(/[{}|]/g, '').trim()}}}`;

/** A text as somebody without values sees it. */
export const withFallbacks = (text: string) =>
  text.replace(/\{\{[^{}|]*(?:\|([^{}]*))?\}\}/g, (_, fallback?: string) => fallback?.trim() ?? '');
