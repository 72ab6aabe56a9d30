import type { Bubble, BubbleAction, BubbleArea, BubbleCard, BubbleProblem } from '@lumo/screens';

/** Of LINE's Messaging API reference, "Message objects" and "Action objects", in UTF-16 units or pieces. */
export const MOST = {
  alt: 1500,
  cards: 10,
  buttons: 3,
  title: 40,
  cardText: 120,
  /** Text of a card with a picture or a title. */
  pictured: 60,
  label: 20,
  said: 300,
  areaText: 400,
  areas: 50,
  uri: 1000,
} as const;

/** The width of every rich message's picture; its height is told. */
export const RICH_WIDTH = 1040;

export const longestCardText = (card: BubbleCard) => (card.imageUrl || card.title ? MOST.pictured : MOST.cardText);

const https = /^https:\/\/[^\s/]+\.?\S*$/;
const opens = /^(https?|line|tel):\S+$/;

/**
 * What can be told while somebody is typing: texts that are too long, addresses that cannot be, cards that do not fit together, areas outside
 * the picture. What is still empty is left to the review.
 */
export function faultsOf(bubble: Bubble, at: number): BubbleProblem[] {
  const out: BubbleProblem[] = [];
  const add = (code: string, place: string, limit?: number) =>
    out.push({ code, place: `bubbles[${at}].${place}`, message: code, ...(limit !== undefined && { limit }) });
  const long = (place: string, text: string | undefined, most: number) =>
    (text ?? '').length > most && add('BUBBLE_TOO_LONG', place, most);
  const address = (place: string, url: string | undefined, form: RegExp) =>
    Boolean(url) && !form.test(url ?? '') && add('BUBBLE_URL', place);
  const action = (place: string, { label, uri, text }: BubbleAction, said: number) => {
    long(`${place}.label`, label, MOST.label);
    long(`${place}.text`, text, said);
    address(`${place}.uri`, uri, opens);
  };
  long('altText', bubble.altText, MOST.alt);
  address('url', bubble.url, https);
  address('previewUrl', bubble.previewUrl, https);
  address('baseUrl', bubble.baseUrl, https);
  bubble.cards?.forEach((card, i, all) => {
    const place = `cards[${i}]`;
    long(`${place}.title`, card.title, MOST.title);
    long(`${place}.text`, card.text, longestCardText(card));
    address(`${place}.imageUrl`, card.imageUrl, https);
    card.actions.forEach((one, j) => action(`${place}.actions[${j}]`, one, MOST.said));
    if (all[0] && !alike(card, all[0])) add('BUBBLE_CARDS', place);
  });
  bubble.areas?.forEach((area, i) => {
    if (!within(area, bubble.height ?? 0)) add('BUBBLE_AREA', `areas[${i}]`);
    action(`areas[${i}].action`, area.action, MOST.areaText);
  });
  return out;
}

const alike = (a: BubbleCard, b: BubbleCard) =>
  a.actions.length === b.actions.length && !a.imageUrl === !b.imageUrl && !a.title === !b.title;

const within = ({ x, y, width, height }: BubbleArea, high: number) =>
  x >= 0 && y >= 0 && width >= 1 && height >= 1 && x + width <= RICH_WIDTH && y + height <= high;

export const blankAction = (): BubbleAction => ({ type: 'uri', label: '', uri: '' });
export const blankCard = (buttons: number): BubbleCard => ({
  text: '',
  actions: Array.from({ length: buttons }, blankAction),
});

/** How a picture is divided into columns and rows of areas. */
export const LAYOUTS = { whole: [1, 1], columns: [2, 1], rows: [1, 2], quarters: [2, 2], sixths: [3, 2] } as const;
export type Layout = keyof typeof LAYOUTS;

/** The areas of a layout; what a tap does is taken over from those there were. */
export function areasOf(layout: Layout, height: number, before: readonly BubbleArea[]): BubbleArea[] {
  const [columns, rows] = LAYOUTS[layout];
  const cut = (whole: number, parts: number, i: number) => Math.round((whole * i) / parts);
  return Array.from({ length: columns * rows }, (_, i) => {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    const [x, y] = [cut(RICH_WIDTH, columns, column), cut(height, rows, row)];
    return {
      x,
      y,
      width: cut(RICH_WIDTH, columns, column + 1) - x,
      height: cut(height, rows, row + 1) - y,
      action: before[i]?.action ?? { type: 'uri', uri: '' },
    };
  });
}

/** The layout that the areas are in; null: another one, drawn elsewhere. */
export function layoutOf(areas: readonly BubbleArea[], height: number): Layout | null {
  const shape = (all: readonly BubbleArea[]) =>
    JSON.stringify(all.map(({ x, y, width, height: h }) => [x, y, width, h]));
  const named = Object.keys(LAYOUTS) as Layout[];
  return named.find((layout) => shape(areasOf(layout, height, areas)) === shape(areas)) ?? null;
}
