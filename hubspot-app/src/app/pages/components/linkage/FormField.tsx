import { Button, Checkbox, Flex, Input, Select } from '@hubspot/ui-extensions';
import { useText, type LinkFieldType, type SetLinkForm } from '@lumo/screens';

export type Field = SetLinkForm['fields'][number];

const TYPED = ['text', 'email', 'phone'] as const;

interface Props {
  /** Unique on the screen. */
  name: string;
  field: Field;
  readOnly: boolean;
  onChange: (field: Field) => void;
  onRemove: () => void;
}

/** One question of the form: what it is called in both languages, and what is an answer. */
export const FormField = ({ name, field, readOnly, onChange, onRemove }: Props) => {
  const t = useText('linkage');
  const types: readonly LinkFieldType[] = field.type === 'choice' ? ['choice'] : TYPED;
  return (
    <Flex gap="small" align="end" wrap>
      <Input
        name={`${name}-label-en`}
        label={t('form.labelEn', { property: field.property })}
        value={field.labelEn}
        readOnly={readOnly}
        onInput={(labelEn) => onChange({ ...field, labelEn })}
      />
      <Input
        name={`${name}-label-ja`}
        label={t('form.labelJa', { property: field.property })}
        value={field.labelJa}
        readOnly={readOnly}
        onInput={(labelJa) => onChange({ ...field, labelJa })}
      />
      <Select
        name={`${name}-type`}
        label={t('form.type')}
        value={field.type}
        readOnly={readOnly || types.length === 1}
        options={types.map((type) => ({ value: type, label: t(`form.type.${type}`) }))}
        onChange={(type) => onChange({ ...field, type: type as LinkFieldType })}
      />
      <Checkbox
        name={`${name}-required`}
        checked={field.required}
        readonly={readOnly}
        testId={`${name}-required`}
        onChange={(required) => onChange({ ...field, required })}
      >
        {t('form.required')}
      </Checkbox>
      {!readOnly && (
        <Button
          size="sm"
          variant="secondary"
          testId={`${name}-remove`}
          aria-label={t('form.removeOne', { property: field.property })}
          onClick={onRemove}
        >
          {t('form.remove')}
        </Button>
      )}
    </Flex>
  );
};
