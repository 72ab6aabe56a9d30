import type { ReactNode } from 'react';
import type { Words } from './words.ts';

/** The page of an app: breadcrumbs, title and actions come from the extension. */
export function AppPageFrame({ appName, children }: { appName: string; children: ReactNode }) {
  return (
    <main className="app-page">
      <div className="page-head">
        <div className="page-names">
          <div className="crumb-line">
            <span className="crumb">{appName}</span>
            <div id="page-crumbs" />
          </div>
          <div id="page-title" />
        </div>
        <div id="page-actions" className="page-actions" />
      </div>
      <section className="page-body">{children}</section>
    </main>
  );
}

/** The app's place in HubSpot's own settings. */
export function SettingsFrame({ appName, w, children }: { appName: string; w: Words; children: ReactNode }) {
  return (
    <main className="app-page settings">
      <div className="page-head">
        <div className="page-names">
          <div className="crumb-line">
            <span className="crumb">{w.connectedApps}</span>
          </div>
          <h1>{appName}</h1>
        </div>
      </div>
      <nav className="record-tabs" aria-label={appName}>
        <button type="button">{w.overview}</button>
        <button type="button" aria-current="page">
          {w.settings}
        </button>
      </nav>
      <section className="page-body">{children}</section>
    </main>
  );
}
