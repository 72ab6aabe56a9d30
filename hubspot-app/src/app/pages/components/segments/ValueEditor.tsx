import { DateInput, Flex, MultiSelect, NumberInput, Text, TextArea } from '@hubspot/ui-extensions';
import { useApi, useText, type SegmentChoices, type SegmentCondition } from '@lumo/screens';
import { valuesOf } from './tree.ts';

export interface ValueProps {
  /** Unique on the screen. */
  name: string;
  condition: SegmentCondition;
  choices: SegmentChoices;
  readOnly: boolean;
  onChange: (more: Partial<SegmentCondition>) => void;
}

/** What a condition is compared with, by the kind of its values. */
export const ValueEditor = (props: ValueProps) => {
  const t = useText('segments');
  const { name, condition, choices, readOnly, onChange } = props;
  if (condition.op === 'last_days') {
    return (
      <NumberInput
        name={`${name}-days`}
        label={t('days')}
        tooltip={t('daysHelp')}
        min={1}
        max={choices.limits.days}
        precision={0}
        readOnly={readOnly}
        {...(condition.days !== undefined && { value: condition.days })}
        onChange={(days) => onChange({ days: Number.isFinite(days) ? Math.trunc(days) : 0 })}
      />
    );
  }
  const most = valuesOf(condition.op);
  if (most === 0) return null;
  switch (kindOf(choices, condition)) {
    case 'follow':
      return <FollowValues {...props} />;
    case 'methods':
      return <MethodValues {...props} />;
    case 'choice':
    case 'choices':
      return <OptionValues {...props} />;
    case 'date':
    case 'datetime':
      return <Bounds {...props} most={most === 2 ? 2 : 1} as="day" />;
    case 'number':
      return most === 'many' ? <Lines {...props} /> : <Bounds {...props} most={most} as="number" />;
    default:
      return <Lines {...props} />;
  }
};

function kindOf(choices: SegmentChoices, { type, op, ref }: SegmentCondition) {
  if (type === 'follow') return 'follow';
  if (op === 'by') return 'methods';
  if (type === 'friend_since' || type === 'last_message') return 'datetime';
  return choices.properties.find(({ property }) => property === ref)?.kind ?? 'text';
}

const Lines = ({ name, condition, readOnly, onChange }: ValueProps) => {
  const t = useText('segments');
  return (
    <TextArea
      name={`${name}-values`}
      label={t('values')}
      tooltip={t('valuesHelp')}
      rows={2}
      readOnly={readOnly}
      value={(condition.values ?? []).join('\n')}
      onInput={(text) => onChange({ values: text.split('\n') })}
    />
  );
};

const Bounds = ({
  name,
  condition,
  readOnly,
  onChange,
  most,
  as,
}: ValueProps & { most: 1 | 2; as: 'day' | 'number' }) => {
  const t = useText('segments');
  const values = condition.values ?? [];
  const set = (i: number, value: string) =>
    onChange({ values: Array.from({ length: most }, (_, at) => (at === i ? value : (values[at] ?? ''))) });
  const labels = most === 2 ? [t('from'), t('to')] : [t('value')];
  return (
    <Flex gap="small" wrap>
      {labels.map((label, i) => {
        const common = { name: `${name}-value-${i}`, label, readOnly };
        const value = values[i] ?? '';
        return as === 'day' ? (
          <DateInput
            key={label}
            {...common}
            format="YYYY-MM-DD"
            {...dayOf(value)}
            onChange={(day) => set(i, day ? textOf(day) : '')}
          />
        ) : (
          <NumberInput
            key={label}
            {...common}
            {...(value !== '' && { value: Number(value) })}
            onChange={(next) => set(i, Number.isFinite(next) ? String(next) : '')}
          />
        );
      })}
    </Flex>
  );
};

const Several = ({ name, condition, readOnly, onChange, options }: ValueProps & { options: Map<string, string> }) => {
  const t = useText('segments');
  const values = condition.values ?? [];
  for (const value of values) if (!options.has(value)) options.set(value, value);
  return (
    <MultiSelect
      name={`${name}-values`}
      label={t('values')}
      placeholder={t('choose')}
      readOnly={readOnly}
      value={values}
      options={[...options].map(([value, label]) => ({ value, label }))}
      onChange={(next) => onChange({ values: next.map(String) })}
    />
  );
};

const FollowValues = (props: ValueProps) => {
  const t = useText('friends');
  const { follow } = props.choices;
  const known = { following: t('follow.following'), blocked: t('follow.blocked') };
  const label = (value: string) => (value in known ? known[value as keyof typeof known] : value);
  return <Several {...props} options={new Map(follow.map((value) => [value, label(value)]))} />;
};

const METHODS = {
  email_link: 'method.email_link',
  message_link: 'method.message_link',
  account_link: 'method.account_link',
  unverified: 'method.unverified',
  imported_id: 'method.imported_id',
  auto_match: 'method.auto_match',
  manual: 'method.manual',
} as const;

const MethodValues = (props: ValueProps) => {
  const t = useText('friends');
  const label = (method: string) => (method in METHODS ? t(METHODS[method as keyof typeof METHODS]) : method);
  return <Several {...props} options={new Map(props.choices.methods.map((method) => [method, label(method)]))} />;
};

/** HubSpot's own options; where they cannot be had, or are too many, internal values are typed. */
const OptionValues = (props: ValueProps) => {
  const t = useText('friends');
  const { data, error } = useApi('GET /properties/{property}/options', {
    path: { property: props.condition.ref ?? '' },
  });
  if (error || data?.more) {
    return (
      <Flex direction="column" gap="flush">
        <Lines {...props} />
        <Text variant="microcopy">{t('field.option')}</Text>
      </Flex>
    );
  }
  return <Several {...props} options={new Map((data?.items ?? []).map(({ value, label }) => [value, label]))} />;
};

/** HubSpot's control counts months from 0. */
function dayOf(value: string): { value?: { year: number; month: number; date: number } } {
  const parts = /^(\d{4})-(\d\d)-(\d\d)/.exec(value);
  return parts ? { value: { year: Number(parts[1]), month: Number(parts[2]) - 1, date: Number(parts[3]) } } : {};
}

const textOf = ({ year, month, date }: { year: number; month: number; date: number }) =>
  [String(year).padStart(4, '0'), String(month + 1).padStart(2, '0'), String(date).padStart(2, '0')].join('-');
