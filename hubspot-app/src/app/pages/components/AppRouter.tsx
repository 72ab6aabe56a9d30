import { createPageRouter, PageRoutes } from '@hubspot/ui-extensions/pages';
import { Broadcasts } from '../tabs/Broadcasts.tsx';
import { BroadcastsDetail } from '../tabs/BroadcastsDetail.tsx';
import { Changes } from '../tabs/Changes.tsx';
import { Dashboard } from '../tabs/Dashboard.tsx';
import { Failures } from '../tabs/Failures.tsx';
import { Friends } from '../tabs/Friends.tsx';
import { FriendsDetail } from '../tabs/FriendsDetail.tsx';
import { Help } from '../tabs/Help.tsx';
import { Linkage } from '../tabs/Linkage.tsx';
import { RunPage } from '../tabs/RunPage.tsx';
import { Segments } from '../tabs/Segments.tsx';
import { SegmentsDetail } from '../tabs/SegmentsDetail.tsx';
import { SyncData } from '../tabs/SyncData.tsx';
import { DeletedTags, Tags } from '../tabs/Tags.tsx';
import { TemplateDetail, Templates } from '../tabs/Templates.tsx';
import { Shell } from './Shell.tsx';

/** One route for each tab and for each thing that a link may lead to. */
export const AppRouter = createPageRouter(
  <PageRoutes layoutComponent={Shell}>
    <PageRoutes.IndexRoute component={Dashboard} />
    <PageRoutes.Route path="/runs/:run" component={RunPage} />
    <PageRoutes.Route path="/failures" component={Failures} />
    <PageRoutes.Route path="/changes" component={Changes} />
    <PageRoutes.Route path="/sync-data" component={SyncData} />
    <PageRoutes.Route path="/friends" component={Friends} />
    <PageRoutes.Route path="/friends/:slot/:user" component={FriendsDetail} />
    <PageRoutes.Route path="/linkage" component={Linkage} />
    <PageRoutes.Route path="/tags" component={Tags} />
    <PageRoutes.Route path="/tags/:slot" component={Tags} />
    <PageRoutes.Route path="/tags/:slot/deleted" component={DeletedTags} />
    <PageRoutes.Route path="/segments" component={Segments} />
    <PageRoutes.Route path="/segments/:slot/:segment" component={SegmentsDetail} />
    <PageRoutes.Route path="/broadcasts" component={Broadcasts} />
    <PageRoutes.Route path="/broadcasts/:slot/:broadcast" component={BroadcastsDetail} />
    <PageRoutes.Route path="/templates" component={Templates} />
    <PageRoutes.Route path="/templates/:slot/:template" component={TemplateDetail} />
    <PageRoutes.Route path="/help" component={Help} />
    <PageRoutes.Route path="/help/:topic" component={Help} />
    <PageRoutes.AnyRoute component={Dashboard} />
  </PageRoutes>,
);
