import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { FrameModal } from '../components/overlay.tsx';
import { OutsideContext } from '../components/outside.ts';
import { PageHostContext, type PageHost } from '../components/pages.tsx';
import type { ExtensionContext } from '../protocol.ts';
import {
  format,
  go,
  remember,
  settle,
  useSelection,
  type ExtensionName,
  type ScreenName,
  type Selection,
} from './address.ts';
import { Bar } from './bar.tsx';
import {
  loadRecord,
  recordPath,
  TYPE_IDS,
  useGet,
  type Name,
  type ObjectName,
  type Portal,
  type RecordView,
  type World,
} from './crm.ts';
import { outsideOf } from './outside.ts';
import { Start } from './start.tsx';
import { Extension } from './extension.tsx';
import { AppPageFrame, SettingsFrame } from './frames.tsx';
import { RecordFrame } from './record.tsx';
import { Toasts } from './toasts.tsx';
import { words } from './words.ts';

const BUNDLES: Record<ExtensionName, string> = {
  card: '/ext/cards/ContactCard.js',
  sidebar: '/ext/cards/ContactCard.js',
  company: '/ext/cards/ContactCard.js',
  pages: '/ext/pages/AppPages.js',
  settings: '/ext/settings/SettingsPage.js',
};
const LOCATIONS: Record<ExtensionName, string> = {
  card: 'crm.record.tab',
  sidebar: 'crm.record.sidebar',
  company: 'crm.record.tab',
  pages: 'pages',
  settings: 'settings',
};
const OBJECTS: Partial<Record<ScreenName, ObjectName>> = {
  card: 'contacts',
  sidebar: 'contacts',
  company: 'companies',
};

function contextOf(world: World, portal: Portal, s: At, object: ObjectName | undefined): ExtensionContext {
  const user = portal.users[0] ?? { id: 1, email: 'you@portal.example', firstName: 'You', lastName: '' };
  return {
    location: LOCATIONS[s.ext],
    user: {
      ...user,
      emails: [user.email],
      roles: [],
      teams: [],
      permissions: ['integrations-management-write'],
      language: s.lang,
      locale: s.lang === 'ja' ? 'ja-jp' : 'en-us',
    },
    portal: { id: portal.id, timezone: portal.timezone },
    variables: world.variables,
    extension: { appId: world.app.id, appName: world.app.name, cardTitle: object ? 'LINE' : world.app.name },
    ...(object && { crm: { objectId: s.objectId, objectTypeId: TYPE_IDS[object] } }),
  };
}

export function App() {
  const selection = useSelection();
  const w = words(selection.lang);
  const [version, setVersion] = useState(0);
  const { data: world, error } = useGet<World>('world', version);
  useEffect(() => {
    // Installing happens in another tab or on another page.
    const again = () => setVersion((n) => n + 1);
    window.addEventListener('focus', again);
    return () => window.removeEventListener('focus', again);
  }, []);
  const portal = useMemo(
    () =>
      world?.portals.find((p) => p.id === selection.portalId) ??
      world?.portals.find((p) => p.installed) ??
      world?.portals[0],
    [world, selection.portalId],
  );
  useEffect(() => {
    document.documentElement.lang = selection.lang;
    remember(selection.lang);
    document.title = `${w[selection.ext]} | HubSpot screens`;
  }, [selection, w]);
  const outside = useMemo(() => {
    const address = (page: Partial<Selection>) => format({ ...selection, path: '/', params: {}, ...page });
    return world && outsideOf(world, address);
  }, [world, selection]);
  if (error) return <p className="notice">{w.unreachable}</p>;
  if (!world || !outside) return null;
  const object = OBJECTS[selection.ext];
  const { ext } = selection;
  const at = ext === 'start' ? null : { ...selection, ext, portalId: portal?.id ?? 0 };
  return (
    <OutsideContext.Provider value={outside}>
      {!selection.bare && <Bar world={world} portal={portal} object={object} selection={selection} w={w} />}
      <header className="topbar">
        <span className="mark" aria-hidden />
        <span>{at ? portal?.name : world.app.name}</span>
      </header>
      {!portal && <p className="notice">{w.noAccount}</p>}
      {!at && <Start world={world} selection={selection} w={w} />}
      {at && portal && !portal.installed && (
        <p className="notice">
          {w.notInstalledYet}{' '}
          <a href={`${world.front}/oauth/install?portal=${portal.id}&lang=${selection.lang}`}>{w.install}</a>
        </p>
      )}
      {at && portal?.installed && object && (
        <OnRecord key={`${portal.id} ${object}`} world={world} portal={portal} object={object} selection={at} />
      )}
      {at && portal?.installed && !object && <OnPage world={world} portal={portal} selection={at} />}
      <Toasts />
      <FrameModal />
    </OutsideContext.Provider>
  );
}

