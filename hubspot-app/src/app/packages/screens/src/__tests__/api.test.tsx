import { Button, hubspot, Text } from '@hubspot/ui-extensions';
import { useState, type ReactNode } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { addressOf, call, newRequestId } from '../api/call.ts';
import { ApiError } from '../api/errors.ts';
import { useAction } from '../api/useAction.ts';
import { useApi } from '../api/useApi.ts';
import { usePages } from '../api/usePages.ts';
import { fakeServer, json, ORIGIN, refused, run, running, show, status } from '../testing/index.ts';

afterEach(() => void vi.useRealTimers());

/** Lets time pass in small steps; React and the fake server work between them, in real turns of the event loop. */
async function pass(ms: number, step = 100) {
  for (let passed = 0; passed < ms; passed += step) {
    await vi.advanceTimersByTimeAsync(step);
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => realTimeout(resolve));
  }
}
const realTimeout = setTimeout;
const fakeTime = () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

const answering = (...responses: (Response | Error)[]) => {
  const spy = vi.spyOn(hubspot, 'fetch');
  for (const response of responses) {
    if (response instanceof Error) spy.mockRejectedValueOnce(response);
    else spy.mockResolvedValueOnce(response);
  }
  return spy;
};
const failureOf = (route: Promise<unknown>) => route.then(() => null).catch((error: unknown) => error as ApiError);

describe('call', () => {
  it('builds addresses, and leaves out what is not asked for', () => {
    expect(addressOf('PATCH /mappings/{property}', { path: { property: 'a/b' } })).toBe('/api/v1/mappings/a%2Fb');
    expect(addressOf('GET /friends', { query: { search: '愛 &', linked: false, tag: undefined, cursor: '' } })).toBe(
      '/api/v1/friends?search=%E6%84%9B%20%26&linked=false',
    );
  });

  it('answers data, and sends no body with GET', async () => {
    const spy = answering(json({ ok: true, data: status() }));
    expect((await call(ORIGIN, 'GET /status', {})).timeZone).toBe('Asia/Tokyo');
    expect(spy.mock.calls[0]).toEqual([`${ORIGIN}/api/v1/status`, { method: 'GET', timeout: 20_000 }]);
  });

  it('gives every write an id of its own', async () => {
    const server = fakeServer({ 'POST /sync': { started: false, run: null } });
    await call(ORIGIN, 'POST /sync', { body: { extent: 'all' } });
    await call(ORIGIN, 'POST /sync', { body: { extent: 'all' } });
    const ids = server.asked.map(({ body }) => body?.requestId);
    expect(ids[0]).toMatch(/^[0-9A-Za-z_-]{8,64}$/);
    expect(new Set(ids).size).toBe(2);
    expect(newRequestId()).not.toBe(newRequestId());
  });

  it.each([
    ['a refusal', refused('RULE_FIXED', 'fixed', { field: 'rule', correlationId: 'c1' }), 'RULE_FIXED'],
    [
      'a refusal that HubSpot wrapped',
      json({ status: 'error', responseBody: { ok: false, error: { code: 'UNAUTHORIZED', message: 'no' } } }),
      'UNAUTHORIZED',
    ],
    ['too many calls', json({}, 429), 'BUSY'],
    ['a time-out', json({}, 504), 'TIMEOUT'],
    ['an answer of somebody else', json({ hello: 1 }, 502), 'BAD_ANSWER'],
    ['no JSON', new Response('<html>'), 'BAD_ANSWER'],
    ['no answer', new Error('offline'), 'NETWORK'],
  ])('throws %s by its code', async (_, response, code) => {
    answering(response);
    const error = await failureOf(call(ORIGIN, 'GET /status', {}));
    expect(error).toBeInstanceOf(ApiError);
    expect(error?.code).toBe(code);
  });

  it('says so when the deployment has no address', async () => {
    expect((await failureOf(call('', 'GET /status', {})))?.code).toBe('NO_ADDRESS');
  });

  it('waits while the same request is still being worked on', async () => {
    fakeTime();
    const spy = answering(refused('REQUEST_RUNNING'), json({ ok: true, data: { confirmed: true } }));
    const answer = call(ORIGIN, 'POST /sync/confirm', {});
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await answer).toEqual({ confirmed: true });
    const [first, second] = spy.mock.calls.map(([, options]) => options?.body?.requestId);
    expect(second).toBe(first);
  });
});

/** Shows one thing, then another in its place. */
const Switch = <T,>({ from, to, children }: { from: T; to: T; children: (now: T) => ReactNode }) => {
  const [switched, setSwitched] = useState(false);
  return (
    <>
      <Button testId="switch" onClick={() => setSwitched(true)}>
        switch
      </Button>
      {children(switched ? to : from)}
    </>
  );
};

const Ask = ({ id }: { id: string }) => {
  const { data, error, loading, reload } = useApi('GET /runs/{run}', { path: { run: id } });
  return (
    <>
      <Text testId="state">{`${loading ? 'loading ' : ''}${data ? data.id : '-'} ${error?.code ?? ''}`}</Text>
      <Button testId="go" onClick={reload}>
        again
      </Button>
    </>
  );
};

