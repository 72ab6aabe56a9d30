import {
  Button,
  Flex,
  SearchInput,
  StatusTag,
  TableCell,
  TableRow,
  Text,
  useDebounce,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import {
  ConfirmButton,
  ErrorAlert,
  PagedTable,
  useAction,
  useFormat,
  useMay,
  usePages,
  useProblem,
  useText,
  type Segment,
  type Slot,
} from '@lumo/screens';
import { useState } from 'react';
import { NEW } from './tree.ts';

const ROWS = 20;
const WHILE_PREPARING_MS = 5_000;

export const STATE_VARIANTS = { ready: 'success', preparing: 'info', attention: 'danger' } as const;

/** The segments of an account by name; what they rest on may have gone. */
export const SegmentList = ({ slot }: { slot: Slot }) => {
  const t = useText('segments');
  const may = useMay();
  const { navigateToPage } = useExtensionActions<'pages'>();
  const [typed, setTyped] = useState('');
  const search = useDebounce(typed.trim());
  const pages = usePages(
    'GET /segments',
    { slot, limit: ROWS, ...(search !== '' && { search }) },
    { every: (page) => (page?.items.some(({ state }) => state === 'preparing') ? WHILE_PREPARING_MS : null) },
  );
  return (
    <Flex direction="column" gap="medium">
      <Flex justify="between" align="center" gap="small" wrap>
        <Text>{t('intro')}</Text>
        <Button
          variant="primary"
          testId="create-segment"
          disabled={!may.send_messages}
          onClick={() => navigateToPage({ to: `/segments/${slot}/${NEW}` })}
        >
          {t('create')}
        </Button>
      </Flex>
      <SearchInput name="segment-search" label={t('search')} value={typed} onInput={setTyped} clearable />
      <PagedTable
        pages={pages}
        loading={t('loading')}
        empty={
          search === ''
            ? { title: t('empty'), text: t('emptyText') }
            : { title: t('search.none'), text: t('search.noneText') }
        }
        head={[t('col.name'), t('col.state'), { number: t('col.conditions') }, t('col.updated'), t('col.actions')]}
        row={(segment) => (
          <SegmentRow key={segment.id} segment={segment} may={may.send_messages} onChanged={pages.reload} />
        )}
      />
    </Flex>
  );
};

const SegmentRow = ({ segment, may, onChanged }: { segment: Segment; may: boolean; onChanged: () => void }) => {
  const t = useText('segments');
  const { dateTime, number } = useFormat();
  const explain = useProblem();
  const [problem] = segment.problems;
  return (
    <TableRow>
      <TableCell>
        <PageLink to={`/segments/${segment.slot}/${segment.id}`}>{short(segment.name)}</PageLink>
      </TableCell>
      <TableCell>
        <StatusTag variant={STATE_VARIANTS[segment.state]}>{t(`state.${segment.state}`)}</StatusTag>
        {problem && <Text variant="microcopy">{explain(problem).text}</Text>}
      </TableCell>
      <TableCell align="right">
        <Text>{number(segment.conditions)}</Text>
      </TableCell>
      <TableCell>
        <Text>{dateTime(segment.updatedAt)}</Text>
        {segment.updatedBy !== '' && (
          <Text variant="microcopy" truncate={{ maxWidth: 200, tooltipText: segment.updatedBy }}>
            {t('by', { who: segment.updatedBy })}
          </Text>
        )}
      </TableCell>
      <TableCell>
        <Actions segment={segment} may={may} onChanged={onChanged} />
      </TableCell>
    </TableRow>
  );
};

const Actions = ({ segment, may, onChanged }: { segment: Segment; may: boolean; onChanged: () => void }) => {
  const t = useText('segments');
  const { addAlert } = useExtensionActions<'pages'>();
  const copy = useAction('POST /segments/{slot}/{segment}/copy');
  const remove = useAction('DELETE /segments/{slot}/{segment}');
  const path = { slot: segment.slot, segment: segment.id };
  const done = (message: string) => {
    addAlert({ type: 'success', message });
    onChanged();
  };
  const duplicate = async () => {
    const name = t('copyName', { name: short(segment.name, LONGEST_COPIED) });
    if (await copy.run({ path, body: { name } })) done(t('copied', { name: short(name) }));
  };
  const drop = async () => {
    const answer = await remove.run({ path });
    if (answer) done(t('deleted', { name: short(segment.name) }));
    return answer !== null;
  };
  return (
    <Flex direction="column" gap="xs">
      <Flex gap="xs" wrap>
        <Button size="sm" testId={`copy-${segment.id}`} disabled={!may || copy.busy} onClick={() => void duplicate()}>
          {t('copy')}
        </Button>
        <ConfirmButton
          id={`delete-${segment.id}`}
          label={t('delete')}
          title={t('deleteTitle')}
          confirm={t('delete')}
          danger
          disabled={!may}
          busy={remove.busy}
          error={remove.error}
          onOpen={remove.clear}
          onConfirm={drop}
        >
          <Text>{t('deleteText', { name: segment.name })}</Text>
        </ConfirmButton>
      </Flex>
      <ErrorAlert error={copy.error} />
    </Flex>
  );
};

/** Longer ones would make the table wide; the editor shows the whole. */
const LONGEST_SHOWN = 60;
/** Leaves room for the words that a copy's name gets. */
const LONGEST_COPIED = 80;

function short(name: string, most = LONGEST_SHOWN): string {
  const letters = [...name];
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : name;
}
