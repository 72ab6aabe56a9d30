import { useState } from 'react';
import type { Answer, Args, Route } from './call.ts';
import type { ApiError } from './errors.ts';
import { useApi, type Options } from './useApi.ts';

/** Routes that answer pages by cursor. */
export type PagedRoute = {
  [R in Route]: Answer<R> extends { items: unknown[]; next: string | null }
    ? Args<R> extends { query?: { cursor?: string } }
      ? R
      : never
    : never;
}[Route];
type Item<R extends PagedRoute> = Answer<R> extends { items: (infer I)[] } ? I : never;
type Query<R extends PagedRoute> = Omit<NonNullable<Args<R> extends { query?: infer Q } ? Q : never>, 'cursor'>;

export interface Pages<T> {
  /** null until the first answer. */
  items: T[] | null;
  loading: boolean;
  error: ApiError | null;
  reload: () => void;
  /** For the Table: the pages that are known, and one more when there is one. */
  page: number;
  pageCount: number;
  onPageChange: (page: number) => void;
}

interface Trail {
  question: string;
  cursors: (string | undefined)[];
  page: number;
}

type Path<R extends PagedRoute> = Args<R> extends { path: infer P } ? { path: P } : { path?: undefined };

/** A table over pages that are linked by cursors. Another question starts at its first page. */
export function usePages<R extends PagedRoute>(
  route: R,
  query: Query<R>,
  options: Omit<Options<Answer<R>>, 'keep'> & { path?: Path<R>['path'] } = {},
): Pages<Item<R>> {
  const { path } = options;
  const question = JSON.stringify([route, query, path]);
  const [trail, setTrail] = useState<Trail>({ question, cursors: [undefined], page: 1 });
  const here: Trail = trail.question === question ? trail : { question, cursors: [undefined], page: 1 };
  const args = { path, query: { ...query, cursor: here.cursors[here.page - 1] } } as unknown as Args<R>;
  const { data, ...rest } = useApi(route, args, { ...options, keep: true });
  const answer = data as { items: Item<R>[]; next: string | null } | null;
  const next = rest.loading ? null : (answer?.next ?? null);
  return {
    ...rest,
    items: answer?.items ?? null,
    page: here.page,
    pageCount: Math.max(here.cursors.length, here.page + (next ? 1 : 0)),
    onPageChange: (page) => {
      const cursors = page === here.cursors.length + 1 && next ? [...here.cursors, next] : here.cursors;
      if (page >= 1 && page <= cursors.length) setTrail({ question, cursors, page });
    },
  };
}
