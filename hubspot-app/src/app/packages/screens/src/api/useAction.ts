import { useCallback, useEffect, useRef, useState } from 'react';
import { call, newRequestId, type Answer, type AnyArgs, type Args, type Route } from './call.ts';
import { asApiError, type ApiError } from './errors.ts';
import { useOrigin } from './useOrigin.ts';

export interface Action<R extends Route> {
  /** Answers the data, or null when it failed: then `error` says why. */
  run: (args: Args<R>) => Promise<Answer<R> | null>;
  busy: boolean;
  error: ApiError | null;
  /** Forget the error. */
  clear: () => void;
}

/**
 * Something the user does. When nobody knows what became of it (no answer), the same thing done again carries the same `requestId`, so
 * that it happens once; after an answer it is a new one.
 */
export function useAction<R extends Route>(route: R): Action<R> {
  const origin = useOrigin();
  const [state, setState] = useState<{ busy: boolean; error: ApiError | null }>({ busy: false, error: null });
  const mounted = useRef(true);
  const open = useRef<{ what: string; requestId: string } | null>(null);

  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);

  const run = useCallback(
    async (args: Args<R>) => {
      const set = (next: { busy: boolean; error: ApiError | null }) => mounted.current && setState(next);
      const what = JSON.stringify(args);
      const requestId = open.current?.what === what ? open.current.requestId : newRequestId();
      open.current = { what, requestId };
      set({ busy: true, error: null });
      try {
        const { body, ...rest } = args as AnyArgs;
        const data = await call(origin, route, { ...rest, body: { ...body, requestId } } as unknown as Args<R>);
        open.current = null;
        set({ busy: false, error: null });
        return data;
      } catch (thrown) {
        const error = asApiError(thrown);
        if (!error.uncertain) open.current = null;
        set({ busy: false, error });
        return null;
      }
    },
    [origin, route],
  );

  const clear = useCallback(() => setState({ busy: false, error: null }), []);
  return { run, busy: state.busy, error: state.error, clear };
}
