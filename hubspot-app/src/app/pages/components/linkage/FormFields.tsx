import { Flex, Heading, LoadingButton, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { ErrorAlert, Loadable, useAction, useApi, useMay, useText, type LinkForm } from '@lumo/screens';
import { useState } from 'react';
import { FormField, type Field } from './FormField.tsx';
import { FormProperty } from './FormProperty.tsx';

/** What the linking form asks friends for besides their address (P-24). */
export const FormFields = () => {
  const t = useText('linkage');
  const form = useApi('GET /linking-form', {});
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('form.title')}</Heading>
      <Text>{t('form.intro')}</Text>
      <Loadable from={form} label={t('form.loading')}>
        {(data) => <Editor form={data} onSaved={form.reload} />}
      </Loadable>
    </Flex>
  );
};

const plain = ({ property, type, labelEn, labelJa, required }: Field): Field => ({
  property,
  type,
  labelEn,
  labelJa,
  required,
});

const Editor = ({ form, onSaved }: { form: LinkForm; onSaved: () => void }) => {
  const t = useText('linkage');
  const may = useMay();
  const { addAlert } = useExtensionActions<'pages'>();
  const save = useAction('PUT /linking-form');
  const kept = form.items.map(plain);
  const [edited, setEdited] = useState<Field[] | null>(null);
  const fields = edited ?? kept;
  const unnamed = fields.some(({ labelEn, labelJa }) => !labelEn.trim() && !labelJa.trim());
  const replace = (at: number, ...by: Field[]) => setEdited(fields.toSpliced(at, 1, ...by));
  const run = async () => {
    if (!(await save.run({ body: { fields } }))) return;
    setEdited(null);
    addAlert({ type: 'success', message: t('form.saved') });
    onSaved();
  };
  return (
    <Flex direction="column" gap="small" align="start">
      {fields.length === 0 && <Text variant="microcopy">{t('form.none')}</Text>}
      {fields.map((field, at) => (
        <FormField
          key={field.property}
          name={`form-${at}`}
          field={field}
          readOnly={!may.edit_mappings}
          onChange={(next) => replace(at, next)}
          onRemove={() => replace(at)}
        />
      ))}
      {may.edit_mappings && fields.length < form.max && (
        <FormProperty taken={fields.map(({ property }) => property)} onAdd={(field) => setEdited([...fields, field])} />
      )}
      {fields.length >= form.max && <Text variant="microcopy">{t('form.full', { max: form.max })}</Text>}
      {unnamed && <Text variant="microcopy">{t('form.unnamed')}</Text>}
      <LoadingButton
        testId="form-save"
        loading={save.busy}
        disabled={!may.edit_mappings || edited === null || unnamed}
        onClick={() => void run()}
      >
        {t('form.save')}
      </LoadingButton>
      <ErrorAlert error={save.error} />
    </Flex>
  );
};
