import { DateInput, Flex, Input, NumberInput, Select, TextArea, TimeInput } from '@hubspot/ui-extensions';
import type { Field } from '../api/types.ts';
import { useText } from '../i18n/useText.ts';
import { OptionEditor } from './OptionEditor.tsx';
import { momentOf, picked } from './moment.ts';

export interface EditorProps {
  field: Field;
  value: string;
  /** What is wrong with this field, and what to do. */
  fault: string | undefined;
  /** In which times are picked. */
  timeZone: string;
  onChange: (value: string) => void;
}

const LONGEST = 5000;

const commonOf = ({ field, fault }: EditorProps) => ({
  name: field.property,
  label: field.label,
  error: fault !== undefined,
  ...(fault !== undefined && { validationMessage: fault }),
});

/** The control for one field, by its type in HubSpot. Values are those of the API: dates as 2026-11-30, booleans as true or false. */
export const FieldEditor = (props: EditorProps) => {
  const t = useText('friends');
  const { field, value, onChange } = props;
  switch (field.type) {
    case 'bool':
      return (
        <Select
          {...commonOf(props)}
          value={value}
          options={[
            { value: '', label: t('field.empty') },
            { value: 'true', label: t('yes') },
            { value: 'false', label: t('no') },
          ]}
          onChange={(next) => onChange(String(next))}
        />
      );
    case 'date':
      return (
        <DateInput
          {...commonOf(props)}
          format="YYYY-MM-DD"
          {...dateOf(value)}
          onChange={(date) => onChange(date ? textOf(date) : '')}
        />
      );
    case 'datetime':
      return <MomentEditor {...props} />;
    case 'number':
      return <NumberEditor {...props} />;
    case 'enumeration':
      return <OptionEditor {...props} />;
    default:
      if (field.fieldType === 'textarea') {
        return <TextArea {...commonOf(props)} value={value} maxLength={LONGEST} onInput={onChange} />;
      }
      return <Input {...commonOf(props)} value={value} onInput={onChange} />;
  }
};

/** A number that JavaScript cannot hold exactly is edited as text, so that no digit is lost. */
const NumberEditor = (props: EditorProps) => {
  const t = useText('friends');
  const { field, value, onChange } = props;
  if ((field.value ?? '') !== '' && String(Number(field.value)) !== field.value) {
    return <Input {...commonOf(props)} description={t('field.number')} value={value} onInput={onChange} />;
  }
  return (
    <NumberInput
      {...commonOf(props)}
      {...(value !== '' && { value: Number(value) })}
      onChange={(next) => onChange(Number.isFinite(next) ? String(next) : '')}
    />
  );
};

/** Day and time in the account's time zone; the API has them in UTC. */
const MomentEditor = (props: EditorProps) => {
  const t = useText('friends');
  const { field, value, timeZone, onChange } = props;
  const at = Date.parse(value);
  const now = Number.isNaN(at) ? null : picked(at, timeZone);
  const set = (more: Partial<ReturnType<typeof picked>>) => {
    const from = now ?? { ...picked(Date.now(), timeZone), hours: 0, minutes: 0 };
    onChange(new Date(momentOf({ ...from, ...more }, timeZone)).toISOString());
  };
  return (
    <Flex gap="small" align="end" wrap>
      <DateInput
        {...commonOf(props)}
        format="YYYY-MM-DD"
        {...(now && { value: { year: now.year, month: now.month, date: now.date } })}
        onChange={(date) => (date ? set({ year: date.year, month: date.month, date: date.date }) : onChange(''))}
      />
      <TimeInput
        name={`${field.property}-time`}
        label={t('field.time', { zone: timeZone })}
        readOnly={now === null}
        {...(now && { value: { hours: now.hours, minutes: now.minutes } })}
        onChange={(time) => time && set({ hours: time.hours, minutes: time.minutes })}
      />
    </Flex>
  );
};

/** HubSpot's control counts months from 0. */
function dateOf(value: string): { value?: { year: number; month: number; date: number } } {
  const parts = /^(\d{4})-(\d\d)-(\d\d)/.exec(value);
  return parts ? { value: { year: Number(parts[1]), month: Number(parts[2]) - 1, date: Number(parts[3]) } } : {};
}

const textOf = ({ year, month, date }: { year: number; month: number; date: number }) =>
  [String(year).padStart(4, '0'), String(month + 1).padStart(2, '0'), String(date).padStart(2, '0')].join('-');