describe('useApi', () => {
  it('drops the answer to a question of before', async () => {
    const late: Record<string, (answer: Response) => void> = {};
    fakeServer({
      'GET /runs/{run}': ({ path }) => new Promise<Response>((resolve) => (late[path[0] ?? ''] = resolve)),
    });
    const r = show(
      'pages',
      <Switch from="one" to="two">
        {(id) => <Ask id={id} />}
      </Switch>,
    );
    await vi.waitFor(() => expect(late.one).toBeDefined());
    r.findByTestId(Button, 'switch').trigger('onClick');
    await vi.waitFor(() => expect(late.two).toBeDefined());
    late.two?.(json({ ok: true, data: running({ id: 'two' }) }));
    await r.waitFor(() => expect(r.findByTestId(Text, 'state').text).toBe('two '));
    late.one?.(json({ ok: true, data: running({ id: 'one' }) }));
    await Promise.resolve();
    expect(r.findByTestId(Text, 'state').text).toBe('two ');
  });

  it('keeps the last answer while it asks again, and when that fails', async () => {
    const server = fakeServer({ 'GET /runs/{run}': running({ id: 'one' }) as never });
    const r = show('pages', <Ask id="one" />);
    await r.waitFor(() => expect(r.findByTestId(Text, 'state').text).toBe('one '));
    server.set({ 'GET /runs/{run}': refused('INTERNAL') });
    r.findByTestId(Button, 'go').trigger('onClick');
    expect(r.findByTestId(Text, 'state').text).toBe('loading one ');
    await r.waitFor(() => expect(r.findByTestId(Text, 'state').text).toBe('one INTERNAL'));
  });

  it('polls while the answer says so, more slowly after failures, and never once it is gone', async () => {
    fakeTime();
    const Inner = () => {
      useApi('GET /status', {}, { every: () => 1_000 });
      return <Text>here</Text>;
    };
    const server = fakeServer({ 'GET /status': status() });
    const r = show(
      'pages',
      <Switch from to={false}>
        {(on) => (on ? <Inner /> : <Text>gone</Text>)}
      </Switch>,
    );
    await pass(2_500);
    expect(server.asked).toHaveLength(3);
    server.set({ 'GET /status': refused('INTERNAL') });
    await pass(700);
    expect(server.asked).toHaveLength(4);
    await pass(1_300);
    expect(server.asked).toHaveLength(4);
    await pass(700);
    expect(server.asked).toHaveLength(5);
    r.findByTestId(Button, 'switch').trigger('onClick');
    await pass(100);
    await pass(120_000, 10_000);
    expect(server.asked).toHaveLength(5);
  });
});

describe('useAction', () => {
  const Act = ({ note }: { note: string }) => {
    const { run: go, busy, error } = useAction('PATCH /mappings/{property}');
    return (
      <>
        <Button testId="go" onClick={() => void go({ path: { property: note }, body: { paused: true } })}>
          go
        </Button>
        <Text testId="state">{busy ? 'busy' : (error?.code ?? 'idle')}</Text>
      </>
    );
  };

  it('repeats under the same id what nobody knows the end of, and takes a new one after an answer', async () => {
    const server = fakeServer({ 'PATCH /mappings/{property}': json({}, 504) });
    const r = show(
      'pages',
      <Switch from="firstname" to="lastname">
        {(note) => <Act note={note} />}
      </Switch>,
    );
    const press = async (outcome: string, calls: number) => {
      r.findByTestId(Button, 'go').trigger('onClick');
      await vi.waitFor(() => expect(server.asked).toHaveLength(calls));
      await r.waitFor(() => expect(r.findByTestId(Text, 'state').text).toBe(outcome));
    };
    await press('TIMEOUT', 1);
    server.set({ 'PATCH /mappings/{property}': refused('RULE_FIXED') });
    await press('RULE_FIXED', 2);
    await press('RULE_FIXED', 3);
    r.findByTestId(Button, 'switch').trigger('onClick');
    await press('RULE_FIXED', 4);
    const ids = server.asked.map(({ body }) => body?.requestId);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[1]);
    expect(ids[3]).not.toBe(ids[2]);
  });
});

describe('usePages', () => {
  const Table = ({ limit }: { limit: number }) => {
    const { items, page, pageCount, onPageChange } = usePages('GET /runs', { limit });
    return (
      <>
        <Text testId="state">{`${items?.[0]?.id ?? '-'} ${page}/${pageCount}`}</Text>
        <Button onClick={() => onPageChange(page + 1)}>next</Button>
        <Button onClick={() => onPageChange(page - 1)}>previous</Button>
      </>
    );
  };

  it('follows cursors forth and back, and begins anew for another question', async () => {
    const server = fakeServer({
      'GET /runs': ({ query }) => ({
        items: [run({ id: query.cursor ?? 'first' })],
        next: query.cursor === 'second' ? null : 'second',
      }),
    });
    const r = show(
      'pages',
      <Switch from={10} to={5}>
        {(limit) => <Table limit={limit} />}
      </Switch>,
    );
    const sees = (text: string) => r.waitFor(() => expect(r.findByTestId(Text, 'state').text).toBe(text));
    const press = (n: number) => r.findAll(Button)[n]?.trigger('onClick');
    await sees('first 1/2');
    press(1);
    await sees('second 2/2');
    press(1);
    press(2);
    await sees('first 1/2');
    press(0);
    await vi.waitFor(() => expect(server.asked.at(-1)?.query).toEqual({ limit: '5' }));
    await sees('first 1/2');
  });
});
