import { LoadingButton, TextArea } from '@hubspot/ui-extensions';
import type { CompanyCard, GroupChat } from '@lumo/screens';
import { fakeServer, message, NOON, ORIGIN, rendererFor, settingsPage, textsOf, written } from '@lumo/screens/testing';
import { expect, it } from 'vitest';
import { CardScreen } from '../components/CardScreen.tsx';

const GROUP = `C${'a'.repeat(32)}`;
const POST = 'POST /groups/{slot}/{group}/messages';

const group = (more: Partial<GroupChat> = {}): GroupChat => ({
  slot: 1,
  id: GROUP,
  name: '営業チーム',
  pictureUrl: null,
  present: true,
  active: true,
  members: 3,
  people: [{ user: `U${'b'.repeat(32)}`, name: 'Bert', contactId: '501' }],
  joinedAt: NOON,
  messages: [message({ by: 'Bert', text: 'hello all' })],
  ...more,
});

function open(of: GroupChat, language = 'en') {
  const card: CompanyCard = {
    companyId: '701',
    state: 'groups',
    accounts: [{ slot: 1, name: 'Test shop', picture: null, state: 'active' }],
    groups: [of],
  };
  const server = fakeServer({
    'GET /companies/{company}': card,
    'GET /settings': settingsPage(),
    [POST]: { message: written({ text: 'to all' }) },
  });
  const r = rendererFor('crm.record.tab');
  r.mocks.context.variables = { API_ORIGIN: ORIGIN };
  r.mocks.context.user.language = language;
  r.mocks.context.crm.objectId = 701;
  r.mocks.context.crm.objectTypeId = '0-2';
  r.render(<CardScreen />);
  const sees = (text: string) =>
    r.waitFor(() => {
      const all = textsOf(r.getRootNode()).join(' | ');
      if (!all.includes(text)) throw new Error(`${text} not in: ${all}`);
    });
  return { r, server, sees };
}

it('shows a group, who is in it, and what it costs to write there', async () => {
  const { sees } = open(group());
  for (const text of ['営業チーム', '3 members', 'Bert (contact)', 'hello all', 'Uses 3 messages']) await sees(text);
});

it('sends to the group', async () => {
  const { r, server, sees } = open(group());
  await sees('hello all');
  r.find(TextArea, { name: 'message' }).trigger('onInput', 'to all' as never);
  await r.waitFor(() => expect(r.find(TextArea, { name: 'message' }).props.value).toBe('to all'));
  await r.waitFor(() => expect(r.findByTestId(LoadingButton, 'send-message').props.disabled).toBe(false));
  r.findByTestId(LoadingButton, 'send-message').trigger('onClick');
  await r.waitFor(() => expect(server.of(POST)).toHaveLength(1));
  expect(server.of(POST)[0]).toMatchObject({ path: ['1', GROUP], body: { text: 'to all' } });
  expect(server.of(POST)[0]?.body).not.toHaveProperty('contact');
});

it('keeps a group that the account left, to read', async () => {
  const { r, sees } = open(group({ present: false, active: false }), 'ja');
  await sees('LINEアカウントはすでにこのグループにいません。');
  expect(r.findByTestId(LoadingButton, 'send-message').props.disabled).toBe(true);
});
