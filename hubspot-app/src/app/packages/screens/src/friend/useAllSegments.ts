import { useEffect, useState } from 'react';
import { call } from '../api/call.ts';
import { asApiError, type ApiError } from '../api/errors.ts';
import type { Segment, Slot } from '../api/types.ts';
import { useOrigin } from '../api/useOrigin.ts';

/** An account has at most 300 segments: six pages. */
const MOST_PAGES = 6;
const ROWS = 50;

interface Settled {
  key: string;
  rows: Segment[];
  error: ApiError | null;
}

/** All segments of an account by name, to choose from: they come in pages. null asks nothing. */
export function useAllSegments(slot: Slot | null): { rows: Segment[]; loading: boolean; error: ApiError | null } {
  const origin = useOrigin();
  const [settled, setSettled] = useState<Settled | null>(null);
  const key = `${origin} ${slot}`;

  useEffect(() => {
    if (slot === null) return;
    let live = true;
    everySegment(origin, slot, () => live).then(
      (rows) => live && setSettled({ key, rows, error: null }),
      (error: unknown) => live && setSettled({ key, rows: [], error: asApiError(error) }),
    );
    return () => {
      live = false;
    };
  }, [key, origin, slot]);

  const current = settled?.key === key ? settled : null;
  return { rows: current?.rows ?? [], error: current?.error ?? null, loading: slot !== null && !current };
}

async function everySegment(origin: string, slot: Slot, live: () => boolean): Promise<Segment[]> {
  const all: Segment[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES && live(); page++) {
    const answer = await call(origin, 'GET /segments', { query: { slot, limit: ROWS, ...(cursor && { cursor }) } });
    all.push(...answer.items);
    if (!answer.next) break;
    cursor = answer.next;
  }
  return all;
}
