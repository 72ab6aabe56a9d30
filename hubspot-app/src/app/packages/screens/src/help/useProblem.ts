import { useCallback } from 'react';
import { ApiError } from '../api/errors.ts';
import { errors } from '../i18n/errors.ts';
import { useText } from '../i18n/useText.ts';
import { topicOf, type Topic } from './topics.ts';

export interface Problem {
  /** What happened. */
  text: string;
  /** What to do about it. */
  todo: string;
  /** The provider's or server's own words, when they say more than `text`. */
  detail: string | null;
  /** A number to quote to support. */
  quote: string | null;
  topic: Topic;
}

interface Reported {
  code: string;
  message: string;
  correlationId?: string | null;
}

type ErrorKey = keyof typeof errors.en;
const isKey = (key: string): key is ErrorKey => Object.hasOwn(errors.en, key);

/** Codes whose message is somebody else's reason, or names what it is about, and must be shown. */
const TELLING =
  /^(HUBSPOT_|BUBBLE_|LINE_(?!ID_|NOT_VERIFIED)|PROVIDER_|INVALID_|LINK_CONFLICT|VALUE_TOO_LONG|FORWARD_REFUSED)/;

/** Explains an error or a failed item by its code, in the user's language. */
export function useProblem(): (reported: ApiError | Reported) => Problem {
  const t = useText('errors');
  return useCallback(
    ({ code, message, correlationId }) => {
      const todo = `${code}.do`;
      const known = isKey(code);
      return {
        text: known ? t(code) : message || code,
        todo: t(isKey(todo) ? todo : 'other.do'),
        detail: known && TELLING.test(code) && message !== '' ? message : null,
        quote: correlationId ?? null,
        topic: topicOf(code),
      };
    },
    [t],
  );
}
