import { useCallback, useEffect, useState } from 'react';
import { call, type Answer, type Args, type Route } from './call.ts';
import { asApiError, type ApiError } from './errors.ts';
import { useOrigin } from './useOrigin.ts';

export interface Loaded<T> {
  /** The last answer to this question. It stays while the question is asked again, so that nothing jumps. */
  data: T | null;
  /** Why the last attempt failed; `data` may still hold the answer before. */
  error: ApiError | null;
  /** The question is being asked. */
  loading: boolean;
  reload: () => void;
}

export interface Options<T> {
  /** Ask again after so many ms; null or nothing: do not. Failures make the pauses longer. */
  every?: (data: T | null) => number | null;
  /** While another question is being asked, keep showing the last answer (pages of a table). */
  keep?: boolean;
  /** Do not ask yet. */
  skip?: boolean;
  /** Ask again when this changes. */
  version?: string;
}

interface Settled<T> {
  key: string;
  data: T | null;
  error: ApiError | null;
  failures: number;
  asked: number;
}

const LONGEST_PAUSE = 60_000;

/** Asks a route, again when the arguments change; answers to questions of before are dropped. */
export function useApi<R extends Route>(route: R, args: Args<R>, options: Options<Answer<R>> = {}): Loaded<Answer<R>> {
  const origin = useOrigin();
  const [asked, setAsked] = useState(0);
  const [settled, setSettled] = useState<Settled<Answer<R>> | null>(null);
  const { skip = false, version = '' } = options;
  const key = JSON.stringify([origin, route, args]);

  useEffect(() => {
    if (skip) return;
    let live = true;
    const [where, what, how] = JSON.parse(key) as [string, R, Args<R>];
    call(where, what, how).then(
      (data) => live && setSettled({ key, data, error: null, failures: 0, asked }),
      (error: unknown) =>
        live &&
        setSettled((last) => ({
          key,
          data: last?.key === key ? last.data : null,
          error: asApiError(error),
          failures: (last?.key === key ? last.failures : 0) + 1,
          asked,
        })),
    );
    return () => {
      live = false;
    };
  }, [key, asked, skip, version]);

  const current = settled?.key === key ? settled : null;
  const pause = current && !skip ? (options.every?.(current.data) ?? null) : null;
  const failures = current?.failures ?? 0;

  useEffect(() => {
    if (pause === null || settled?.asked !== asked) return;
    const timer = setTimeout(() => setAsked((n) => n + 1), Math.min(pause * 2 ** failures, LONGEST_PAUSE));
    return () => clearTimeout(timer);
  }, [pause, failures, asked, settled]);

  const reload = useCallback(() => setAsked((n) => n + 1), []);
  return {
    data: current?.data ?? (options.keep ? (settled?.data ?? null) : null),
    error: current?.error ?? null,
    loading: !skip && (current === null || current.asked !== asked),
    reload,
  };
}
