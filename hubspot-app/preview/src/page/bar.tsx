import { useState } from 'react';
import { go, LANGUAGES, SCREENS, type Selection } from './address.ts';
import { useGet, type Name, type ObjectName, type Portal, type World } from './crm.ts';
import type { Words } from './words.ts';

interface BarProps {
  world: World;
  portal: Portal | undefined;
  object: ObjectName | undefined;
  selection: Selection;
  w: Words;
}

/** The preview's own controls, above what imitates HubSpot. */
export function Bar({ world, portal, object, selection, w }: BarProps) {
  return (
    <div className="bar" role="toolbar" aria-label="Preview">
      <label>
        <span>{w.screen}</span>
        <select
          value={selection.ext}
          onChange={(e) => {
            const ext = SCREENS.find((x) => x === e.target.value) ?? 'start';
            const sameObject = (ext === 'company') === (selection.ext === 'company');
            go({ ext, path: '/', params: {}, objectId: sameObject ? selection.objectId : 0 });
          }}
        >
          {SCREENS.map((ext) => (
            <option key={ext} value={ext}>
              {w[ext]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{w.language}</span>
        <select value={selection.lang} onChange={(e) => go({ lang: LANGUAGES.find((x) => x === e.target.value) })}>
          <option value="en">English</option>
          <option value="ja">日本語</option>
        </select>
      </label>
      <label>
        <span>{w.account}</span>
        <select
          value={portal?.id ?? ''}
          onChange={(e) => go({ portalId: Number(e.target.value), objectId: 0, path: '/', params: {} })}
        >
          {world.portals.map((p) => (
            <option key={p.id} value={p.id}>
              {p.name} ({p.id}){p.installed ? '' : `, ${w.notInstalled}`}
            </option>
          ))}
        </select>
      </label>
      {portal && object && (
        <RecordPicker key={`${portal.id} ${object}`} portal={portal.id} object={object} selection={selection} w={w} />
      )}
    </div>
  );
}

function RecordPicker({
  portal,
  object,
  selection,
  w,
}: {
  portal: number;
  object: ObjectName;
  selection: Selection;
  w: Words;
}) {
  const [query, setQuery] = useState('');
  const { data = [] } = useGet<Name[]>(`records/${portal}/${object}?q=${encodeURIComponent(query)}`);
  const chosen = selection.objectId;
  const known = data.some((n) => n.id === chosen);
  return (
    <>
      <label>
        <span>{w.record}</span>
        <input
          type="search"
          value={query}
          placeholder={w.search}
          aria-label={w.search}
          onChange={(e) => setQuery(e.target.value)}
        />
      </label>
      <select aria-label={w.record} value={chosen} onChange={(e) => go({ objectId: Number(e.target.value) })}>
        {!known && <option value={chosen}>{chosen || ''}</option>}
        {data.map((n) => (
          <option key={n.id} value={n.id}>
            {n.name} ({n.id})
          </option>
        ))}
      </select>
    </>
  );
}
