import { describe, expect, it } from 'vitest';
import { font } from './lib/fonts.mjs';
import { outsideOf } from './src/page/outside.ts';

const world = {
  front: 'http://127.0.0.1:9000',
  sandbox: 'http://127.0.0.1:9100',
  line: 'http://127.0.0.1:9200',
  pictures: ['https://api.lumo.example', 'https://profile.line-scdn.net'],
  variables: { API_ORIGIN: 'https://api.lumo.example' },
};
const outside = outsideOf(world, (page) => `/?${JSON.stringify(page)}`);

describe('links of the screens', () => {
  it.each([
    ['https://api.lumo.example/setup/line?x=1#a', 'http://127.0.0.1:9000/setup/line?x=1#a', 'Lumo’s own address'],
    ['https://app.hubspot.com/app/1001/77/runs/r1', '/?{"ext":"pages","portalId":1001,"path":"/runs/r1"}', 'a page'],
    ['https://app-eu1.hubspot.com/app/1001/77', '/?{"ext":"pages","portalId":1001,"path":"/"}', 'the app’s first page'],
    [
      'https://app.hubspot.com/integrations-settings/1001/installed',
      '/?{"ext":"settings","portalId":1001}',
      'settings',
    ],
    [
      'https://app.hubspot.com/contacts/1001/record/0-1/501',
      '/?{"ext":"card","portalId":1001,"objectId":501}',
      'a contact',
    ],
    [
      'https://app.hubspot.com/contacts/1001/record/0-2/7',
      '/?{"ext":"company","portalId":1001,"objectId":7}',
      'a company',
    ],
    [
      'https://app.hubspot.com/contacts/1001/record/0-3/7',
      'http://127.0.0.1:9100/contacts/1001/record/0-3/7',
      'a deal',
    ],
    ['https://app.hubspot.com/workflows/x', 'http://127.0.0.1:9100/workflows/x', 'a page of no account'],
    ['https://app.hubspot.com.evil.example/app/1/2', 'https://app.hubspot.com.evil.example/app/1/2', 'a likeness'],
    ['https://line.me/R/ti/p/@shop', 'https://line.me/R/ti/p/@shop', 'anything else'],
    ['not an address', 'not an address', 'no address'],
  ])('%s leads to %s: %s', (from, to) => expect(outside.link(from)).toBe(to));

  it('brings Lumo’s pictures from where it listens', () => {
    expect(outside.picture('https://api.lumo.example/k/a.png')).toBe('http://127.0.0.1:9000/k/a.png');
  });

  it('brings LINE’s pictures from its sandbox, and no others', () => {
    expect(outside.picture('https://profile.line-scdn.net/a/b.png?v=2')).toBe('http://127.0.0.1:9200/a/b.png?v=2');
    expect(outside.picture('https://example.com/a.png')).toBe('https://example.com/a.png');
    expect(outside.picture('a.png')).toBe('a.png');
  });
});

describe('the Japanese web font', () => {
  it('has a style sheet whose parts are all there', async () => {
    const sheet = await font('index.css');
    expect(sheet?.type).toBe('text/css; charset=utf-8');
    const parts = [...(sheet?.data.toString() ?? '').matchAll(/url\(\.\/(files\/[^)]+)\)/g)].map((m) => m[1]!);
    expect(parts.length).toBeGreaterThan(100);
    for (const part of [parts[0]!, parts.at(-1)!]) {
      const file = await font(part);
      expect(file?.type).toBe('font/woff2');
      expect(file?.data.subarray(0, 4).toString()).toBe('wOF2');
    }
  });

  it.each(['files/../package.json', 'files/%2e%2e%2fpackage.json', 'package.json', 'files/none.woff2', ''])(
    'gives nothing for %j',
    async (pathname) => expect(await font(pathname)).toBeNull(),
  );
});
