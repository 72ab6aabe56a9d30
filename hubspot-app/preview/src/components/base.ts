import type { ReactNode } from 'react';

/** Props arrive from another thread, so their types are promises of the SDK only; each component reads what it needs. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Props = Record<string, any> & { children?: ReactNode };

export const cx = (...names: (string | false | null | undefined)[]) => names.filter(Boolean).join(' ');

const SIZES: Record<string, string> = {
  'extra-small': 'xs',
  small: 'sm',
  medium: 'md',
  large: 'lg',
  'extra-large': 'xl',
  default: 'md',
};
export const size = (name: string | undefined, otherwise = 'md') => (name ? (SIZES[name] ?? name) : otherwise);

export const testId = (p: Props): { 'data-testid'?: string } => (p.testId ? { 'data-testid': p.testId as string } : {});

let events = 0;
/** What handlers of an extension get in place of a DOM event. */
export const event = (type: string) => ({ type, bubbles: true, timeStamp: performance.now(), id: String(++events) });
