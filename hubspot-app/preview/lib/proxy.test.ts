import { describe, expect, it, vi } from 'vitest';
import { FetchProxy, LIMITS, type Call, type ProxyConfig } from './proxy.mjs';
import { decodeSigned, signatureV3 } from './sign.mjs';

const who = { userId: 71, userEmail: 'hanako+lumo@sakura.example', portalId: 1001, appId: 7654321 };
const origin = 'https://lumo.example';
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

function setup(reply: (url: string, init: RequestInit) => Promise<Response> = async () => json({ ok: true })) {
  const backend = vi.fn(reply);
  const config: ProxyConfig = {
    permitted: [origin],
    publicUrl: 'http://127.0.0.1:3000',
    front: 'http://127.0.0.1:4000',
    secret: 's3cret',
    fetch: backend as unknown as typeof fetch,
    now: () => 1_700_000_000_000,
  };
  const proxy = new FetchProxy(config);
  return { backend, ask: (call: Partial<Call>) => proxy.answer({ url: `${origin}/api/v1/status`, ...call }, who) };
}

describe('signing', () => {
  // HubSpot's published examples.
  it.each([
    [
      '12345678-aaaa-bbbb-cccc-ddddeeeeffff',
      'GET',
      'https://hubspot.com/?appId=1&portalId=2&userId=3',
      '',
      '1111111111',
      'zTfXjo07jfzGouo4wvyAj3qEMUTVJ0PPYPACrluQtQI=',
    ],
    [
      'f6e94c08-85d0-4608-bcc6-e1850176e7b8',
      'POST',
      'https://www.hubspot.com/webhook',
      'REQUEST_BODY',
      '1632188626483',
      'jf872r5vscVcxCiDRHA4rGrqe/8BPLNVkdJSHdMnGTU=',
    ],
  ])('matches %s', (secret, method, uri, body, timestamp, want) => {
    expect(signatureV3({ secret, method, uri, body, timestamp })).toBe(want);
  });

  it('decodes only what HubSpot decodes', () => {
    expect(decodeSigned('a%40b%2f%2F%3a%20%2B%26%3D%E3%81%82')).toBe('a@b//:%20%2B%26%3D%E3%81%82');
  });
});

describe('what goes out', () => {
  it('carries who calls, and the signature for the public address', async () => {
    const { ask, backend } = setup();
    await ask({ url: `${origin}/api/v1/friends?q=%E3%81%82`, method: 'POST', body: { a: 1 } });
    const path =
      '/api/v1/friends?q=%E3%81%82&userId=71&portalId=1001&userEmail=hanako%2Blumo%40sakura.example&appId=7654321';
    const [url, init] = backend.mock.calls[0]!;
    expect(url).toBe(`http://127.0.0.1:4000${path}`);
    expect(init).toMatchObject({ method: 'POST', body: '{"a":1}', redirect: 'manual' });
    expect(init.headers).toEqual({
      'content-type': 'application/json',
      'x-hubspot-request-timestamp': '1700000000000',
      'x-hubspot-signature-v3': signatureV3({
        secret: 's3cret',
        method: 'POST',
        uri: `http://127.0.0.1:3000${path}`,
        body: '{"a":1}',
        timestamp: '1700000000000',
      }),
    });
  });

  it('drops the body of a GET', async () => {
    const { ask, backend } = setup();
    await ask({ body: { a: 1 } });
    expect(backend.mock.calls[0]![1].body).toBeUndefined();
  });

  it('passes Authorization on', async () => {
    const { ask, backend } = setup();
    await ask({ headers: { authorization: 'Bearer x' } });
    expect(backend.mock.calls[0]![1].headers).toMatchObject({ authorization: 'Bearer x' });
  });
});

describe('refusals before anything is sent', () => {
  it.each<[string, Partial<Call>, string]>([
    ['http', { url: 'http://lumo.example/x' }, 'https'],
    ['a relative address', { url: '/x' }, 'malformed'],
    ['an IP', { url: 'https://127.0.0.1/x' }, 'host name'],
    ['localhost', { url: 'https://localhost/x' }, 'host name'],
    ['another origin', { url: 'https://evil.example/x' }, 'permittedUrls'],
    ['an origin that only begins alike', { url: 'https://lumo.example.evil.example/x' }, 'permittedUrls'],
    ['another port', { url: 'https://lumo.example:8443/x' }, 'permittedUrls'],
    ['another header', { headers: { 'x-a': '1' } }, 'Authorization'],
    ['two headers', { headers: { authorization: 'a', 'x-a': '1' } }, 'Authorization'],
    ['a list as body', { method: 'POST', body: [1] }, 'Request Body'],
    ['a text as body', { method: 'POST', body: 'x' }, 'Request Body'],
    ['a body over 1 MB', { method: 'POST', body: { a: 'あ'.repeat(LIMITS.bytes / 3) } }, '1 MB'],
    ['a strange method', { method: 'TRACE' }, 'TRACE'],
    ['a bad timeout', { timeout: -1 }, 'timeout'],
  ])('%s', async (_name, call, says) => {
    const { ask, backend } = setup();
    const { status, envelope } = await ask(call);
    expect(status).toBe(400);
    expect(envelope).toMatchObject({ status: 'error', category: 'VALIDATION_ERROR' });
    expect(envelope.message).toContain(says);
    expect(backend).not.toHaveBeenCalled();
  });
});

