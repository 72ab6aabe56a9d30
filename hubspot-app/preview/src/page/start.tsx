import { format, go, type Selection } from './address.ts';
import type { Portal, World } from './crm.ts';
import type { Words } from './words.ts';

interface StartProps {
  world: World;
  selection: Selection;
  w: Words;
}

/** Where everything begins: the accounts of the HubSpot sandbox, and how to bring the app into an empty one. */
export function Start({ world, selection, w }: StartProps) {
  const steps = [w.step1, w.step2, w.step3, w.step4];
  return (
    <main className="start">
      <h1>{w.portals}</h1>
      <p className="soft">{w.startIntro}</p>
      <div className="portals">
        {world.portals.map((portal) => (
          <PortalCard key={portal.id} world={world} portal={portal} selection={selection} w={w} />
        ))}
      </div>
      <section className="hs-card">
        <h2>{w.tour}</h2>
        <ol>
          {steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <p>
          <a href={`${world.line}/_sandbox/`} target="_blank" rel="noreferrer">
            {w.lineConsole}
          </a>
          {' · '}
          <a href={`${world.sandbox}/ui`} target="_blank" rel="noreferrer">
            {w.hubspotSandbox}
          </a>
        </p>
      </section>
    </main>
  );
}

const PLACES = ['pages', 'card', 'settings'] as const;

function PortalCard({ world, portal, selection, w }: StartProps & { portal: Portal }) {
  const names = { pages: w.pages, card: w.card, settings: w.settings };
  return (
    <section className="hs-card" aria-label={portal.name}>
      <h2>{portal.name}</h2>
      <p className="soft">
        Hub ID {portal.id} · {portal.contacts} {w.contacts} · {portal.companies} {w.companies}
      </p>
      {portal.installed ? (
        <p className="links">
          {PLACES.map((ext) => {
            const to: Selection = { ...selection, ext, portalId: portal.id, objectId: 0, path: '/', params: {} };
            return (
              <a
                key={ext}
                href={format(to)}
                onClick={(e) => {
                  if (e.metaKey || e.ctrlKey || e.shiftKey) return;
                  e.preventDefault();
                  go(to);
                }}
              >
                {names[ext]}
              </a>
            );
          })}
        </p>
      ) : (
        <>
          <p>{w.notInstalledYet}</p>
          <p>
            <a className="btn primary" href={`${world.front}/oauth/install?portal=${portal.id}&lang=${selection.lang}`}>
              {w.installApp.replace('{app}', world.app.name)}
            </a>
          </p>
        </>
      )}
    </section>
  );
}
