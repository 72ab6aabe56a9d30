import {
  Button,
  Flex,
  Heading,
  LoadingButton,
  SearchInput,
  StatusTag,
  TableCell,
  TableRow,
  Text,
  ToggleGroup,
  useDebounce,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { ErrorAlert, PagedTable, useAction, useFormat, usePages, useText, type List } from '@lumo/screens';
import { useState } from 'react';

const ROWS = 10;
const WHILE_READING_MS = 3_000;
/** From here on people are told how long reading takes (P-54). */
const LARGE = 100_000;

const moving = (items: List[] | undefined) =>
  items?.some(({ state }) => state === 'reading' || state === 'waiting') ?? false;

/** Which HubSpot lists there are, and whose members are kept (P-50 to P-55). */
export const HubSpotLists = () => {
  const t = useText('lists');
  const [text, setText] = useState('');
  const [show, setShow] = useState('all');
  const search = useDebounce(text.trim());
  const narrowed = search !== '' || show !== 'all';
  const pages = usePages(
    'GET /lists',
    { ...(search && { search }), ...(show === 'selected' && { selected: true }), limit: ROWS },
    { every: (page) => (moving(page?.items) ? WHILE_READING_MS : null) },
  );
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('title')}</Heading>
      <Text>{t('intro')}</Text>
      <Flex gap="medium" align="end" wrap>
        <SearchInput name="list-search" label={t('search')} value={text} onInput={setText} clearable />
        <ToggleGroup
          name="list-show"
          label={t('show')}
          toggleType="radioButtonList"
          inline
          value={show}
          options={[
            { value: 'all', label: t('show.all') },
            { value: 'selected', label: t('show.selected') },
          ]}
          onChange={(value) => setShow(String(value))}
        />
      </Flex>
      <PagedTable
        pages={pages}
        loading={t('loading')}
        empty={{ title: t(narrowed ? 'none' : 'empty'), text: t(narrowed ? 'noneText' : 'emptyText') }}
        head={[t('col.name'), t('col.kind'), { number: t('col.size') }, t('col.state'), t('col.actions')]}
        row={(list) => <ListRow key={list.id} list={list} onChanged={pages.reload} />}
      />
    </Flex>
  );
};

const ListRow = ({ list, onChanged }: { list: List; onChanged: () => void }) => {
  const t = useText('lists');
  const { number } = useFormat();
  const names = list.usedBy.map(({ name }) => name).join(', ');
  return (
    <TableRow>
      <TableCell>
        <Text truncate={{ maxWidth: 280, tooltipText: list.name }}>{list.name}</Text>
        {names !== '' && (
          <Text variant="microcopy" truncate={{ maxWidth: 280, tooltipText: names }}>
            {t('usedBy', { names })}
          </Text>
        )}
      </TableCell>
      <TableCell>
        <Text>{t(`kind.${list.kind}`)}</Text>
      </TableCell>
      <TableCell align="right">
        <Text>{list.size === null ? t('computing') : number(list.size)}</Text>
      </TableCell>
      <TableCell>
        <MemberState list={list} />
      </TableCell>
      <TableCell>
        <Actions list={list} onChanged={onChanged} />
      </TableCell>
    </TableRow>
  );
};

const VARIANTS = {
  not_selected: 'default',
  waiting: 'info',
  reading: 'info',
  current: 'success',
  outdated: 'warning',
  deleted: 'danger',
  too_large: 'danger',
  refused: 'danger',
} as const;

const TODO = {
  outdated: 'todo.outdated',
  deleted: 'todo.deleted',
  too_large: 'todo.too_large',
  refused: 'todo.refused',
} as const;

const MemberState = ({ list }: { list: List }) => {
  const t = useText('lists');
  const { number, dateTime, duration } = useFormat();
  const todo = list.state in TODO ? TODO[list.state as keyof typeof TODO] : null;
  return (
    <>
      <StatusTag variant={VARIANTS[list.state]}>{t(`state.${list.state}`)}</StatusTag>
      {list.members !== null && (
        <Text variant="microcopy">{t('asOf', { n: list.members, time: dateTime(list.membersAsOf) })}</Text>
      )}
      {list.state === 'reading' && list.read !== null && list.size !== null && (
        <Text variant="microcopy">{t('soFar', { n: number(list.read), max: number(list.size) })}</Text>
      )}
      {(list.size ?? 0) > LARGE && list.state !== 'too_large' && (
        <Text variant="microcopy">{t('takes', { time: duration(list.readSeconds * 1000) })}</Text>
      )}
      {todo && <Text variant="microcopy">{t(todo)}</Text>}
    </>
  );
};

const Actions = ({ list, onChanged }: { list: List; onChanged: () => void }) => {
  const t = useText('lists');
  const { addAlert } = useExtensionActions<'pages'>();
  const change = useAction('PATCH /lists/{list}');
  const reread = useAction('POST /lists/{list}/reread');
  const kept = list.selected || list.usedBy.length > 0;

  const toggle = async () => {
    const answer = await change.run({ path: { list: list.id }, body: { selected: !list.selected } });
    if (!answer) return;
    const said = !list.selected ? 'selected' : list.usedBy.length > 0 ? 'kept' : 'unselected';
    addAlert({ type: 'success', message: t(said, { name: list.name }) });
    onChanged();
  };
  const read = async () => {
    if (!(await reread.run({ path: { list: list.id }, body: {} }))) return;
    addAlert({ type: 'success', message: t('reading', { name: list.name }) });
    onChanged();
  };

  return (
    <Flex direction="column" gap="xs">
      <Flex gap="xs" wrap>
        <LoadingButton
          size="xs"
          testId={`select-${list.id}`}
          loading={change.busy}
          disabled={!list.selected && (list.state === 'deleted' || list.state === 'too_large')}
          onClick={() => void toggle()}
        >
          {t(list.selected ? 'unselect' : 'select')}
        </LoadingButton>
        {kept && (
          <Button
            size="xs"
            testId={`reread-${list.id}`}
            disabled={reread.busy || list.state === 'reading' || list.state === 'deleted' || list.state === 'too_large'}
            onClick={() => void read()}
          >
            {t('reread')}
          </Button>
        )}
      </Flex>
      <ErrorAlert error={change.error ?? reread.error} />
    </Flex>
  );
};
