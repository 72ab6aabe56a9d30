import { Flex, Input, MultiSelect, Select } from '@hubspot/ui-extensions';
import { useApi } from '../api/useApi.ts';
import { StaleAlert } from '../components/Problems.tsx';
import { useText } from '../i18n/useText.ts';
import type { EditorProps } from './FieldEditor.tsx';

/** A choice among the options that the property has in HubSpot. Where they cannot be had, or are too many, the internal value is typed. */
export const OptionEditor = ({ field, value, fault, onChange }: EditorProps) => {
  const t = useText('friends');
  const { data, error, loading, reload } = useApi('GET /properties/{property}/options', {
    path: { property: field.property },
  });
  const common = {
    name: field.property,
    label: field.label,
    error: fault !== undefined,
    ...(fault !== undefined && { validationMessage: fault }),
  };
  if (error || data?.more) {
    return (
      <Flex direction="column" gap="xs">
        <StaleAlert error={error} onRetry={reload} />
        <Input {...common} description={t('field.option')} value={value} onInput={onChange} />
      </Flex>
    );
  }
  const chosen = value.split(';').filter((one) => one !== '');
  const known = new Map((data?.items ?? []).map((option) => [option.value, option.label]));
  // What HubSpot holds now stays choosable although the option was hidden or removed.
  for (const one of [...(field.value ?? '').split(';'), ...chosen]) if (one && !known.has(one)) known.set(one, one);
  const options = [...known].map(([of, label]) => ({ value: of, label }));
  if (field.fieldType === 'checkbox') {
    return (
      <MultiSelect
        {...common}
        placeholder={loading ? t('field.optionsLoading') : t('field.choose')}
        value={chosen}
        options={options}
        onChange={(values) => onChange(values.map(String).join(';'))}
      />
    );
  }
  return (
    <Select
      {...common}
      {...(loading && { description: t('field.optionsLoading') })}
      value={value}
      options={[{ value: '', label: t('field.empty') }, ...options]}
      onChange={(next) => onChange(String(next))}
    />
  );
};
