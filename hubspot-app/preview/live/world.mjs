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
 * @property {string} secret
 * @property {(route: string, call?: { method?: string, body?: object }) => Promise<any>} api calls app-api as an extension does
 * @property {() => Promise<void>} close
 *
 * @typedef {{ contacts: number, companies?: number, lists?: number, friends: number, linked: number }} Size
 */

/** @param {import('node:http').Server | net.Server} server @returns {Promise<number>} */
async function listen(server) {
  await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)));
  return /** @type {net.AddressInfo} */ (server.address()).port;
}

async function freePort() {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((done) => server.close(done));
  return port;
}

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
 * @param {Size} size
 * @param {string[]} [more] flags of cmd/local
 * @returns {Promise<World>}
 */
export async function startWorld(size, more = []) {
  const folder = await mkdtemp(path.join(tmpdir(), 'lumo-screens-'));
  const repository = path.dirname(project);
  const program = path.join(folder, 'local');
  await run('go', ['build', '-o', program, './scripts/cmd/local'], { cwd: repository });
  const [front, hubspot, line] = await Promise.all([freePort(), freePort(), freePort()]);
  const at = (/** @type {number} */ port) => `127.0.0.1:${port}`;
  const state = path.join(folder, 'state');
  const sizes = Object.entries({ companies: 10, lists: 3, ...size }).flatMap(([name, n]) => [`-${name}`, String(n)]);
  const flags = [
    '-state',
    state,
    '-no-screens',
    '-front',
    at(front),
    '-hubspot',
    at(hubspot),
    '-line',
    at(line),
    '-control',
    at(0),
  ];
  const cloud = spawn(program, [...flags, ...sizes, ...more], { cwd: repository });
  const files = path.join(folder, 'screens');
  /** @type {import('node:http').Server | undefined} */
  let server;
  const close = async () => {
    server?.close();
    const ended = new Promise((done) => cloud.on('exit', done));
    if (cloud.exitCode === null && cloud.kill()) await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const origin = 'https://lumo.example';
    const variables = { API_ORIGIN: origin, SUPPORT_EMAIL: 'support@lumo.example', SUPPORT_URL: origin };
    await Promise.all([ready(cloud), buildAll({ outDir: files, variables })]);
    const secret = await readFile(path.join(state, 'hubspot-app-secret'), 'utf8');
    const args = ['--front', `http://${at(front)}`, '--sandbox', `http://${at(hubspot)}`, '--origin', origin];
    const config = readConfig(args, { HUBSPOT_CLIENT_SECRET: secret });
    const meta = JSON.parse(await readFile(path.join(project, 'src/app/app-hsmeta.json'), 'utf8'));
    server = createPreview({ config, meta, variables, files });
    const base = `http://127.0.0.1:${await listen(server)}`;
    return {
      base,
      front: config.front,
      sandbox: config.sandbox,
      line: `http://${at(line)}`,
      secret,
      close,
      api: caller(base, origin),
    };
  } catch (e) {
    await close();
    throw e;
  }
}

/** @param {string} base @param {string} origin @returns {World['api']} */
function caller(base, origin) {
  return async (route, call = {}) => {
    const res = await fetch(`${base}/preview/fetch`, {
      method: 'POST',
      body: JSON.stringify({ call: { url: `${origin}/api/v1${route}`, ...call }, portalId: PORTAL, user: 1 }),
    });
    const { envelope } = await res.json();
    if (envelope.responseBody?.ok !== true) throw new Error(`${route}: ${JSON.stringify(envelope)}`);
    return envelope.responseBody.data;
  };
}
