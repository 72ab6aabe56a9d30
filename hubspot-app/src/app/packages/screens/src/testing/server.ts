import { hubspot } from '@hubspot/ui-extensions';
import { vi } from 'vitest';
import type { Answer, Route } from '../api/call.ts';
import type { ErrorCode } from '../api/errors.ts';

export const ORIGIN = 'https://lumo.test';

export interface Asked {
  route: Route;
  path: string[];
  query: Record<string, string>;
  body: Record<string, unknown> | undefined;
}

type Reply<R extends Route> =
  | Answer<R>
  | Response
  | ((asked: Asked) => Answer<R> | Response | Promise<Answer<R> | Response>);
export type Replies = { [R in Route]?: Reply<R> };

export const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
export const refused = (code: ErrorCode, message = 'No.', more: { field?: string; correlationId?: string } = {}) =>
  json({ ok: false, error: { code, message, ...more } });

/** Stands for the server behind hubspot.fetch. Routes that a test did not name fail as unknown routes do. */
export function fakeServer(replies: Replies) {
  const asked: Asked[] = [];
  const known = { ...replies };
  vi.spyOn(hubspot, 'fetch').mockImplementation(async (to, options) => {
    const url = new URL(String(to));
    if (url.origin !== ORIGIN) throw new Error(`not permitted: ${url.origin}`);
    const found = match(
      Object.keys(known) as Route[],
      options?.method ?? 'GET',
      url.pathname.replace(/^\/api\/v1/, ''),
    );
    if (!found) return refused('NO_SUCH_ROUTE', `${options?.method} ${url.pathname}`);
    const call = { ...found, query: Object.fromEntries(url.searchParams), body: options?.body };
    asked.push(call);
    const reply = known[found.route] as Reply<Route>;
    const answer = typeof reply === 'function' ? await reply(call) : reply;
    return answer instanceof Response ? answer.clone() : json({ ok: true, data: answer });
  });
  return {
    /** Everything that was asked, in order. */
    asked,
    of: (route: Route) => asked.filter((call) => call.route === route),
    /** Answer differently from now on. */
    set: (more: Replies) => void Object.assign(known, more),
  };
}

function match(routes: Route[], method: string, path: string): { route: Route; path: string[] } | null {
  for (const route of routes) {
    const [verb, template] = route.split(' ') as [string, string];
    const pattern = new RegExp(`^${template.replace(/\{\w+\}/g, '([^/]+)')}$`);
    const hit = verb === method ? pattern.exec(path) : null;
    if (hit) return { route, path: hit.slice(1).map(decodeURIComponent) };
  }
  return null;
}
