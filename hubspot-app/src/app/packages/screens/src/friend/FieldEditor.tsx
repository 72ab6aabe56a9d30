import { DateInput, Input, Select, TextArea } from '@hubspot/ui-extensions';
import type { Field } from '../api/types.ts';
import { useText } from '../i18n/useText.ts';

interface Props {
  field: Field;
  value: string;
  /** The server's words about this field. */
  fault: string | undefined;
  onChange: (value: string) => void;
}

const LONGEST = 5000;

/** The control for one field, by its type in HubSpot. Values are those of the API: dates as 2026-11-30, booleans as true or false. */
export const FieldEditor = ({ field, value, fault, onChange }: Props) => {
  const t = useText('friends');
  const common = {
    name: field.property,
    label: field.label,
    error: fault !== undefined,
    ...(fault !== undefined && { validationMessage: fault }),
  };
  switch (field.type) {
    case 'bool':
      return (
        <Select
          {...common}
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
          {...common}
          format="YYYY-MM-DD"
          {...dateOf(value)}
          onChange={(date) => onChange(date ? textOf(date) : '')}
        />
      );
    case 'datetime':
      return <Input {...common} description={t('field.datetime')} value={value} onInput={onChange} />;
    case 'number':
      return <Input {...common} description={t('field.number')} value={value} onInput={onChange} />;
    case 'enumeration':
      return <Input {...common} description={t('field.option')} value={value} onInput={onChange} />;
    default:
      if (field.fieldType === 'textarea') {
        return <TextArea {...common} value={value} maxLength={LONGEST} onInput={onChange} />;
      }
      return <Input {...common} value={value} onInput={onChange} />;
  }
};

/** HubSpot's control counts months from 0. */
function dateOf(value: string): { value?: { year: number; month: number; date: number } } {
  const parts = /^(\d{4})-(\d\d)-(\d\d)/.exec(value);
  return parts ? { value: { year: Number(parts[1]), month: Number(parts[2]) - 1, date: Number(parts[3]) } } : {};
}

const textOf = ({ year, month, date }: { year: number; month: number; date: number }) =>
  [String(year).padStart(4, '0'), String(month + 1).padStart(2, '0'), String(date).padStart(2, '0')].join('-');
