import type { Outside } from '../components/outside.ts';
import type { Selection } from './address.ts';
import type { World } from './crm.ts';

const OBJECTS: Record<string, Selection['ext']> = { '0-1': 'card', '0-2': 'company' };
const HUBSPOT = /^app(-\w+)?\.hubspot\.com$/;

/** The preview's page for a page of HubSpot's. */
function pageOf(path: string): Partial<Selection> | null {
  const [place, portal, ...rest] = path.split('/').slice(1);
  const portalId = Number(portal);
  if (!Number.isInteger(portalId) || portalId <= 0) return null;
  if (place === 'integrations-settings') return { ext: 'settings', portalId };
  if (place === 'app') return { ext: 'pages', portalId, path: `/${rest.slice(1).join('/')}` };
  const ext = OBJECTS[rest[1] ?? ''];
  return place === 'contacts' && rest[0] === 'record' && ext ? { ext, portalId, objectId: Number(rest[2]) || 0 } : null;
}

/** HubSpot's pages lead to their likeness here, or to the HubSpot sandbox; Lumo's to where it listens; LINE's pictures to its sandbox. */
export function outsideOf(
  world: Pick<World, 'front' | 'sandbox' | 'line' | 'pictures' | 'variables'>,
  address: (page: Partial<Selection>) => string,
): Outside {
  return {
    link: (text) => {
      if (!URL.canParse(text)) return text;
      const url = new URL(text);
      const end = url.pathname + url.search + url.hash;
      if (url.origin === world.variables.API_ORIGIN) return world.front + end;
      if (!HUBSPOT.test(url.hostname)) return text;
      const page = pageOf(url.pathname);
      return page ? address(page) : world.sandbox + end;
    },
    picture: (text) => {
      if (!URL.canParse(text)) return text;
      const url = new URL(text);
      if (!world.pictures.includes(url.origin)) return text;
      const from = url.origin === world.variables.API_ORIGIN ? world.front : world.line;
      return from + url.pathname + url.search;
    },
  };
}
