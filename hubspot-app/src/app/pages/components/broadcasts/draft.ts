import type { Bubble, Broadcast, BubbleProblem } from '@lumo/screens';

/** The kinds that are composed here; others stay as they came. */
export const KINDS = ['text', 'sticker', 'image', 'video', 'flex', 'json'] as const satisfies readonly Bubble['kind'][];
export const MOST_BUBBLES = 5;
/** Of LINE, for a text. */
export const LONGEST_TEXT = 5000;

export interface Draft {
  name: string;
  bubbles: Bubble[];
  silent: boolean;
  tracking: Broadcast['tracking'];
  audience: Broadcast['audience'];
}

export const draftOf = ({ name, bubbles, silent, tracking, audience }: Broadcast): Draft => ({
  name,
  bubbles,
  silent,
  tracking,
  audience,
});

export function blankBubble(kind: Bubble['kind']): Bubble {
  switch (kind) {
    case 'text':
      return { kind, text: '' };
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
