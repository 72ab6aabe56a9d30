import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildAll, project } from '../lib/bundles.mjs';
import { readConfig } from '../lib/config.mjs';
import { createPreview } from '../lib/server.mjs';

const run = promisify(execFile);
export const PORTAL = 1001;

/**
 * The whole system on this machine, with a first sync done, and the preview beside it.
 *
 * @typedef {object} World
 * @property {string} base the preview's origin
 * @property {string} front
 * @property {string} sandbox
 * @property {string} line
 * @property {string} control the local cloud's own
 * @property {string} secret
 * @property {(route: string, call?: { method?: string, body?: object, portal?: number }) => Promise<any>} api calls app-api as an extension does
 * @property {(path: string, method?: string, body?: unknown) => Promise<any>} hubspot asks the HubSpot sandbox's control API
 * @property {(path: string, method?: string, body?: unknown) => Promise<any>} phone asks the LINE sandbox's control API
 * @property {Sent[]} sent what HubSpot's proxy sent to the functions, oldest first
 * @property {(path: RegExp) => void} loseAnswer the next answer to a call of this path gets lost on its way to the proxy, which then repeats
 * @property {(company: Company) => Promise<Channel>} found makes a company: a portal without the app and an account that is not connected
 * @property {() => Promise<void>} close
 *
 * @typedef {{ portal: number, method: string, path: string, status: number, bytes: number, asked: number, rows: number, body: any }} Sent bytes of the answer, asked of the call
 * @typedef {{ portal: number, name: string, contacts: number, friends: number, linked: number }} Company
 * @typedef {{ id: string, secret: string, botUserId: string, users: string[], people: string[] }} Channel users are LINE user ids, people the sandbox's ids
 *
 * @typedef {{ contacts: number, companies?: number, lists?: number, friends: number, linked: number }} Size
 */

/** @param {import('node:http').Server | net.Server} server @param {number} [port] @returns {Promise<number>} */
async function listen(server, port = 0) {
  await new Promise((done) => server.listen(port, '127.0.0.1', () => done(undefined)));
  return /** @type {net.AddressInfo} */ (server.address()).port;
}

/** A port for whoever needs to know it before it listens. @returns {Promise<number>} */
async function freePort() {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((done) => server.close(done));
  return port;
}

const freePorts = async () =>
  /** @type {[number, number, number, number, number]} */ (await Promise.all([1, 2, 3, 4, 5].map(freePort)));

/**
 * Ends with the last lines of the cloud's output if it does not come up.
 *
 * @param {import('node:child_process').ChildProcess} cloud
 */
function ready(cloud) {
  return new Promise((resolve, reject) => {
    let printed = '';
    const read = (/** @type {Buffer} */ chunk) => {
      printed = (printed + chunk.toString()).slice(-4000);
      if (printed.includes('\nReady.\n')) resolve(undefined);
    };
    cloud.stdout?.on('data', read);
    cloud.stderr?.on('data', read);
    cloud.on('exit', () => reject(new Error(`the local cloud ended:\n${printed}`)));
  });
}

/**
 * @typedef {{ front: string, sandbox: string, line: string, control: string, screens: number, secret: string, close: () => Promise<void> }} Cloud
 * screens is the port where the sandbox believes the preview to be
 *
 * @param {string} folder
 * @param {Size} size
 * @returns {Promise<Cloud>}
 */
export async function startCloud(folder, size) {
  const repository = path.dirname(project);
  const program = path.join(folder, 'local');
  await run('go', ['build', '-o', program, './scripts/cmd/local'], { cwd: repository });
  const [front, hubspot, line, control, screens] = await freePorts();
  const state = path.join(folder, 'state');
  const places = Object.entries({ front, hubspot, line, control, screens });
  const sizes = Object.entries({ companies: 10, lists: 3, ...size });
  const flags = [
    ...['-no-screens', '-state', state],
    ...places.flatMap(([name, port]) => [`-${name}`, `127.0.0.1:${port}`]),
    ...sizes.flatMap(([name, n]) => [`-${name}`, String(n)]),
  ];
  const cloud = spawn(program, flags, { cwd: repository });
  const close = async () => {
    const ended = new Promise((done) => cloud.on('exit', done));
    if (cloud.exitCode === null && cloud.kill()) await ended;
  };
  try {
    await ready(cloud);
    const secret = await readFile(path.join(state, 'hubspot-app-secret'), 'utf8');
    const at = (/** @type {number} */ port) => `http://127.0.0.1:${port}`;
    return { front: at(front), sandbox: at(hubspot), line: at(line), control: at(control), screens, secret, close };
  } catch (e) {
    await close();
    throw e;
  }
}

const ORIGIN = 'https://lumo.example';
const VARIABLES = { API_ORIGIN: ORIGIN, SUPPORT_EMAIL: 'support@lumo.example', SUPPORT_URL: ORIGIN };

/** @param {string} files */
export const buildScreens = (files) => buildAll({ outDir: files, variables: VARIABLES });

/**
 * The preview beside a running cloud.
 *
 * @param {Cloud} cloud
 * @param {string} files built
 * @returns {Promise<World>}
 */
