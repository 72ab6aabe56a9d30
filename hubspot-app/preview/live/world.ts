import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildAll, project } from '../lib/bundles.mjs';
import { readConfig } from '../lib/config.mjs';
import { createPreview } from '../lib/server.mjs';

const run = promisify(execFile);
export const PORTAL = 1001;

/** The whole system on this machine, with a first sync done, and the preview beside it. */
export interface World {
  /** The preview's origin. */
  base: string;
  front: string;
  sandbox: string;
  line: string;
  secret: string;
  /** Calls app-api as an extension does. */
  api: <T>(route: string, call?: { method?: string; body?: object }) => Promise<T>;
  close: () => Promise<void>;
}

async function freePort() {
  const server = net.createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Ends with the last lines of the cloud's output if it does not come up. */
function ready(cloud: ChildProcess) {
  return new Promise<void>((resolve, reject) => {
    let printed = '';
    const read = (chunk: Buffer) => {
      printed = (printed + chunk.toString()).slice(-4000);
      if (printed.includes('\nReady.\n')) resolve();
    };
    cloud.stdout?.on('data', read);
    cloud.stderr?.on('data', read);
    cloud.on('exit', () => reject(new Error(`the local cloud ended:\n${printed}`)));
  });
}

export interface Size {
  contacts: number;
  friends: number;
  linked: number;
}

export async function startWorld(size: Size, more: string[] = []): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lumo-screens-'));
  const repository = path.dirname(project);
  const program = path.join(folder, 'local');
  await run('go', ['build', '-o', program, './scripts/cmd/local'], { cwd: repository });
  const [front, hubspot, line] = await Promise.all([freePort(), freePort(), freePort()]);
  const at = (port: number) => `127.0.0.1:${port}`;
  const state = path.join(folder, 'state');
  const sizes = Object.entries(size).flatMap(([name, n]) => [`-${name}`, String(n)]);
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
  const cloud = spawn(program, [...flags, '-companies', '10', '-lists', '3', ...sizes, ...more], { cwd: repository });
  const files = path.join(folder, 'screens');
  let server: http.Server | undefined;
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
    await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
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

function caller(base: string, origin: string): World['api'] {
  return async <T>(route: string, call: { method?: string; body?: object } = {}) => {
    const res = await fetch(`${base}/preview/fetch`, {
      method: 'POST',
      body: JSON.stringify({ call: { url: `${origin}/api/v1${route}`, ...call }, portalId: PORTAL, user: 1 }),
    });
    const { envelope } = await res.json();
    if (envelope.responseBody?.ok !== true) throw new Error(`${route}: ${JSON.stringify(envelope)}`);
    return envelope.responseBody.data as T;
  };
}
