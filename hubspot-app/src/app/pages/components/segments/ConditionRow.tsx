import { Button, Checkbox, Flex, Select, Text } from '@hubspot/ui-extensions';
import {
  useProblem,
  useText,
  type ConditionOperator,
  type ConditionType,
  type Key,
  type SegmentChoices,
  type SegmentCondition,
  type SegmentProblem,
} from '@lumo/screens';
import { blank, mayBeUnknown, operatorsOf, withOperator } from './tree.ts';
import { ValueEditor } from './ValueEditor.tsx';

interface Props {
  /** Unique on the screen. */
  name: string;
  condition: SegmentCondition;
  choices: SegmentChoices;
  problems: SegmentProblem[];
  removeLabel: string;
  readOnly: boolean;
  onChange: (condition: SegmentCondition) => void;
  onRemove: () => void;
}

const DATES: Partial<Record<ConditionOperator, Key<'segments'>>> = { gt: 'op.after', lt: 'op.before' };
const REFERRING = ['tag', 'property', 'list', 'broadcast'] as const;
type Referring = (typeof REFERRING)[number];
const refers = (type: ConditionType): type is Referring => (REFERRING as readonly string[]).includes(type);

/** One condition: what, how it is compared, with what, and what is wrong with it. */
export const ConditionRow = (props: Props) => {
  const t = useText('segments');
  const explain = useProblem();
  const { name, condition, choices, problems, readOnly, onChange } = props;
  const dated = isDated(choices, condition);
  return (
    <Flex direction="column" gap="xs">
      <Flex gap="small" align="end" wrap>
        <Select
          name={`${name}-type`}
          label={t('type')}
          value={condition.type}
          readOnly={readOnly}
          options={choices.types.map(({ type }) => ({ value: type, label: t(`type.${type}`) }))}
          onChange={(type) => onChange(blank(choices, type as ConditionType))}
        />
        <Reference {...props} />
        <Select
          name={`${name}-op`}
          label={t('op')}
          value={condition.op}
          readOnly={readOnly || (condition.type === 'property' && !condition.ref)}
          options={operators(choices, condition).map((op) => ({
            value: op,
            label: t((dated && DATES[op]) || `op.${op}`),
          }))}
          onChange={(op) => onChange(withOperator(condition, op as ConditionOperator))}
        />
        <ValueEditor
          key={`${condition.type} ${condition.ref ?? ''}`}
          name={name}
          condition={condition}
          choices={choices}
          readOnly={readOnly}
          onChange={(more) => onChange({ ...condition, ...more })}
        />
        {!readOnly && (
          <Button
            size="sm"
            variant="secondary"
            testId={`${name}-remove`}
            aria-label={props.removeLabel}
            onClick={props.onRemove}
          >
            {t('remove')}
          </Button>
        )}
      </Flex>
      {mayBeUnknown(choices, condition) && (
        <Checkbox
          name={`${name}-unknown`}
          checked={condition.orUnknown ?? false}
          readOnly={readOnly}
          onChange={(orUnknown) => onChange({ ...condition, orUnknown })}
        >
          {t('orUnknown')}
        </Checkbox>
      )}
      {problems.map((problem) => (
        <Text key={`${problem.code} ${problem.place}`} variant="microcopy" format={{ fontWeight: 'demibold' }}>
          {`${explain(problem).text} ${explain(problem).todo}`}
        </Text>
      ))}
    </Flex>
  );
};

/** The chosen one stays although its type no longer offers it. */
function operators(choices: SegmentChoices, condition: SegmentCondition): ConditionOperator[] {
  const offered = operatorsOf(choices, condition);
  return offered.includes(condition.op) ? offered : [...offered, condition.op];
}

function isDated(choices: SegmentChoices, { type, ref }: SegmentCondition): boolean {
  if (type !== 'property') return type === 'friend_since' || type === 'last_message';
  const kind = choices.properties.find(({ property }) => property === ref)?.kind;
  return kind === 'date' || kind === 'datetime';
}

const USABLE = new Set(['active', 'waiting_first_sync', 'paused']);

function candidates(choices: SegmentChoices, type: Referring): [string, string][] {
  switch (type) {
    case 'tag':
      return choices.tags.map(({ id, name }) => [id, name]);
    case 'list':
      return choices.lists.map(({ id, name }) => [id, name]);
    case 'broadcast':
      return choices.broadcasts.map(({ id, name }) => [id, name]);
    case 'property':
      return choices.properties.filter(({ status }) => USABLE.has(status)).map((p) => [p.property, p.label]);
  }
}

/** Which tag, property, HubSpot list or broadcast it is about. One that is gone stays visible. */
const Reference = ({ name, condition, choices, problems, readOnly, onChange }: Props) => {
  const t = useText('segments');
  const { type, ref = '' } = condition;
  if (!refers(type)) return null;
  const known = candidates(choices, type);
  const options = known.map(([value, label]) => ({ value, label }));
  if (ref !== '' && !known.some(([value]) => value === ref))
    options.push({ value: ref, label: t('gone', { name: ref }) });
  return (
    <Select
      name={`${name}-ref`}
      label={t(`type.${type}`)}
      value={ref}
      placeholder={t('choose')}
      readOnly={readOnly}
      error={problems.some(({ place }) => place.endsWith('.ref'))}
      {...(options.length === 0 && { description: t('noneOf') })}
      options={options}
      onChange={(next) =>
        onChange(type === 'property' ? blank(choices, type, String(next)) : { ...condition, ref: String(next) })
      }
    />
  );
};