export async function besides(cloud, files) {
  const { front, sandbox, line, control, secret } = cloud;
  const args = Object.entries({ front, sandbox, line, origin: ORIGIN }).flatMap(([name, at]) => [`--${name}`, at]);
  const config = readConfig(args, { HUBSPOT_CLIENT_SECRET: secret });
  const meta = JSON.parse(await readFile(path.join(project, 'src/app/app-hsmeta.json'), 'utf8'));
  const wire = new Wire();
  const server = createPreview({ config, meta, variables: VARIABLES, files, send: wire.send });
  const base = `http://127.0.0.1:${await listen(server, cloud.screens)}`;
  return {
    ...{ base, front, sandbox, line, control, secret },
    api: caller(base, ORIGIN),
    ...sandboxes(sandbox, line),
    sent: wire.sent,
    loseAnswer: (route) => void wire.losing.push(route),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await cloud.close();
    },
  };
}

/**
 * @param {Size} size
 * @returns {Promise<World>}
 */
export async function startWorld(size) {
  const folder = await mkdtemp(path.join(tmpdir(), 'lumo-screens-'));
  const files = path.join(folder, 'screens');
  const clean = () => rm(folder, { recursive: true, force: true });
  const [cloud, built] = await Promise.allSettled([startCloud(folder, size), buildScreens(files)]);
  if (cloud.status === 'fulfilled' && built.status === 'fulfilled') {
    const world = await besides(cloud.value, files);
    return { ...world, close: () => world.close().then(clean) };
  }
  if (cloud.status === 'fulfilled') await cloud.value.close();
  await clean();
  throw cloud.status === 'rejected' ? cloud.reason : /** @type {PromiseRejectedResult} */ (built).reason;
}

/** @param {string} base @param {string} origin @returns {World['api']} */
function caller(base, origin) {
  return async (route, { portal = PORTAL, ...call } = {}) => {
    const res = await fetch(`${base}/preview/fetch`, {
      method: 'POST',
      body: JSON.stringify({ call: { url: `${origin}/api/v1${route}`, ...call }, portalId: portal, user: 1 }),
    });
    const { envelope } = await res.json();
    if (envelope.responseBody?.ok !== true) throw new Error(`${route}: ${JSON.stringify(envelope)}`);
    return envelope.responseBody.data;
  };
}

/** How many items a page of the API has. @param {ArrayBuffer} answer */
function rowsIn(answer) {
  try {
    return JSON.parse(Buffer.from(answer).toString('utf8')).data.items.length;
  } catch {
    return 0;
  }
}

/** The way from HubSpot's proxy to the functions, with a memory and a fault. */
class Wire {
  /** @type {Sent[]} */
  sent = [];
  /** @type {RegExp[]} */
  losing = [];

  /** @type {typeof fetch} */
  send = async (url, init) => {
    const res = await fetch(url, init);
    const answer = await res.arrayBuffer();
    const { pathname, searchParams } = new URL(String(url));
    const portal = Number(searchParams.get('portalId'));
    for (const name of ['userId', 'portalId', 'userEmail', 'appId']) searchParams.delete(name);
    const path = pathname.replace('/api/v1', '') + (searchParams.size ? `?${searchParams}` : '');
    const body = typeof init?.body === 'string' ? init.body : '';
    this.sent.push({
      portal,
      method: init?.method ?? 'GET',
      path,
      status: res.status,
      bytes: answer.byteLength,
      asked: body.length,
      rows: rowsIn(answer),
      body: body && JSON.parse(body),
    });
    const lost = this.losing.findIndex((pattern) => pattern.test(path));
    if (lost >= 0) {
      this.losing.splice(lost, 1);
      throw new TypeError('the answer got lost');
    }
    return new Response([204, 205, 304].includes(res.status) ? null : answer, {
      status: res.status,
      headers: res.headers,
    });
  };
}

/** @param {string} base @returns {World['hubspot']} */
function controls(base) {
  return async (path, method = 'GET', body = undefined) => {
    const res = await fetch(`${base}/_sandbox/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await res.text();
    if (!res.ok) throw new Error(`${method} ${path}: ${res.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
}

/** @param {string} hubspotAt @param {string} lineAt @returns {Pick<World, 'hubspot' | 'phone' | 'found'>} */
export function sandboxes(hubspotAt, lineAt) {
  const [hubspot, phone] = [controls(hubspotAt), controls(lineAt)];
  return {
    hubspot,
    phone,
    found: async ({ portal, name, contacts, friends, linked }) => {
      const provider = await phone('providers', 'POST', { name });
      const channel = await phone('channels', 'POST', { provider: provider.id, name, verified: true });
      /** @type {{ user: string, lineUserId: string }[]} */
      const people = await phone(`channels/${channel.id}/friends`, 'POST', { count: friends, quiet: true });
      const users = people.map((p) => p.lineUserId);
      const property = { name: 'line_user_id', label: 'LINE User ID', type: 'string', fieldType: 'text' };
      const at = `portals/${portal}`;
      await hubspot(at, 'PUT', {
        name: `${name.toLowerCase().replace(/[\s.]+/g, '-')}.example`,
        timeZone: 'Asia/Tokyo',
      });
      await hubspot(`${at}/properties/contacts`, 'POST', {
        ...property,
        groupName: 'contactinformation',
        hasUniqueValue: true,
      });
      const seed = { contacts, companies: Math.ceil(contacts / 10), seed: portal, property: property.name };
      await hubspot(`${at}/seed`, 'POST', { ...seed, values: users.slice(0, linked) });
      return { ...channel, users, people: people.map((p) => p.user) };
    },
  };
}