/** What the address selects, of an extension. */
type At = Selection & { ext: ExtensionName };

interface ScreenProps {
  world: World;
  portal: Portal;
  selection: At;
}

/** A worker per screen, record and language: HubSpot starts an extension anew for each, too. */
const screenKey = (s: Selection) => [s.ext, s.portalId, s.objectId, s.lang].join(' ');

function OnRecord({ world, portal, object, selection }: ScreenProps & { object: ObjectName }) {
  const w = words(selection.lang);
  const names = useGet<Name[]>(selection.objectId ? null : `records/${portal.id}/${object}`);
  const objectId = selection.objectId || names.data?.[0]?.id || 0;
  const [version, setVersion] = useState(0);
  useEffect(() => {
    if (!selection.objectId && objectId) settle({ objectId, portalId: portal.id });
  }, [selection.objectId, objectId, portal.id]);
  const loaded = useGet<RecordView>(objectId ? `records/${recordPath(portal.id, object, objectId)}` : null, version);
  const record = loaded.data;
  const at = { ...selection, objectId: record?.id ?? objectId };
  if (names.data?.length === 0 || loaded.error) return <p className="notice">{w.nothing}</p>;
  if (!record || record.asked !== objectId) return null;
  return (
    <RecordFrame
      key={screenKey(at)}
      selection={at}
      object={object}
      record={record}
      sandboxPage={`${world.sandbox}/contacts/${portal.id}/record/${TYPE_IDS[object]}/${objectId}`}
      appName={world.app.name}
      place={selection.ext === 'sidebar' ? 'sidebar' : 'tab'}
      w={w}
    >
      <Extension
        bundle={BUNDLES[selection.ext]}
        context={contextOf(world, portal, at, object)}
        properties={async (wanted) => {
          const { values } = await loadRecord(portal.id, object, objectId);
          const all = wanted.length ? wanted : Object.keys(values);
          return Object.fromEntries(all.map((name) => [name, values[name] ?? null]));
        }}
        onRefresh={() => setVersion(version + 1)}
        onNavigate={(page) => go({ ...at, ext: 'pages', ...page })}
      />
    </RecordFrame>
  );
}

function OnPage({ world, portal, selection }: ScreenProps) {
  const host: PageHost = useMemo(
    () => ({
      address: (page) => format({ ...selection, ext: 'pages', ...page }),
      navigate: (page) => go({ ...selection, ext: 'pages', ...page }),
    }),
    [selection],
  );
  const extension: ReactNode = (
    <Extension
      key={screenKey(selection)}
      bundle={BUNDLES[selection.ext]}
      context={contextOf(world, portal, selection, undefined)}
      page={{ path: selection.path, params: selection.params }}
      onNavigate={host.navigate}
    />
  );
  return (
    <PageHostContext.Provider value={host}>
      {selection.ext === 'settings' ? (
        <SettingsFrame appName={world.app.name} w={words(selection.lang)}>
          {extension}
        </SettingsFrame>
      ) : (
        <AppPageFrame appName={world.app.name}>{extension}</AppPageFrame>
      )}
    </PageHostContext.Provider>
  );
}
