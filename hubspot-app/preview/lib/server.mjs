import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { Crm } from './crm.mjs';
import { font } from './fonts.mjs';
import { FetchProxy, LIMITS } from './proxy.mjs';

const TYPES = /** @type {Record<string, string>} */ ({
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
});

// A call of 1 MB, with its escapes, in the page's wrapping.
const LARGEST = 4 * LIMITS.bytes;

class Stop extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * The page is reachable for every site that the browser has open, so only the page itself may use the routes that act: no other origin, and no
 * other name that leads to this address.
 *
 * @param {http.IncomingMessage} req
 */
function ownPageOnly(req) {
  const host = req.headers.host ?? '';
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host)) throw new Stop(403, 'this server has no such name');
  const { origin } = req.headers;
  const site = req.headers['sec-fetch-site'];
  if ((origin && origin !== `http://${host}`) || (site && site !== 'same-origin' && site !== 'none')) {
    throw new Stop(403, 'other sites may not use the preview');
  }
}

/** @param {http.IncomingMessage} req */
async function readJson(req) {
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > LARGEST) throw new Stop(413, 'too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Stop(400, 'not JSON');
  }
}

/** @param {http.ServerResponse} res @param {number} status @param {unknown} body */
function sendJson(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(JSON.stringify(body));
}

/**
 * @param {object} options
 * @param {import('./config.mjs').Config} options.config
 * @param {any} options.meta app-hsmeta.json
 * @param {Record<string, string>} options.variables of the profile
 * @param {string} options.files the built page
 * @param {Promise<unknown>} [options.built] settles when the files are there
 * @param {typeof fetch} [options.send] reaches the functions
 */
export function createPreview({ config, meta, variables, files, built, send }) {
  const fill = (/** @type {string} */ text) => text.replace(/\$\{(\w+)\}/g, (whole, name) => variables[name] ?? whole);
  const proxy = new FetchProxy({
    permitted: meta.config.permittedUrls.fetch.map(fill),
    publicUrl: config.publicUrl,
    front: config.front,
    secret: config.secret,
    fetch: send,
  });
  const crm = new Crm(config.sandbox);
  const pictures = (meta.config.permittedUrls.img ?? []).map(fill);
  const app = { id: config.appId, name: meta.config.name };

  /** @param {URL} url */
  async function world(url) {
    const parts = url.pathname.split('/').slice(3);
    if (url.pathname === '/preview/world') {
      const { publicUrl: front, sandbox, line } = config;
      return { app, variables, front, sandbox, line, pictures, portals: await crm.portals() };
    }
    const [portal, object, id] = parts;
    if (object !== 'contacts' && object !== 'companies') throw new Stop(404, 'no such object');
    if (id === undefined) return crm.names(Number(portal), object, url.searchParams.get('q') ?? '');
    const record = await crm.record(Number(portal), object, Number(id));
    if (!record) throw new Stop(404, 'no such record');
    return record;
  }

  /** @param {any} request */
  async function forward({ call, portalId, user }) {
    const portal = (await crm.portals()).find((p) => p.id === portalId);
    const person = portal?.users.find((u) => u.id === user) ?? { id: 1, email: 'you@portal.example' };
    if (typeof portalId !== 'number' || typeof call !== 'object' || call === null) throw new Stop(400, 'not a call');
    return proxy.answer(call, { portalId, userId: person.id, userEmail: person.email, appId: app.id });
  }

  /** @param {http.ServerResponse} res @param {string} pathname */
  async function sendFile(res, pathname) {
    const file = path.join(files, path.normalize(pathname === '/' ? '/index.html' : decodeURIComponent(pathname)));
    const type = TYPES[path.extname(file)];
    if (!file.startsWith(files + path.sep) || !type) throw new Stop(404, 'not found');
    const data = await readFile(file).catch(() => {
      throw new Stop(404, 'not found');
    });
    res.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' });
    res.end(data);
  }

  /** @param {http.IncomingMessage} req @param {http.ServerResponse} res */
  async function handle(req, res) {
    const url = new URL(req.url ?? '/', 'http://preview');
    if (url.pathname === '/favicon.ico') {
      res.writeHead(204).end();
      return;
    }
    if (url.pathname.startsWith('/preview/')) {
      ownPageOnly(req);
      if (url.pathname === '/preview/fetch' && req.method === 'POST')
        sendJson(res, 200, await forward(await readJson(req)));
      else if (req.method === 'GET') sendJson(res, 200, await world(url));
      else throw new Stop(405, 'not allowed');
      return;
    }
    const letters = url.pathname.startsWith('/fonts/') && (await font(url.pathname.slice('/fonts/'.length)));
    if (letters) {
      // Pages of other origins borrow them for their pictures.
      res.writeHead(200, {
        'content-type': letters.type,
        'access-control-allow-origin': '*',
        'cache-control': 'max-age=86400',
      });
      res.end(letters.data);
      return;
    }
    await built;
    await sendFile(res, url.pathname);
  }

  return http.createServer((req, res) => {
    handle(req, res).catch((e) => {
      const status = e instanceof Stop ? e.status : 502;
      if (res.headersSent) res.end();
      else sendJson(res, status, { message: e instanceof Error ? e.message : String(e) });
    });
  });
}
