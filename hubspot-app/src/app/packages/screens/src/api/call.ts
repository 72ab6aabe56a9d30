import { hubspot } from '@hubspot/ui-extensions';
import { ApiError } from './errors.ts';
import type { Problem, Routes } from './types.ts';

export type Route = keyof Routes;
export type Answer<R extends Route> = Routes[R]['answer'];
type Part<R extends Route, P extends string> = P extends keyof Routes[R] ? Routes[R][P] : never;

/** What a route needs: `path`, `query` and `body`, each only where the route has it. */
export type Args<R extends Route> = (Part<R, 'path'> extends never ? unknown : { path: Part<R, 'path'> }) &
  (Part<R, 'query'> extends never ? unknown : { query?: Part<R, 'query'> }) &
  (Part<R, 'body'> extends never ? unknown : { body?: Part<R, 'body'> });

/** The same, loosely: what the code that builds a request sees. */
export interface AnyArgs {
  path?: Record<string, string | number>;
  query?: Record<string, string | number | boolean | undefined>;
  body?: Record<string, unknown>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const TIMEOUT_MS = 20_000;
const WAIT_FOR_RUNNING_MS = 1_000;
const ASK_RUNNING = 5;

/** A new id for one thing that the user does; the server does what carries the same id once. */
export function newRequestId(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The path and query of a request, below the origin. */
export function addressOf(route: Route, args: AnyArgs): string {
  const template = route.slice(route.indexOf(' ') + 1);
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(args.path?.[name] ?? '')));
  const query = Object.entries(args.query ?? {})
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return `/api/v1${path}${query.length ? `?${query.join('&')}` : ''}`;
}

/**
 * Calls one route and answers its data. A write gets a `requestId`, so that the repetition that HubSpot's proxy makes is harmless.
 * Whatever is not data is thrown as an `ApiError`.
 */
export async function call<R extends Route>(origin: string, route: R, args: Args<R>): Promise<Answer<R>> {
  const method = route.slice(0, route.indexOf(' ')) as Method;
  const anyArgs = args as AnyArgs;
  if (!origin) throw new ApiError('NO_ADDRESS', 'API_ORIGIN is missing in the profile of this deployment.');
  const body = method === 'GET' ? undefined : { requestId: newRequestId(), ...anyArgs.body };
  for (let left = ASK_RUNNING; ; left--) {
    try {
      return await once<Answer<R>>(origin + addressOf(route, anyArgs), method, body);
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'REQUEST_RUNNING') || left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, WAIT_FOR_RUNNING_MS));
    }
  }
}

async function once<T>(url: string, method: Method, body: Record<string, unknown> | undefined): Promise<T> {
  let response: Response;
  try {
    response = await hubspot.fetch(url, { method, timeout: TIMEOUT_MS, ...(body && { body }) });
  } catch (error) {
    throw new ApiError('NETWORK', error instanceof Error ? error.message : 'The request could not be made.');
  }
  const answer = envelopeOf(await response.json().catch(() => null));
  if (answer?.ok === true) return answer.data as T;
  if (answer?.ok === false) {
    const { code, message, field, correlationId } = answer.error;
    throw new ApiError(code, message, { field, correlationId });
  }
  if (response.status === 429) throw new ApiError('BUSY', 'Too many requests at once.');
  if (response.status === 504 || response.status === 408) throw new ApiError('TIMEOUT', 'No answer in time.');
  throw new ApiError('BAD_ANSWER', `HTTP ${response.status}`);
}

type Envelope = { ok: true; data: unknown } | Problem;

/** Our envelope, bare or inside the one that HubSpot's proxy puts around answers of 300 and above. */
function envelopeOf(answer: unknown): Envelope | null {
  if (typeof answer !== 'object' || answer === null) return null;
  if ('ok' in answer && (answer.ok === true || isProblem(answer))) return answer as Envelope;
  return 'responseBody' in answer ? envelopeOf(answer.responseBody) : null;
}

const isProblem = (answer: object): answer is Problem =>
  'error' in answer && typeof (answer.error as Problem['error'] | null)?.code === 'string';
