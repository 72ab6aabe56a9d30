import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/**
 * @typedef {object} Config
 * @property {string} front where the local functions listen
 * @property {string} publicUrl the origin that the functions verify signatures for
 * @property {string} origin the https origin that the extensions call
 * @property {string} secret the app's client secret
 * @property {number} appId
 * @property {string} sandbox address of the HubSpot sandbox
 * @property {string} line address of the LINE sandbox
 * @property {number} port
 */

export const USAGE = `Shows the HubSpot screens in a browser, against functions that run on this machine.

  node preview/server.mjs [options]

  --port N       where to listen on 127.0.0.1              PREVIEW_PORT           3004
  --front URL    the local functions                       LUMO_FRONT             http://127.0.0.1:3000
  --public URL   the origin that the functions sign for    PUBLIC_URL             as --front
  --origin URL   the https origin that the screens call    API_ORIGIN             --public if it is https, else https://lumo.example
  --sandbox URL  the HubSpot sandbox                       HUBSPOT_API_URL        http://127.0.0.1:3001
  --line URL     the LINE sandbox                          LINE_API_URL           http://127.0.0.1:3002
  --app-id N     the app's id                              HUBSPOT_APP_ID         7654321
                 the app's client secret                   HUBSPOT_CLIENT_SECRET  that of make run, kept in .local
`;

const NOTHING_RUNS =
  'Lumo does not run on this machine: start `make run` in another terminal and leave it running, or set LUMO_FRONT and HUBSPOT_CLIENT_SECRET';

/** The secret that `make run` made for its HubSpot sandbox. */
function keptSecret() {
  try {
    return readFileSync(new URL('../../../.local/hubspot-app-secret', import.meta.url), 'utf8').trim();
  } catch {
    return '';
  }
}

/**
 * Says what to do when nobody listens.
 *
 * @param {Config} config
 */
export async function requireRunning({ front }) {
  try {
    await fetch(front, { redirect: 'manual' });
  } catch (e) {
    throw new Error(`nothing answers at ${front}. ${NOTHING_RUNS}`, { cause: e });
  }
}

/** @param {string} text @param {string} what */
function origin(text, what) {
  if (!URL.canParse(text)) throw new Error(`${what} is not an address: ${text}`);
  return new URL(text).origin;
}

/**
 * @param {string[]} argv
 * @param {Record<string, string | undefined>} env
 * @returns {Config}
 */
export function readConfig(argv, env) {
  const { values } = parseArgs({
    args: argv,
    options: {
      port: { type: 'string' },
      front: { type: 'string' },
      public: { type: 'string' },
      origin: { type: 'string' },
      sandbox: { type: 'string' },
      line: { type: 'string' },
      'app-id': { type: 'string' },
    },
  });
  const front = origin(values.front ?? (env.LUMO_FRONT || 'http://127.0.0.1:3000'), 'the address of the functions');
  const publicUrl = origin(values.public ?? (env.PUBLIC_URL || front), 'PUBLIC_URL');
  const api =
    values.origin ?? (env.API_ORIGIN || (publicUrl.startsWith('https:') ? publicUrl : 'https://lumo.example'));
  const secret = env.HUBSPOT_CLIENT_SECRET || keptSecret();
  if (!secret) throw new Error(NOTHING_RUNS);
  const port = Number(values.port ?? (env.PREVIEW_PORT || 3004));
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`not a port: ${values.port ?? env.PREVIEW_PORT}`);
  return {
    front,
    publicUrl,
    origin: origin(api, 'API_ORIGIN'),
    secret,
    appId: Number(values['app-id'] ?? (env.HUBSPOT_APP_ID || 7654321)),
    sandbox: origin(values.sandbox ?? (env.HUBSPOT_API_URL || 'http://127.0.0.1:3001'), 'HUBSPOT_API_URL'),
    line: origin(values.line ?? (env.LINE_API_URL || 'http://127.0.0.1:3002'), 'LINE_API_URL'),
    port,
  };
}
