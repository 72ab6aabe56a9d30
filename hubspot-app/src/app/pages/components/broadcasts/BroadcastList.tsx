import { Button, Flex, Select, TableCell, TableRow, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import {
  ConfirmButton,
  ErrorAlert,
  PagedTable,
  useAction,
  useFormat,
  useMay,
  usePages,
  useText,
  type Broadcast,
  type Slot,
} from '@lumo/screens';
import { useState } from 'react';
import { StatusMark, statusOf } from './StatusMark.tsx';

const ROWS = 20;
const WHILE_SENDING_MS = 5_000;
const STATUSES = ['draft', 'scheduled', 'sending', 'sent', 'partly_sent', 'held', 'attention', 'canceled'] as const;
type Shown = (typeof STATUSES)[number];

/** The server holds what waits for a person, whatever it waits for. */
const keptAs = (status: Shown) => (status === 'attention' ? 'held' : status);

/** The broadcasts of an account, newest first. */
export const BroadcastList = ({ slot }: { slot: Slot }) => {
  const t = useText('broadcasts');
  const may = useMay().send_messages;
  const { navigateToPage } = useExtensionActions<'pages'>();
  const create = useAction('POST /broadcasts');
  const [status, setStatus] = useState<Shown | ''>('');
  const pages = usePages(
    'GET /broadcasts',
    { slot, limit: ROWS, ...(status !== '' && { status: keptAs(status) }) },
    { every: (page) => (page?.items.some((item) => item.status === 'sending') ? WHILE_SENDING_MS : null) },
  );
  const items = pages.items?.filter((item) => status === '' || statusOf(item) === status) ?? null;
  const start = async () => {
    const body = { slot, name: t('newName'), audience: { kind: 'all' as const }, bubbles: [] };
    const made = await create.run({ body });
    if (made) navigateToPage({ to: `/broadcasts/${slot}/${made.id}` });
  };
  return (
    <Flex direction="column" gap="medium">
      <Flex justify="between" align="end" gap="small" wrap>
        <Select
          name="status"
          label={t('show')}
          value={status}
          options={[
            { value: '', label: t('show.all') },
            ...STATUSES.map((value) => ({ value, label: t(`status.${value}`) })),
          ]}
          onChange={(value) => setStatus(STATUSES.find((one) => one === value) ?? '')}
        />
        <Button variant="primary" testId="create-broadcast" disabled={!may || create.busy} onClick={() => void start()}>
          {t('create')}
        </Button>
      </Flex>
      <ErrorAlert error={create.error} />
      {items?.length === 0 && pages.pageCount > 1 && <Text>{t('empty.status')}</Text>}
      <PagedTable
        pages={{ ...pages, items }}
        loading={t('loading')}
        empty={
          status === ''
            ? { title: t('empty'), text: t('emptyText') }
            : { title: t('empty.status'), text: t('empty.statusText') }
        }
        head={[
          t('col.name'),
          t('col.status'),
          t('col.when'),
          { number: t('col.recipients') },
          { number: t('col.sent') },
          t('col.actions'),
        ]}
        row={(broadcast) => <Row key={broadcast.id} broadcast={broadcast} may={may} onChanged={pages.reload} />}
      />
    </Flex>
  );
};

const Row = ({ broadcast, may, onChanged }: { broadcast: Broadcast; may: boolean; onChanged: () => void }) => {
  const { number } = useFormat();
  const frozen = broadcast.frozenAt !== null;
  return (
    <TableRow>
      <TableCell>
        <PageLink to={`/broadcasts/${broadcast.slot}/${broadcast.id}`}>{short(broadcast.name, 60)}</PageLink>
      </TableCell>
      <TableCell>
        <StatusMark broadcast={broadcast} />
      </TableCell>
      <TableCell>
        <When broadcast={broadcast} />
      </TableCell>
      <TableCell align="right">
        <Text>{frozen ? number(broadcast.recipients) : '–'}</Text>
      </TableCell>
      <TableCell align="right">
        <Text>{frozen ? number(broadcast.sent) : '–'}</Text>
      </TableCell>
      <TableCell>
        <Actions broadcast={broadcast} may={may} onChanged={onChanged} />
      </TableCell>
    </TableRow>
  );
};

const When = ({ broadcast }: { broadcast: Broadcast }) => {
  const t = useText('broadcasts');
  const { dateTime } = useFormat();
  const { status, sendAt, startedAt, endedAt, updatedAt } = broadcast;
  if (status === 'scheduled') return <Text>{t('when.scheduled', { time: dateTime(sendAt) })}</Text>;
  if (status === 'sending') return <Text>{t('when.sending', { time: dateTime(startedAt) })}</Text>;
  if (status === 'draft') return <Text>{t('when.draft', { time: dateTime(updatedAt) })}</Text>;
  return <Text>{dateTime(endedAt ?? startedAt ?? updatedAt)}</Text>;
};

const short = (name: string, most: number) => {
  const letters = [...name];
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : name;
};

/** Leaves room for the words that a copy's name gets. */
const LONGEST_COPIED = 80;

const Actions = ({ broadcast, may, onChanged }: { broadcast: Broadcast; may: boolean; onChanged: () => void }) => {
  const t = useText('broadcasts');
  const { addAlert } = useExtensionActions<'pages'>();
  const read = useAction('GET /broadcasts/{slot}/{broadcast}');
  const full = useAction('POST /broadcasts');
  const remove = useAction('DELETE /broadcasts/{slot}/{broadcast}');
  const cancel = useAction('POST /broadcasts/{slot}/{broadcast}/cancel');
  const path = { slot: broadcast.slot, broadcast: broadcast.id };
  const { name, slot, status } = broadcast;
  const done = (message: string) => {
    addAlert({ type: 'success', message });
    onChanged();
    return true;
  };
  const copy = async () => {
    const whole = await read.run({ path }); // a table has no bubbles
    if (!whole) return;
    const { bubbles, silent, tracking, audience, testUsers } = whole;
    const copied = t('copyName', { name: short(name, LONGEST_COPIED) });
    const body = { slot, name: copied, bubbles, silent, tracking, audience, testUsers };
    if (await full.run({ body })) done(t('done.copied', { name: copied }));
  };
  return (
    <Flex direction="column" gap="xs">
      <Flex gap="xs" wrap>
        <Button
          size="sm"
          testId={`copy-${broadcast.id}`}
          disabled={!may || read.busy || full.busy}
          onClick={() => void copy()}
        >
          {t('more.copy')}
        </Button>
        {status === 'scheduled' && (
          <Button
            size="sm"
            testId={`cancel-${broadcast.id}`}
            disabled={!may || cancel.busy}
            onClick={() => void cancel.run({ path, body: {} }).then((a) => a && done(t('done.canceled', { name })))}
          >
            {t('more.cancel')}
          </Button>
        )}
        {(status === 'draft' || status === 'canceled') && (
          <ConfirmButton
            id={`delete-${broadcast.id}`}
            label={t('more.delete')}
            title={name}
            confirm={t('more.delete')}
            danger
            disabled={!may}
            busy={remove.busy}
            error={remove.error}
            onConfirm={async () => (await remove.run({ path })) !== null && done(t('done.deleted', { name }))}
          >
            <Text>{t('delete.text', { name })}</Text>
          </ConfirmButton>
        )}
      </Flex>
      <ErrorAlert error={read.error ?? full.error ?? cancel.error} />
    </Flex>
  );
};
