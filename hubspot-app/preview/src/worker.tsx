/* Runs a shipped extension bundle as it is: the globals that HubSpot's worker gives, and none of the browser's ways out. */
import { createRemoteRoot } from '@remote-ui/core';
import * as RemoteUI from '@remote-ui/react';
import { createEndpoint, retain } from '@remote-ui/rpc';
import * as React from 'react';
import {
  FETCH_ROUTE,
  type ExtensionState,
  type HostActions,
  type HostApi,
  type LogLevel,
  type WorkerApi,
} from './protocol.ts';

const scope = self as unknown as DedicatedWorkerGlobalScope & Record<string, unknown>;
const nativeFetch = scope.fetch.bind(scope);

let state: ExtensionState;
let host: HostApi;
let actions: HostActions;
let render: ((api: { context: unknown; actions: unknown }) => React.ReactNode) | undefined;

const listeners = new Set<() => void>();
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
const useContextOfExtension = () => React.useSyncExternalStore(subscribe, () => state.context);
const usePageLocation = () => React.useSyncExternalStore(subscribe, () => state.pageLocation);

/** An answer is drawn, and may lead to the next question, within this time. */
const QUIET_MS = 50;
let asking = 0;
let quiet: ReturnType<typeof setTimeout> | undefined;

function rest() {
  clearTimeout(quiet);
  quiet = setTimeout(() => asking === 0 && host.rests(state.pageLocation), QUIET_MS);
}

async function whileAsking<T>(question: () => Promise<T>): Promise<T> {
  if (asking++ === 0) host.rests(null);
  try {
    return await question();
  } finally {
    asking--;
    rest();
  }
}

interface FetchOptions {
  method?: string;
  body?: unknown;
  timeout?: number;
  headers?: Record<string, string>;
}

const hsFetch = (url: string | URL, options?: FetchOptions) => whileAsking(() => askProxy(url, options));

/** What the proxy answered, as HubSpot's SDK hands it to the extension: an error of the backend keeps its status and body. */
async function askProxy(url: string | URL, options: FetchOptions = {}) {
  const { method, body, timeout, headers } = options;
  const res = await nativeFetch(FETCH_ROUTE, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      call: { url: String(url), method, body, timeout, headers },
      portalId: state.context.portal.id,
      user: state.context.user.id,
    }),
  });
  const { status, envelope } = await res.json();
  const fromBackend = envelope.status === 'success' || envelope.category === 'BAD_GATEWAY';
  const code = fromBackend ? Number(envelope.context.appServerStatusCode[0]) : status;
  const answer = JSON.stringify(fromBackend ? envelope.responseBody : envelope);
  return new Response([204, 205, 304].includes(code) ? null : answer, {
    status: code,
    headers: { 'content-type': 'application/json' },
  });
}

const answer = (data: unknown) => ({ json: async () => data });
const absent = (what: string) => async () => {
  throw new Error(`${what} is not part of this preview`);
};
const write = (level: LogLevel) => (data: unknown) => void host?.log(level, String(data));

Object.assign(scope, {
  __HUBSPOT_EXTENSION_WORKER__: true,
  React,
  RemoteUI,
  logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
  extend_V2: (callback: typeof render) => {
    render = callback;
  },
  hsFetch,
  serverless: absent('serverless functions (an app of the marketplace cannot have them)'),
  hsWorkerAPI: {
    useExtensionContext: useContextOfExtension,
    useExtensionActions: () => actions,
    useExtensionApi: () => ({ context: useContextOfExtension(), actions }),
    useAppPageLocation: usePageLocation,
    fetchCrmProperties: async (names: string[]) => answer({ data: await host.properties(names) }),
    fetchAssociations: async () => answer({ data: { results: [], hasMore: false, nextOffset: 0 } }),
    fetchCrmSearch: async () => answer({ data: { results: [], total: 0, hasMore: false } }),
    formatCrmProperties: async (request: { propertiesList: unknown }) => answer(request.propertiesList),
    fetchHubSpotApi: absent('fetchHubSpotApi'),
  },
});

/** An extension's only ways to the outside are hubspot.fetch and the page. */
function closeDoors() {
  for (const name of [
    'fetch',
    'XMLHttpRequest',
    'WebSocket',
    'WebTransport',
    'EventSource',
    'BroadcastChannel',
    'indexedDB',
    'caches',
    'cookieStore',
    'Worker',
    'importScripts',
  ]) {
    if (name in scope) Object.defineProperty(scope, name, { value: undefined, configurable: true });
  }
}

class Boundary extends React.Component<{ children: React.ReactNode }, { dead: boolean }> {
  override state = { dead: false };
  static getDerivedStateFromError() {
    return { dead: true };
  }
  override componentDidCatch(error: Error) {
    host.crashed(error.message, error.stack ?? '');
  }
  override render() {
    return this.state.dead ? null : this.props.children;
  }
}

const worker: WorkerApi = {
  async mount(channel, bundle, initial, components, hostApi, hostActions) {
    for (const remote of [channel, hostApi, hostActions]) retain(remote);
    state = initial;
    host = hostApi;
    actions = hostActions;
    scope.addEventListener('error', (e) => host.crashed(e.message, ''));
    scope.addEventListener('unhandledrejection', (e) => {
      host.log('error', `unhandled rejection: ${e.reason instanceof Error ? e.reason.stack : String(e.reason)}`);
    });
    try {
      scope.importScripts(bundle);
      closeDoors();
      if (!render) throw new Error('The bundle never called hubspot.extend()');
      const root = createRemoteRoot(channel as never, { strict: true, components: components as never });
      RemoteUI.createRoot(root as never).render(<Boundary>{render({ context: state.context, actions })}</Boundary>);
      root.mount();
      rest();
    } catch (e) {
      host.crashed(e instanceof Error ? e.message : String(e), e instanceof Error ? (e.stack ?? '') : '');
    }
  },
  update(patch) {
    state = { ...state, ...patch };
    for (const listener of listeners) listener();
    rest();
  },
};

createEndpoint<Record<string, never>>(scope as never).expose(worker as never);
