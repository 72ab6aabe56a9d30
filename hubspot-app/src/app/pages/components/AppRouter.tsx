import { createPageRouter, PageRoutes } from '@hubspot/ui-extensions/pages';
import { Dashboard } from '../tabs/Dashboard.tsx';
import { Friends } from '../tabs/Friends.tsx';
import { SyncData } from '../tabs/SyncData.tsx';
import { Shell } from './Shell.tsx';

/** One route for each tab, so that every tab has an address of its own. */
export const AppRouter = createPageRouter(
  <PageRoutes layoutComponent={Shell}>
    <PageRoutes.IndexRoute component={Dashboard} />
    <PageRoutes.Route path="/sync-data" component={SyncData} />
    <PageRoutes.Route path="/friends" component={Friends} />
    <PageRoutes.AnyRoute component={Dashboard} />
  </PageRoutes>,
);
