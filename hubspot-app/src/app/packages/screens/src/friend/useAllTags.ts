import { useCallback, useEffect, useState } from 'react';
import { call } from '../api/call.ts';
import { asApiError, type ApiError } from '../api/errors.ts';
import type { Slot, TagRow } from '../api/types.ts';
import { useOrigin } from '../api/useOrigin.ts';

/** An account has at most 1,000 tags in HubSpot: twenty pages. */
const MOST_PAGES = 20;

interface Settled {
  key: string;
  tags: TagRow[];
  error: ApiError | null;
}

export interface AllTags {
  /** In the order of their names; empty until they are known. */
  tags: TagRow[];
  loading: boolean;
  error: ApiError | null;
  reload: () => void;
}

/** All tags of an account that can be given, to choose from: they come in pages. null asks nothing. */
export function useAllTags(slot: Slot | null): AllTags {
  const origin = useOrigin();
  const [asked, setAsked] = useState(0);
  const [settled, setSettled] = useState<Settled | null>(null);
  const key = `${origin} ${slot}`;

  useEffect(() => {
    if (slot === null) return;
    let live = true;
    everyTag(origin, slot, () => live).then(
      (tags) => live && setSettled({ key, tags, error: null }),
      (error: unknown) =>
        live && setSettled((last) => ({ key, tags: last?.key === key ? last.tags : [], error: asApiError(error) })),
    );
    return () => {
      live = false;
    };
  }, [key, origin, slot, asked]);

  const reload = useCallback(() => setAsked((n) => n + 1), []);
  const current = settled?.key === key ? settled : null;
  return { tags: current?.tags ?? [], error: current?.error ?? null, loading: slot !== null && !current, reload };
}

async function everyTag(origin: string, slot: Slot, live: () => boolean): Promise<TagRow[]> {
  const all: TagRow[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES && live(); page++) {
    const answer = await call(origin, 'GET /tags', { query: { slot, limit: 50, ...(cursor && { cursor }) } });
    all.push(...answer.items.filter(({ state }) => state === 'active'));
    if (!answer.next) break;
    cursor = answer.next;
  }
  return all.sort((a, b) => a.name.localeCompare(b.name));
}
