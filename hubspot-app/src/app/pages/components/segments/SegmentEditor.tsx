import {
  Alert,
  Button,
  Flex,
  Heading,
  Input,
  LoadingButton,
  SearchInput,
  StatusTag,
  Text,
  Tile,
  useDebounce,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import {
  ErrorAlert,
  Loadable,
  useAction,
  useApi,
  useMay,
  useProblem,
  useText,
  type Segment,
  type SegmentChoices,
  type SegmentEstimated,
  type SegmentTree,
  type Slot,
} from '@lumo/screens';
import { useState } from 'react';
import { ConditionRow } from './ConditionRow.tsx';
import { Estimate } from './Estimate.tsx';
import { STATE_VARIANTS } from './SegmentList.tsx';
import { blank, countOf, edited, isComplete, problemsAt, sendable } from './tree.ts';

interface Props {
  slot: Slot;
  /** null: one that is not kept yet. */
  segment: Segment | null;
  onSaved?: () => void;
}

const WHILE_PREPARING_MS = 3_000;
/** As many HubSpot lists as the server offers at once. */
const MOST_LISTS = 500;

/** Name and conditions of a segment, with a live count of who meets them. */
export const SegmentEditor = (props: Props) => {
  const t = useText('segments');
  const [text, setText] = useState('');
  const search = useDebounce(text.trim());
  const choices = useApi(
    'GET /segments/choices',
    { query: { slot: props.slot, ...(search && { search }) } },
    { keep: true },
  );
  return (
    <Loadable from={choices} label={t('edit.loading')}>
      {(offered) => (
        <Editor
          {...props}
          choices={offered}
          search={
            (search !== '' || text !== '' || offered.lists.length >= MOST_LISTS) && (
              <SearchInput name="list-search" label={t('lists.search')} value={text} onInput={setText} clearable />
            )
          }
        />
      )}
    </Loadable>
  );
};

const isLate = (answer: SegmentEstimated | null) => (answer?.state === 'preparing' ? WHILE_PREPARING_MS : null);

const Editor = ({
  slot,
  segment,
  onSaved,
  choices,
  search,
}: Props & { choices: SegmentChoices; search: React.ReactNode }) => {
  const t = useText('segments');
  const may = useMay().send_messages;
  const { navigateToPage, addAlert } = useExtensionActions<'pages'>();
  const create = useAction('POST /segments');
  const replace = useAction('PUT /segments/{slot}/{segment}');
  const [name, setName] = useState(segment?.name ?? '');
  const [tree, setTree] = useState<SegmentTree>(
    () => segment?.tree ?? { all: [{ any: [blank(choices, choices.types[0]?.type ?? 'tag')] }] },
  );
  const wanted = sendable(choices, tree);
  const asked = JSON.parse(useDebounce(JSON.stringify(wanted))) as SegmentTree;
  const count = useApi('POST /segments/estimate', { body: { slot, tree: asked } }, { every: isLate, keep: true });
  const changed = segment === null || name !== segment.name || JSON.stringify(tree) !== JSON.stringify(segment.tree);

  const save = async () => {
    const body = { name: name.trim(), tree: wanted };
    const kept = segment
      ? await replace.run({ path: { slot, segment: segment.id }, body: { ...body, version: segment.version } })
      : await create.run({ body: { slot, ...body } });
    if (!kept) return;
    addAlert({ type: 'success', message: t('saved', { name: kept.name }) });
    if (segment) onSaved?.();
    else navigateToPage({ to: `/segments/${slot}/${kept.id}` });
  };

  return (
    <Flex direction="column" gap="medium">
      {!may && <Text>{t('readOnly')}</Text>}
      <Head segment={segment} name={name} readOnly={!may} onName={setName} />
      <Heading>{t('conditions')}</Heading>
      <Text>{t('help')}</Text>
      {search}
      <Groups tree={tree} choices={choices} problems={count.data?.problems ?? []} readOnly={!may} onChange={setTree} />
      <Estimate from={count} />
      <ErrorAlert error={create.error ?? replace.error} />
      <Flex gap="small" align="center">
        <LoadingButton
          variant="primary"
          testId="save-segment"
          loading={create.busy || replace.busy}
          disabled={!may || !changed || name.trim() === '' || countOf(tree) === 0}
          onClick={() => void save()}
        >
          {t('save')}
        </LoadingButton>
        {changed && may && <Text variant="microcopy">{t(name.trim() === '' ? 'noName' : 'unsaved')}</Text>}
      </Flex>
    </Flex>
  );
};

interface HeadProps {
  segment: Segment | null;
  name: string;
  readOnly: boolean;
  onName: (name: string) => void;
}

const Head = ({ segment, name, readOnly, onName }: HeadProps) => {
  const t = useText('segments');
  const names = (segment?.usedBy ?? []).map((broadcast) => broadcast.name).join(', ');
  return (
    <Flex direction="column" gap="small">
      {segment === null ? (
        <Heading>{t('edit.new')}</Heading>
      ) : (
        <StatusTag variant={STATE_VARIANTS[segment.state]}>{t(`state.${segment.state}`)}</StatusTag>
      )}
      {segment?.state === 'attention' && <Alert variant="warning" title={t('count.attention')} />}
      <Input name="segment-name" label={t('name')} required value={name} readOnly={readOnly} onInput={onName} />
      {names !== '' && <Text variant="microcopy">{t('usedBy', { names })}</Text>}
    </Flex>
  );
};

interface GroupsProps {
  tree: SegmentTree;
  choices: SegmentChoices;
  problems: SegmentEstimated['problems'];
  readOnly: boolean;
  onChange: (tree: SegmentTree) => void;
}

/** Groups that must all hold, each of conditions of which one is enough. */
const Groups = ({ tree, choices, problems, readOnly, onChange }: GroupsProps) => {
  const t = useText('segments');
  const explain = useProblem();
  const { limits } = choices;
  const full = countOf(tree) >= limits.conditions;
  const fresh = () => blank(choices, choices.types[0]?.type ?? 'tag');
  const lacksContact = tree.all.some(({ any }) => any.some(({ type }) => type === 'property' || type === 'list'));
  return (
    <Flex direction="column" gap="small">
      {tree.all.map((group, g) => (
        <Flex key={g} direction="column" gap="xs">
          {g > 0 && <Text format={{ fontWeight: 'bold' }}>{t('and')}</Text>}
          <Tile compact>
            <Flex direction="column" gap="small">
              <Text format={{ fontWeight: 'demibold' }}>{t('group', { n: g + 1 })}</Text>
              {group.any.map((condition, i) => (
                <Flex key={i} direction="column" gap="xs">
                  {i > 0 && <Text>{t('or')}</Text>}
                  <ConditionRow
                    name={`c-${g}-${i}`}
                    condition={condition}
                    choices={choices}
                    problems={isComplete(condition) ? problemsAt(problems, g, i) : []}
                    removeLabel={t('removeNth', { n: i + 1, group: g + 1 })}
                    readOnly={readOnly}
                    onChange={(next) =>
                      onChange(edited(tree, g, (any) => any.map((old, at) => (at === i ? next : old))))
                    }
                    onRemove={() => onChange(edited(tree, g, (any) => any.filter((_, at) => at !== i)))}
                  />
                </Flex>
              ))}
              {!readOnly && (
                <Button
                  size="sm"
                  testId={`or-${g}`}
                  disabled={full}
                  onClick={() => onChange(edited(tree, g, (any) => [...any, fresh()]))}
                >
                  {t('addCondition')}
                </Button>
              )}
            </Flex>
          </Tile>
        </Flex>
      ))}
      {!readOnly && (
        <Button
          size="sm"
          testId="and"
          disabled={full || tree.all.length >= limits.groups}
          onClick={() => onChange({ all: [...tree.all, { any: [fresh()] }] })}
        >
          {t('addGroup')}
        </Button>
      )}
      {full && <Text variant="microcopy">{t('full', { groups: limits.groups, conditions: limits.conditions })}</Text>}
      {lacksContact && <Text variant="microcopy">{t('unknownHelp')}</Text>}
      {problemsAt(problems).map((problem) => (
        <Text key={`${problem.code} ${problem.place}`} variant="microcopy">
          {`${explain(problem).text} ${explain(problem).todo}`}
        </Text>
      ))}
    </Flex>
  );
};
