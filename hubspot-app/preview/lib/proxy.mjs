import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { signatureV3 } from './sign.mjs';

// The limits of hubspot.fetch, from HubSpot's documentation and the proxy of its dev server.
export const LIMITS = { bytes: 1_048_576, timeout: 15_000, longest: 120_000, atOnce: 20 };

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * @typedef {{ url: string, method?: string, body?: unknown, timeout?: number, headers?: Record<string, string> }} Call what an extension asks for
 * @typedef {{ userId: number, userEmail: string, portalId: number, appId: number }} Identity
 * @typedef {{ status: number, envelope: Record<string, unknown> }} Answer HTTP status and body of HubSpot's proxy
 * @typedef {{ permitted: string[], publicUrl: string, front: string, secret: string, fetch?: typeof fetch, now?: () => number }} ProxyConfig
 *   permitted: origins of permittedUrls.fetch. publicUrl: the origin that the functions believe they have, which is what is signed.
 *   front: where the functions listen.
 */

class Refusal extends Error {
  /** @param {number} status @param {string} category @param {string} message */
  constructor(status, category, message) {
    super(message);
    this.status = status;
    this.category = category;
  }
}

/** @param {string} message */
const invalid = (message) => new Refusal(400, 'VALIDATION_ERROR', message);

/** @param {string} text */
function parse(text) {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** @param {string} raw @param {string[]} permitted */
function permittedUrl(raw, permitted) {
  if (typeof raw !== 'string' || !URL.canParse(raw)) throw invalid('URL is malformed');
  const url = new URL(raw);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol !== 'https:') throw invalid('hubspot.fetch needs an absolute https URL');
  if (isIP(host) || host === 'localhost') throw invalid('hubspot.fetch needs a host name');
  if (!permitted.includes(url.origin)) throw invalid(`'${url.origin}' is not in permittedUrls.fetch of the app`);
  return url;
}

/** @param {Record<string, string> | undefined} headers */
function allowedHeaders(headers = {}) {
  const names = Object.keys(headers);
  if (names.length > 1) throw invalid("Only 'Authorization' header is allowed");
  if (names.some((name) => name.toLowerCase() !== 'authorization')) {
    throw invalid("Invalid Request Headers provided. Only 'Authorization' header is allowed from hubspot.fetch()");
  }
  return headers;
}

/** @param {string} method @param {unknown} body */
function payload(method, body) {
  if (method === 'GET' || body === undefined || body === null) return '';
  if (typeof body !== 'object' || Array.isArray(body)) throw invalid('Invalid JSON Request Body');
  const text = JSON.stringify(body);
  if (Buffer.byteLength(text) > LIMITS.bytes) throw invalid('The request body is larger than 1 MB');
  return text;
}

/** @param {number | undefined} timeout */
function patience(timeout = LIMITS.timeout) {
  if (typeof timeout !== 'number' || !(timeout > 0)) throw invalid('timeout must be a number of milliseconds');
  return Math.min(timeout, LIMITS.longest);
}

/** @param {URL} url @param {Identity} who */
function target(url, who) {
  const identity = new URLSearchParams({
    userId: String(who.userId),
    portalId: String(who.portalId),
    userEmail: who.userEmail,
    appId: String(who.appId),
  });
  return url.pathname + (url.search.length > 1 ? `${url.search}&` : '?') + identity.toString();
}

/**
 * Reads at most one byte more than is allowed.
 *
 * @param {Response} res
 */
