import { Tab, Tabs, useExtensionActions } from '@hubspot/ui-extensions';
import { PageTitle, usePageRoute, type PageRoutesLayoutProps } from '@hubspot/ui-extensions/pages';
import { useText } from '@lumo/screens';

const TABS = [
  { path: '/', title: 'tab.dashboard' },
  { path: '/sync-data', title: 'tab.syncData' },
  { path: '/friends', title: 'tab.friends' },
] as const;

/** The tabs around every page. Only the shown one is mounted: each asks the server. */
export const Shell = ({ children }: PageRoutesLayoutProps) => {
  const t = useText('common');
  const { path } = usePageRoute();
  const { navigateToPage } = useExtensionActions<'pages'>();
  const current = TABS.find((tab) => tab.path !== '/' && path.startsWith(tab.path)) ?? TABS[0];
  return (
    <>
      <PageTitle>{t(current.title)}</PageTitle>
      <Tabs selected={current.path} onSelectedChange={(to: string | number) => navigateToPage({ to: String(to) })}>
        {TABS.map((tab) => (
          <Tab key={tab.path} tabId={tab.path} title={t(tab.title)}>
            {tab === current ? children : null}
          </Tab>
        ))}
      </Tabs>
    </>
  );
};
