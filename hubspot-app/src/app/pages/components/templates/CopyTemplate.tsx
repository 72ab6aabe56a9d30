import { Input, LoadingSpinner, Select, useExtensionActions } from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, useApi, useText, type TemplateRow } from '@lumo/screens';
import { useState } from 'react';
import { RowDialog } from '../RowDialog.tsx';

/** Leaves room for the words that a copy's name gets. */
const LONGEST_COPIED = 80;

interface Props {
  template: TemplateRow;
  may: boolean;
  onChanged: () => void;
}

/** Another one of the same content, in this account or in another. */
export const CopyTemplate = ({ template, may, onChanged }: Props) => {
  const t = useText('templates');
  const { addAlert } = useExtensionActions<'pages'>();
  const action = useAction('POST /templates/{slot}/{template}/copy');
  const suggested = t('copy.suggested', { name: [...template.name].slice(0, LONGEST_COPIED).join('') });
  const [name, setName] = useState(suggested);
  const [to, setTo] = useState(template.slot);
  const copy = async () => {
    const body = { name: name.trim(), slot: to };
    const made = await action.run({ path: { slot: template.slot, template: template.id }, body });
    if (!made) return false;
    addAlert({ type: 'success', message: t('copy.done', { name: made.name }) });
    onChanged();
    return true;
  };
  return (
    <RowDialog
      name="copy-template"
      row={template.id}
      label={t('copy')}
      title={t('copy.title', { name: template.name })}
      confirm={t('copy.go')}
      disabled={!may}
      ready={name.trim() !== ''}
      busy={action.busy}
      onOpen={() => {
        action.clear();
        setName(suggested);
        setTo(template.slot);
      }}
      onConfirm={copy}
    >
      <Input name="copy-name" label={t('copy.name')} required value={name} onInput={setName} />
      <Accounts to={to} onChange={setTo} />
      <ErrorAlert error={action.error} />
    </RowDialog>
  );
};

const Accounts = ({ to, onChange }: { to: number; onChange: (slot: number) => void }) => {
  const t = useText('templates');
  const accounts = useApi('GET /accounts', {});
  if (accounts.error) return <ErrorAlert error={accounts.error} />;
  if (!accounts.data) return <LoadingSpinner label={t('loading')} />;
  const connected = accounts.data.items.filter(({ state }) => state === 'active');
  if (connected.length < 2) return null;
  return (
    <Select
      name="copy-to"
      label={t('copy.to')}
      value={to}
      options={connected.map((account) => ({ value: account.slot, label: account.name }))}
      onChange={(slot) => onChange(Number(slot))}
    />
  );
};