async function read(res) {
  const chunks = [];
  let size = 0;
  for await (const chunk of res.body ?? []) {
    size += chunk.length;
    if (size > LIMITS.bytes) throw invalid('The response body is larger than 1 MB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The stand-in for HubSpot's proxy, which every hubspot.fetch goes through. */
export class FetchProxy {
  /** @type {Map<number, number>} */
  #busy = new Map();

  /** @param {ProxyConfig} config */
  constructor(config) {
    this.config = config;
  }

  /**
   * Never throws: whatever happens is an answer, as from HubSpot.
   *
   * @param {Call} call
   * @param {Identity} who
   * @returns {Promise<Answer>}
   */
  async answer(call, who) {
    const context = {
      correlationId: [randomUUID()],
      httpMethod: [String(call.method ?? 'GET')],
      portalId: [String(who.portalId)],
      requestUri: [String(call.url)],
    };
    try {
      return await this.#admitted(who.portalId, () => this.#forward(call, who, context));
    } catch (e) {
      const r =
        e instanceof Refusal
          ? e
          : new Refusal(500, 'INTERNAL_SERVER_ERROR', e instanceof Error ? e.message : String(e));
      return { status: r.status, envelope: { status: 'error', category: r.category, message: r.message, context } };
    }
  }

  /** @template T @param {number} portal @param {() => Promise<T>} work */
  async #admitted(portal, work) {
    const busy = this.#busy.get(portal) ?? 0;
    if (busy >= LIMITS.atOnce)
      throw new Refusal(429, 'RATE_LIMITS', `More than ${LIMITS.atOnce} requests of one account at once`);
    this.#busy.set(portal, busy + 1);
    try {
      return await work();
    } finally {
      this.#busy.set(portal, (this.#busy.get(portal) ?? 1) - 1);
    }
  }

  /** @param {Call} call @param {Identity} who @param {Record<string, string[]>} context @returns {Promise<Answer>} */
  async #forward(call, who, context) {
    const url = permittedUrl(call.url, this.config.permitted);
    const method = String(call.method ?? 'GET').toUpperCase();
    if (!METHODS.includes(method)) throw invalid(`The method ${method} is not allowed`);
    const headers = allowedHeaders(call.headers);
    const body = payload(method, call.body);
    const signal = AbortSignal.timeout(patience(call.timeout));
    const { status, text } = await this.#withRetry({ method, path: target(url, who), headers, body, signal });

    const redirect = status >= 300 && status < 400;
    const parsed = parse(text) ?? (redirect ? { json: null } : undefined);
    if (!parsed) throw invalid('Invalid JSON Response Body');
    const envelope = { responseBody: parsed.json, context: { ...context, appServerStatusCode: [String(status)] } };
    if (status < 300) return { status, envelope: { status: 'success', ...envelope } };
    return {
      status: 200,
      envelope: {
        status: 'error',
        category: 'BAD_GATEWAY',
        message: 'Error returned from Request Uri',
        errors: [{ message: `Unacceptable HTTP status ${status} calling ${call.url}` }],
        ...envelope,
      },
    };
  }

  /** @param {{ method: string, path: string, headers: Record<string, string>, body: string, signal: AbortSignal }} request */
  async #withRetry(request) {
    try {
      const first = await this.#send(request);
      if (first.status < 500) return first;
    } catch (e) {
      if (e instanceof Refusal || request.signal.aborted) throw e;
    }
    return this.#send(request);
  }

  /** @param {{ method: string, path: string, headers: Record<string, string>, body: string, signal: AbortSignal }} request */
  async #send({ method, path, headers, body, signal }) {
    const { publicUrl, front, secret, fetch: send = fetch, now = Date.now } = this.config;
    const timestamp = String(now());
    try {
      const res = await send(front + path, {
        method,
        redirect: 'manual',
        signal,
        body: body || undefined,
        headers: {
          ...headers,
          ...(body && { 'content-type': 'application/json' }),
          'x-hubspot-request-timestamp': timestamp,
          'x-hubspot-signature-v3': signatureV3({ secret, method, uri: publicUrl + path, body, timestamp }),
        },
      });
      return { status: res.status, text: await read(res) };
    } catch (e) {
      if (signal.aborted) throw new Refusal(504, 'GATEWAY_TIMEOUT', 'Gateway took too long to respond');
      throw e;
    }
  }
}