describe('answers', () => {
  it('wraps success', async () => {
    const { status, envelope } = await setup(async () => json({ ok: true }, 201)).ask({});
    expect(status).toBe(201);
    expect(envelope).toMatchObject({
      status: 'success',
      responseBody: { ok: true },
      context: { appServerStatusCode: ['201'], portalId: ['1001'] },
    });
  });

  it('wraps an error and keeps its status and body', async () => {
    const { ask, backend } = setup(async () => json({ ok: false }, 404));
    const { status, envelope } = await ask({});
    expect(status).toBe(200);
    expect(envelope).toMatchObject({
      category: 'BAD_GATEWAY',
      responseBody: { ok: false },
      context: { appServerStatusCode: ['404'] },
    });
    expect(backend).toHaveBeenCalledTimes(1);
  });

  it('does not follow redirects', async () => {
    const { envelope } = await setup(
      async () => new Response(null, { status: 302, headers: { location: '/login' } }),
    ).ask({});
    expect(envelope).toMatchObject({
      category: 'BAD_GATEWAY',
      responseBody: null,
      context: { appServerStatusCode: ['302'] },
    });
  });

  it.each([
    ['HTML', '<p>', 200],
    ['nothing', '', 200],
    ['HTML of an error', '<p>', 404],
  ])('refuses %s', async (_name, body, code) => {
    const { status, envelope } = await setup(async () => new Response(body, { status: code })).ask({});
    expect(status).toBe(400);
    expect(envelope.message).toBe('Invalid JSON Response Body');
  });

  it('refuses more than 1 MB', async () => {
    const { status, envelope } = await setup(async () => json('x'.repeat(LIMITS.bytes))).ask({});
    expect(status).toBe(400);
    expect(envelope.message).toContain('1 MB');
  });
});

describe('repeating', () => {
  it('repeats a 5xx once', async () => {
    let n = 0;
    const { ask, backend } = setup(async () => json({ n: ++n }, n === 1 ? 503 : 200));
    expect((await ask({ method: 'POST', body: { id: 'x' } })).envelope).toMatchObject({
      status: 'success',
      responseBody: { n: 2 },
    });
    expect(backend.mock.calls[1]![1].body).toBe('{"id":"x"}');
  });

  it('gives up after the second 5xx', async () => {
    const { ask, backend } = setup(async () => json({}, 500));
    expect((await ask({})).envelope).toMatchObject({ context: { appServerStatusCode: ['500'] } });
    expect(backend).toHaveBeenCalledTimes(2);
  });

  it('repeats a failed connection once', async () => {
    const { ask, backend } = setup(async () => {
      throw new TypeError('fetch failed');
    });
    expect(await ask({})).toMatchObject({
      status: 500,
      envelope: { category: 'INTERNAL_SERVER_ERROR', message: 'fetch failed' },
    });
    expect(backend).toHaveBeenCalledTimes(2);
  });

  it('does not repeat an answer that is too large', async () => {
    const { ask, backend } = setup(async () => json('x'.repeat(LIMITS.bytes)));
    await ask({});
    expect(backend).toHaveBeenCalledTimes(1);
  });
});

function withResolvers() {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

describe('limits', () => {
  it('ends a slow call without repeating it', async () => {
    const { ask, backend } = setup(
      (_url, init) =>
        new Promise((_, reject) => init.signal!.addEventListener('abort', () => reject(init.signal!.reason))),
    );
    expect(await ask({ timeout: 5 })).toMatchObject({ status: 504, envelope: { category: 'GATEWAY_TIMEOUT' } });
    expect(backend).toHaveBeenCalledTimes(1);
  });

  it.each([
    [undefined, 15_000],
    [60_000, 60_000],
    [999_999, 120_000],
  ])('waits %s ms as %s', async (timeout, want) => {
    const spy = vi.spyOn(AbortSignal, 'timeout');
    await setup().ask({ timeout });
    expect(spy).toHaveBeenCalledWith(want);
  });

  it('lets 20 of one account through at once', async () => {
    const { promise: gate, resolve: open } = withResolvers();
    const { ask, backend } = setup(() => gate.then(() => json({})));
    const waiting = Array.from({ length: 20 }, () => ask({}));
    expect(await ask({})).toMatchObject({ status: 429 });
    open();
    expect((await Promise.all(waiting)).every((a) => a.status === 200)).toBe(true);
    expect((await ask({})).status).toBe(200);
    expect(backend).toHaveBeenCalledTimes(21);
  });
});
