import { describe, expect, it } from 'vitest';
import { format, parse } from '../page/address.ts';
import { initials } from '../page/record.tsx';
import { model, ticksFor } from './chartdata.ts';
import { resolve } from './pagelink.ts';
import { pageNumbers } from './table.tsx';

describe('the address of a screen', () => {
  it('selects by the query, with defaults', () => {
    expect(parse('?ext=pages&lang=ja&path=/friends&portalId=1001&p.q=x')).toEqual({
      ext: 'pages',
      lang: 'ja',
      path: '/friends',
      portalId: 1001,
      objectId: 0,
      params: { q: 'x' },
      bare: false,
    });
    expect(parse('?ext=nonsense&lang=xx&portalId=-1&path=friends')).toMatchObject({
      ext: 'start',
      lang: 'en',
      portalId: 0,
      path: '/friends',
    });
  });

  it.each(['?ext=pages&portalId=1001&path=/friends&p.id=U1&lang=ja', '?ext=card&portalId=1&objectId=501&lang=en'])(
    'keeps %s',
    (search) => {
      expect(format(parse(search))).toBe(search);
    },
  );
});

describe('page links', () => {
  it('fill the path and keep the rest as parameters', () => {
    expect(resolve('/friends/:slot/:user', { slot: '1', user: 'a/b', tab: 'log' })).toEqual({
      path: '/friends/1/a%2Fb',
      params: { tab: 'log' },
    });
    expect(resolve('help')).toEqual({ path: '/help', params: {} });
  });
});

describe('pagination', () => {
  it.each([
    [1, 3, 9, [1, 2, 3]],
    [1, 20, 5, [1, 2, 3, 4, 5]],
    [10, 20, 5, [8, 9, 10, 11, 12]],
    [20, 20, 5, [16, 17, 18, 19, 20]],
  ])('page %i of %i, %i buttons', (page, count, most, want) => {
    expect(pageNumbers(page, count, most)).toEqual(want);
  });
});

describe('charts', () => {
  it.each([
    [0, [0, 1]],
    [4, [0, 1, 2, 3, 4]],
    [97, [0, 25, 50, 75, 100]],
    [1000, [0, 250, 500, 750, 1000]],
  ])('ticks up to %i', (max, want) => {
    expect(ticksFor(max)).toEqual(want);
  });

  it('groups by colour, stacks and takes labels', () => {
    const data = [
      { day: '2026-11-01', kind: 'a', n: 3 },
      { day: '2026-11-01', kind: 'b', n: 4 },
      { day: '2026-11-02', kind: 'a', n: 1 },
    ];
    const m = model(
      {
        data: { data, options: { propertyLabels: { kind: { a: 'Added' } } } },
        axes: {
          x: { field: 'day', fieldType: 'datetime' },
          y: { field: 'n', fieldType: 'linear' },
          options: { groupFieldByColor: 'kind', stacking: true, colors: { b: 'green' } },
        },
      },
      'en-US',
    );
    expect(m.xs).toEqual([
      { value: '2026-11-01', label: 'Nov 1' },
      { value: '2026-11-02', label: 'Nov 2' },
    ]);
    expect(m.series.map((s) => [s.label, s.points.length])).toEqual([
      ['Added', 2],
      ['b', 1],
    ]);
    expect(m.max).toBeGreaterThanOrEqual(7);
  });

  it('draws nothing from nothing', () => {
    expect(model({ data: [] })).toMatchObject({ series: [], xs: [], ticks: [0, 1] });
  });
});

it('initials', () => {
  expect(['Aiko Sato', 'さくら', '👩‍👧 Lee', ''].map(initials)).toEqual(['AS', 'さ', '👩L', '']);
});
