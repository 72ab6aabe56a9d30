import type { Bubble, BubbleAction, BubbleCard } from '@lumo/screens';

type Json = Record<string, unknown>;
const textOf = (value: unknown) => (typeof value === 'string' ? value : '');
const listOf = (value: unknown) => (Array.isArray(value) ? (value as Json[]) : []);

/**
 * LINE's message objects as bubbles to look at, merge fields filled. What is drawn by its address only stays the bubble that it was written as;
 * so do the addresses of buttons, which are counted ones in the message.
 */
export const bubblesOf = (messages: readonly Json[], written: readonly Bubble[]): Bubble[] =>
  messages.map((message, i) => bubbleOf(message, written[i] ?? { kind: 'json', contents: message }));

function bubbleOf(message: Json, written: Bubble): Bubble {
  if (message.type === 'text') return { kind: 'text', text: textOf(message.text) };
  if (written.kind !== 'card') return written;
  const columns = listOf((message.template as Json | undefined)?.columns);
  return { ...written, cards: columns.map((column, i) => cardOf(column, written.cards?.[i])) };
}

const cardOf = (column: Json, written: BubbleCard | undefined): BubbleCard => ({
  ...(written?.imageUrl && { imageUrl: written.imageUrl }),
  title: textOf(column.title),
  text: textOf(column.text),
  actions: listOf(column.actions).map(
    (action, i): BubbleAction => ({
      ...(written?.actions[i] ?? { type: 'uri' }),
      label: textOf(action.label),
    }),
  ),
});
