import { Tab, Tabs, useExtensionActions } from '@hubspot/ui-extensions';
import { PageLink, PageTitle, usePageRoute, type PageRoutesLayoutProps } from '@hubspot/ui-extensions/pages';
import { HelpLinks, useText, type Topic } from '@lumo/screens';

const TABS = [
  { path: '/', title: 'tab.dashboard' },
  { path: '/sync-data', title: 'tab.syncData' },
  { path: '/friends', title: 'tab.friends' },
  { path: '/linkage', title: 'tab.linkage' },
  { path: '/tags', title: 'tab.tags' },
  { path: '/segments', title: 'tab.segments' },
  { path: '/broadcasts', title: 'tab.broadcasts' },
  { path: '/templates', title: 'tab.templates' },
  { path: '/help', title: 'tab.help' },
] as const;

const HelpPageLink = ({ topic }: { topic: Topic }) => {
  const t = useText('help');
  return <PageLink to={`/help/${topic}`}>{t('more')}</PageLink>;
};

/** The tabs around every page. Only the shown one is mounted: each asks the server. */
export const Shell = ({ children }: PageRoutesLayoutProps) => {
  const t = useText('common');
  const { path } = usePageRoute();
  const { navigateToPage } = useExtensionActions<'pages'>();
  const current = TABS.find((tab) => tab.path !== '/' && path.startsWith(tab.path)) ?? TABS[0];
  return (
    <HelpLinks value={(topic) => <HelpPageLink topic={topic} />}>
      <PageTitle>{t(current.title)}</PageTitle>
      <Tabs selected={current.path} onSelectedChange={(to: string | number) => navigateToPage({ to: String(to) })}>
        {TABS.map((tab) => (
          <Tab key={tab.path} tabId={tab.path} title={t(tab.title)}>
            {tab === current ? children : null}
          </Tab>
        ))}
      </Tabs>
    </HelpLinks>
  );
};
