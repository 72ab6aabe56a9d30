import { Button, Flex, Heading, LoadingButton, SearchInput, Text, useDebounce } from '@hubspot/ui-extensions';
import {
  ErrorAlert,
  useAction,
  useApi,
  useProblem,
  useText,
  type Broadcast,
  type LineUserID,
  type Slot,
  type TestedUser,
} from '@lumo/screens';
import { useState } from 'react';

interface Props {
  broadcast: Broadcast;
  users: LineUserID[];
  onChange: (users: LineUserID[]) => void;
  /** Saves what is on the screen: a test shows what was kept. */
  keep: () => Promise<boolean>;
  empty: boolean;
  /** The message as one of them would get it. */
  onShown: (name: string, messages: Record<string, unknown>[]) => void;
}

/** Of LINE's sending and of the server. */
const MOST = 10;
const FOUND = 5;

/** Sends the message to a few friends of the team before everybody gets it (P-124). A test is sent once, however often its answer gets lost. */
export const TestSend = ({ broadcast, users, onChange, keep, empty, onShown }: Props) => {
  const t = useText('broadcasts');
  const { slot, id } = broadcast;
  const test = useAction('POST /broadcasts/{slot}/{broadcast}/test');
  const preview = useAction('POST /broadcasts/{slot}/{broadcast}/preview');
  const show = async (user: LineUserID, name: string) => {
    if (!(await keep())) return;
    const seen = await preview.run({ path: { slot, broadcast: id }, body: { user } });
    if (seen) onShown(name, seen.messages);
  };
  const [saving, setSaving] = useState(false);
  const [results, setResults] = useState<TestedUser[]>([]);
  const send = async () => {
    setSaving(true);
    setResults([]);
    const kept = await keep();
    setSaving(false);
    if (!kept) return;
    const done = await test.run({ path: { slot, broadcast: id }, body: { users } });
    setResults(done?.items ?? []);
  };
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('test.title')}</Heading>
      <Text variant="microcopy">{t('test.help')}</Text>
      {users.map((user, i) => (
        <Recipient
          key={user}
          at={i}
          slot={slot}
          user={user}
          result={results.find((one) => one.user === user)}
          mayShow={!empty && !preview.busy}
          onShow={(name) => void show(user, name)}
          onRemove={() => onChange(users.filter((one) => one !== user))}
        />
      ))}
      {users.length < MOST && <AddRecipient slot={slot} taken={users} onAdd={(user) => onChange([...users, user])} />}
      <ErrorAlert error={test.error ?? preview.error} />
      <Flex>
        <LoadingButton
          testId="send-test"
          loading={saving || test.busy}
          disabled={users.length === 0 || empty}
          onClick={() => void send()}
        >
          {t('test.send')}
        </LoadingButton>
      </Flex>
    </Flex>
  );
};

interface RecipientProps {
  at: number;
  slot: Slot;
  user: LineUserID;
  result: TestedUser | undefined;
  mayShow: boolean;
  onShow: (name: string) => void;
  onRemove: () => void;
}

const Recipient = ({ at, slot, user, result, mayShow, onShow, onRemove }: RecipientProps) => {
  const t = useText('broadcasts');
  const explain = useProblem();
  const friend = useApi('GET /friends/{slot}/{user}', { path: { slot, user } });
  const why = result && !result.sent ? explain({ code: result.code ?? '', message: result.message ?? '' }).text : '';
  const name = friend.data?.name || user;
  return (
    <Flex gap="small" align="center" wrap>
      <Text>{name}</Text>
      {result && (
        <Text format={{ fontWeight: 'demibold' }}>{result.sent ? t('test.sent') : t('test.failed', { why })}</Text>
      )}
      <Button size="xs" testId={`test-show-${at}`} disabled={!mayShow} onClick={() => onShow(name)}>
        {t('test.show')}
      </Button>
      <Button size="xs" testId={`test-remove-${at}`} onClick={onRemove}>
        {t('draft.remove')}
      </Button>
    </Flex>
  );
};

interface AddProps {
  slot: Slot;
  taken: readonly LineUserID[];
  onAdd: (user: LineUserID) => void;
}

const AddRecipient = ({ slot, taken, onAdd }: AddProps) => {
  const t = useText('broadcasts');
  const [typed, setTyped] = useState('');
  const search = useDebounce(typed.trim());
  const found = useApi(
    'GET /friends',
    { query: { slot, search, follow: 'following', limit: 20 } },
    { skip: search === '', keep: true },
  );
  const friends =
    search === '' ? [] : (found.data?.items ?? []).filter(({ user }) => !taken.includes(user)).slice(0, FOUND);
  const add = (user: LineUserID) => {
    setTyped('');
    onAdd(user);
  };
  return (
    <Flex direction="column" gap="xs">
      <SearchInput name="test-search" label={t('test.search')} value={typed} onInput={setTyped} clearable />
      <ErrorAlert error={found.error} />
      {search !== '' && found.data && friends.length === 0 && <Text variant="microcopy">{t('test.nobody')}</Text>}
      <Flex gap="xs" wrap>
        {friends.map(({ user, name }, i) => (
          <Button key={user} size="sm" testId={`test-add-${i}`} onClick={() => add(user)}>
            {name || user}
          </Button>
        ))}
      </Flex>
    </Flex>
  );
};
