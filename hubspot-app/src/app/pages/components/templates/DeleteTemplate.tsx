import { LoadingSpinner, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, useApi, useText, type TemplateRow } from '@lumo/screens';
import { RowDialog } from '../RowDialog.tsx';
import { UsedBy } from './UsedBy.tsx';

interface Props {
  template: TemplateRow;
  may: boolean;
  onChanged: () => void;
}

/** Says what it means and which workflows sent it, then deletes it. */
export const DeleteTemplate = ({ template, may, onChanged }: Props) => {
  const t = useText('templates');
  const { addAlert } = useExtensionActions<'pages'>();
  const action = useAction('DELETE /templates/{slot}/{template}');
  const remove = async () => {
    if (!(await action.run({ path: { slot: template.slot, template: template.id } }))) return false;
    addAlert({ type: 'success', message: t('delete.done', { name: template.name }) });
    onChanged();
    return true;
  };
  return (
    <RowDialog
      name="remove-template"
      row={template.id}
      label={t('delete')}
      title={t('delete.title', { name: template.name })}
      confirm={t('delete.go')}
      danger
      disabled={!may}
      busy={action.busy}
      onOpen={action.clear}
      onConfirm={remove}
    >
      <Text>{t('delete.what')}</Text>
      <Uses template={template} />
      <ErrorAlert error={action.error} />
    </RowDialog>
  );
};

const Uses = ({ template }: { template: TemplateRow }) => {
  const t = useText('templates');
  const whole = useApi('GET /templates/{slot}/{template}', { path: { slot: template.slot, template: template.id } });
  if (whole.error) return <ErrorAlert error={whole.error} />;
  if (!whole.data) return <LoadingSpinner label={t('delete.looking')} showLabel />;
  return <UsedBy uses={whole.data.usedBy} />;
};
