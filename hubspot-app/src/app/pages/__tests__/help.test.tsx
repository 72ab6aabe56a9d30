import { Accordion, LoadingButton, Tab, Tabs } from '@hubspot/ui-extensions';
import { PageTitle } from '@hubspot/ui-extensions/pages';
import { failure, fakeServer, refused, run, status } from '@lumo/screens/testing';
import { TOPICS } from '@lumo/screens';
import { describe, expect, it, vi } from 'vitest';
import { open } from './open.tsx';

describe('the help page', () => {
  it.each(['en', 'ja'] as const)('unfolds the row of its address (%s)', (language) => {
    const page = open('/help/inboxEmpty', { language });
    const rows = page.findAll(Accordion);
    expect(rows).toHaveLength(TOPICS.length);
    expect(rows.filter(({ props }) => props.defaultOpen).map(({ props }) => props.title)).toEqual([
      language === 'en' ? 'Inbox conversations do not appear' : '受信トレイに会話が表示されない',
    ]);
  });

  it('copies diagnostics without personal data', async () => {
    fakeServer({
      'GET /status': status({ lastRun: run({ actor: 'ann@example.com' }) }),
      'GET /failures': { items: [failure({ message: 'canary' })], next: null },
    });
    const page = open('/help');
    page.findByTestId(LoadingButton, 'copy-diagnostics').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toHaveLength(1));
    const copied = page.mocks.actions.copyTextToClipboard.calls[0]?.[0] ?? '';
    expect(copied).toContain('HUBSPOT_INVALID_OPTION');
    expect(copied).not.toMatch(/canary|ann@|501|U0123/);
  });

  it('says when diagnostics cannot be had', async () => {
    fakeServer({ 'GET /status': refused('INTERNAL'), 'GET /failures': { items: [], next: null } });
    const page = open('/help');
    page.findByTestId(LoadingButton, 'copy-diagnostics').trigger('onClick');
    await vi.waitFor(() => expect(page.alerts()).toEqual(['danger: Lumo could not finish this.']));
  });
});

describe('the tabs', () => {
  it.each([
    ['/', 'Dashboard', '/'],
    ['/runs/r1', 'Dashboard', '/'],
    ['/sync-data', 'Sync Data', '/sync-data'],
    ['/friends', 'Friends', '/friends'],
    ['/linkage', 'Linkage', '/linkage'],
    ['/tags/1/deleted', 'Tags', '/tags'],
    ['/segments/1/new', 'Segments', '/segments'],
    ['/broadcasts', 'Broadcasts', '/broadcasts'],
    ['/templates/1/new', 'Templates', '/templates'],
    ['/help', 'Help', '/help'],
  ])('%s belongs to %s', (path, title, tab) => {
    fakeServer({});
    const page = open(path);
    expect(page.find(PageTitle).text).toBe(title);
    expect(page.find(Tabs).props.selected).toBe(tab);
    expect(page.findAll(Tab).map(({ props }) => props.title)).toEqual([
      'Dashboard',
      'Sync Data',
      'Friends',
      'Linkage',
      'Tags',
      'Segments',
      'Broadcasts',
      'Templates',
      'Help',
    ]);
    page.find(Tabs).trigger('onSelectedChange', '/help' as never);
    expect(page.went()).toEqual(['/help']);
  });
});
