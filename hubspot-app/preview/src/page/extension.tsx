import { createController, createRemoteReceiver, RemoteRenderer } from '@remote-ui/react/host';
import { createEndpoint } from '@remote-ui/rpc';
import { useEffect, useMemo, useRef, useState } from 'react';
import { components } from '../components/index.ts';
import { overlays } from '../components/overlays.ts';
import { resolve } from '../components/pagelink.ts';
import type { ExtensionContext, HostActions, HostApi, PageLocation, Properties, WorkerApi } from '../protocol.ts';
import { addToast } from './toasts.tsx';

export interface ExtensionProps {
  bundle: string;
  context: ExtensionContext;
  page?: PageLocation;
  properties?: (names: string[]) => Promise<Properties>;
  onNavigate: (page: PageLocation) => void;
  onRefresh?: () => void;
  onCrash?: () => void;
}

interface Latest {
  current: ExtensionProps;
}

const PROPERTY_ACTION = async (latest: Latest, names: string[] | '*') =>
  (await latest.current.properties?.(names === '*' ? [] : names)) ?? {};

/** The actions of HubSpot's page, as far as the extension point has them. */
function hostActions(latest: Latest): HostActions {
  const everywhere = {
    addAlert: addToast,
    closeOverlay: overlays.close,
    navigateToPage: ({ to, params }: { to: string; params?: Record<string, string> }) =>
      latest.current.onNavigate(resolve(to, params)),
    copyTextToClipboard: (text: string) => navigator.clipboard.writeText(text),
    openIframeModal: overlays.openFrame,
    reloadPage: () => location.reload(),
  };
  if (!latest.current.context.crm) return everywhere;
  return {
    ...everywhere,
    fetchCrmObjectProperties: (names: string[] | '*') => PROPERTY_ACTION(latest, names),
    refreshObjectProperties: () => latest.current.onRefresh?.(),
    onCrmPropertiesUpdate: () => undefined,
  };
}

/** One extension in a worker of its own. Remount it (key) to change anything but the page or the context's language. */
export function Extension(props: ExtensionProps) {
  const { bundle, context, page } = props;
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const receiver = useMemo(() => createRemoteReceiver(), []);
  const controller = useMemo(() => createController(components as never), []);
  const endpoint = useRef<ReturnType<typeof createEndpoint<WorkerApi>>>(undefined);
  const [ready, setReady] = useState(false);
  const [rests, setRests] = useState<PageLocation | null>(null);
  const [crash, setCrash] = useState<{ message: string; stack: string }>();
  const start = useRef({ context, pageLocation: page ?? { path: '/', params: {} } });

  useEffect(() => {
    const worker = new Worker('/worker.js', { name: bundle });
    const crashed = (message: string, stack: string) => {
      console.error(`[extension crashed] ${message}\n${stack}`);
      setCrash({ message, stack });
    };
    worker.addEventListener('error', (e) => crashed(e.message || 'The worker could not start', ''));
    const link = createEndpoint<WorkerApi>(worker);
    endpoint.current = link;
    const api: HostApi = {
      log: (level, text) => console[level](`[extension] ${text}`),
      crashed,
      properties: (names) => PROPERTY_ACTION(latest, names),
      rests: setRests,
    };
    void link.call
      .mount(receiver.receive as never, bundle, start.current, Object.keys(components), api, hostActions(latest))
      .then(() => setReady(true));
    return () => {
      endpoint.current = undefined;
      overlays.closeAll();
      worker.terminate();
    };
  }, [bundle, receiver]);

  const path = JSON.stringify(page);
  useEffect(() => {
    if (ready && path) void endpoint.current?.call.update({ pageLocation: JSON.parse(path) as PageLocation });
  }, [ready, path]);

  // Ready is what is started, shows this page and waits for no answer: what tests and pictures wait for.
  const settled = ready && rests !== null && (!page || JSON.stringify(rests) === path);
  return (
    <div className="ext" data-testid="extension" data-ready={settled}>
      {crash ? (
        <div className="crash" role="alert">
          <h2>This extension crashed</h2>
          <p>{crash.message}</p>
          {crash.stack && <pre>{crash.stack}</pre>}
        </div>
      ) : (
        <RemoteRenderer receiver={receiver} controller={controller} />
      )}
    </div>
  );
}
