import { mkdtemp, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from './config.mjs';
import { createPreview } from './server.mjs';

const servers: http.Server[] = [];
async function listen(server: http.Server) {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const contact = {
  id: 501,
  values: { firstname: '愛子', lastname: 'Sato', email: 'a@x.example', line_user_id: 'U1', lifecyclestage: 'lead' },
  linked: [701],
};
const properties = [
  { name: 'email', label: 'Email', type: 'string' },
  {
    name: 'lifecyclestage',
    label: 'Lifecycle stage',
    type: 'enumeration',
    options: [{ label: 'Lead', value: 'lead' }],
  },
  { name: 'line_user_id', label: 'LINE User ID', type: 'string' },
];
const SANDBOX: Record<string, unknown> = {
  '/_sandbox/portals': {
    portals: [
      {
        id: 1001,
        installed: true,
        options: { name: 'Sakura' },
        users: [{ id: 3, email: 'mei@x.example', firstName: '美', lastName: '佐藤' }],
      },
    ],
  },
  '/_sandbox/portals/1001/names/contacts?q=ai&has=line_user_id': [{ id: 501, name: '愛子 Sato', note: 'a@x.example' }],
  '/_sandbox/portals/1001/records/contacts/501': contact,
  '/_sandbox/portals/1001/properties/contacts': properties,
  '/_sandbox/portals/1001/records/companies/701': { id: 701, values: { name: 'Coffee', domain: 'c.example' } },
};

let base = '';
const seen: http.IncomingMessage[] = [];
beforeAll(async () => {
  const sandbox = await listen(
    http.createServer((req, res) => {
      const found = SANDBOX[req.url ?? ''];
      res.writeHead(found ? 200 : 404).end(JSON.stringify(found ?? {}));
    }),
  );
  const front = await listen(
    http.createServer((req, res) => {
      seen.push(req);
      res.end('{"ok":true}');
    }),
  );
  const files = await mkdtemp(path.join(tmpdir(), 'preview-'));
  await writeFile(path.join(files, 'index.html'), '<p>screens</p>');
  await writeFile(path.join(path.dirname(files), 'outside.js'), 'secret');
  const config = readConfig(['--front', front, '--sandbox', sandbox], { HUBSPOT_CLIENT_SECRET: 's' });
  const meta = { config: { name: 'Lumo', permittedUrls: { fetch: ['${API_ORIGIN}'] } } };
  base = await listen(createPreview({ config, meta, variables: { API_ORIGIN: config.origin }, files }));
});
afterAll(() => servers.forEach((s) => s.close()));

const get = async (route: string, init?: RequestInit) => {
  const res = await fetch(base + route, init);
  return { status: res.status, text: await res.text() };
};
const json = async (route: string) => JSON.parse((await get(route)).text);

describe('pages around an extension', () => {
  it('know accounts, people and records', async () => {
    expect(await json('/preview/world')).toMatchObject({
      app: { name: 'Lumo' },
      portals: [{ id: 1001, name: 'Sakura', timezone: 'Asia/Tokyo' }],
    });
    expect(await json('/preview/records/1001/contacts?q=ai')).toEqual([
      { id: 501, name: '愛子 Sato', note: 'a@x.example' },
    ]);
    expect(await json('/preview/records/1001/contacts/501')).toMatchObject({
      id: 501,
      asked: 501,
      name: '愛子 Sato',
      linked: [{ id: 701, name: 'Coffee', note: 'c.example' }],
      fields: [
        { label: 'Email', value: 'a@x.example' },
        { label: 'Lifecycle stage', value: 'Lead' },
        { label: 'LINE User ID', value: 'U1' },
      ],
    });
  });

  it.each([
    '/preview/records/1001/contacts/9',
    '/preview/records/1001/ducks/1',
    '/nothing.js',
    '/..%2foutside.js',
    '/server.mjs',
  ])('has no %s', async (route) => {
    expect((await get(route)).status).toBe(404);
  });
});

describe('hubspot.fetch', () => {
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    get('/preview/fetch', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const call = { url: 'https://lumo.example/api/v1/status' };

  it('says who calls from the account, whatever the page claims', async () => {
    const { text } = await post({ call, portalId: 1001, user: 3, userEmail: 'forged@x.example' });
    expect(JSON.parse(text)).toMatchObject({
      status: 200,
      envelope: { status: 'success', responseBody: { ok: true } },
    });
    expect(seen.at(-1)?.url).toBe('/api/v1/status?userId=3&portalId=1001&userEmail=mei%40x.example&appId=7654321');
  });

  it.each([{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, { host: 'evil.example' }])(
    'is not for other sites: %o',
    async (headers) => {
      const before = seen.length;
      const status = await new Promise((done) => {
        const req = http.request(`${base}/preview/fetch`, { method: 'POST', headers }, (res) => done(res.statusCode));
        req.end(JSON.stringify({ call, portalId: 1001, user: 3 }));
      });
      expect(status).toBe(403);
      expect(seen.length).toBe(before);
    },
  );

  it('refuses what is no call', async () => {
    expect((await post({ call: 1, portalId: 1001 })).status).toBe(400);
    expect((await post({ call, portalId: '1001' })).status).toBe(400);
    expect((await get('/preview/fetch', { method: 'POST', body: '{' })).status).toBe(400);
  });
});

describe('options', () => {
  const env = { HUBSPOT_CLIENT_SECRET: 's' };
  it('follow one another', () => {
    expect(readConfig([], env)).toMatchObject({
      front: 'http://127.0.0.1:3000',
      publicUrl: 'http://127.0.0.1:3000',
      origin: 'https://lumo.example',
      port: 3004,
    });
    expect(readConfig([], { ...env, PUBLIC_URL: 'https://lumo.company.example' })).toMatchObject({
      origin: 'https://lumo.company.example',
      front: 'http://127.0.0.1:3000',
    });
    expect(readConfig(['--front', 'http://127.0.0.1:9', '--port', '0'], { ...env, PREVIEW_PORT: '5' })).toMatchObject({
      publicUrl: 'http://127.0.0.1:9',
      port: 0,
    });
  });
  it('are checked', () => {
    expect(() => readConfig(['--port', 'x'], env)).toThrow('port');
    expect(() => readConfig(['--front', 'x'], env)).toThrow('functions');
  });
});
