import { useState, type ReactNode } from 'react';
import type { ObjectName, RecordView } from './crm.ts';
import { format, go, type Selection } from './address.ts';
import type { Words } from './words.ts';

interface RecordProps {
  selection: Selection;
  object: ObjectName;
  record: RecordView;
  sandboxPage: string;
  appName: string;
  w: Words;
  /** The card stands in the tab named after the app, or in the sidebar. */
  place: 'tab' | 'sidebar';
  children: ReactNode;
}

/** The record page of a contact or a company: properties on the left, tabs in the middle, related records and sidebar cards on the right. */
export function RecordFrame({ selection, object, record, sandboxPage, appName, w, place, children }: RecordProps) {
  const tabs = [w.overview, 'LINE', w.activities];
  const [tab, setTab] = useState(place === 'tab' ? 1 : 0);
  const other = object === 'contacts' ? 'company' : 'card';
  const related = (
    <section className="hs-card related">
      <h2>
        {object === 'contacts' ? w.linkedCompanies : w.linkedContacts} ({record.linked.length})
      </h2>
      <ul>
        {record.linked.map((n) => {
          const to: Selection = { ...selection, ext: other, objectId: n.id };
          return (
            <li key={n.id}>
              <a
                href={format(to)}
                onClick={(e) => {
                  e.preventDefault();
                  go(to);
                }}
              >
                {n.name}
              </a>
              <small>{n.note}</small>
            </li>
          );
        })}
      </ul>
    </section>
  );
  const card = (
    <section className="hs-card" aria-label={`${appName}: LINE`}>
      <h2>LINE</h2>
      {children}
    </section>
  );
  return (
    <div className={`record ${place}`}>
      <aside className="about">
        <div className="identity">
          <span className="avatar" aria-hidden>
            {initials(record.name)}
          </span>
          <div>
            <h1>{record.name}</h1>
            <p>{record.note}</p>
          </div>
        </div>
        <h2>{w.about}</h2>
        <dl>
          {record.fields.map((f) => (
            <div key={f.name}>
              <dt>{f.label}</dt>
              <dd>{shown(f, selection.lang) || w.empty}</dd>
            </div>
          ))}
        </dl>
        <p>
          <a href={sandboxPage} target="_blank" rel="noreferrer">
            {w.openInSandbox}
          </a>
        </p>
      </aside>
      <main>
        <nav className="record-tabs" aria-label={w.record}>
          {tabs.map((name, i) => (
            <button type="button" key={name} aria-current={i === tab ? 'page' : undefined} onClick={() => setTab(i)}>
              {name}
            </button>
          ))}
        </nav>
        {place === 'tab' && <div hidden={tab !== 1}>{card}</div>}
        {(place === 'sidebar' || tab !== 1) && <p className="elsewhere">{w.elsewhere}</p>}
      </main>
      <aside className="right">
        {place === 'sidebar' && card}
        {related}
      </aside>
    </div>
  );
}

export function initials(name: string) {
  const parts = name.trim().split(/\s+/);
  const letters = parts.length > 1 ? [parts[0], parts.at(-1)] : [parts[0]];
  return letters.map((part) => [...(part ?? '')][0] ?? '').join('');
}

function shown({ type, value }: { type: string; value: string }, language: string) {
  const date = new Date(/^\d+$/.test(value) ? Number(value) : value);
  if (!value || !type.startsWith('date') || Number.isNaN(date.getTime())) return value;
  const time = type === 'datetime' ? ({ timeStyle: 'short' } as const) : { timeZone: 'UTC' };
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', ...time }).format(date);
}
