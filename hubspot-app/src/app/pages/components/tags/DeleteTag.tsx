import { Link, List, LoadingSpinner, Text, useExtensionActions } from '@hubspot/ui-extensions';
import {
  ErrorAlert,
  useAction,
  useApi,
  useFormat,
  useHubSpotLinks,
  useText,
  type TagRow,
  type TagUse,
} from '@lumo/screens';
import { RowDialog } from '../RowDialog.tsx';

interface Props {
  tag: TagRow;
  may: boolean;
  onChanged: () => void;
}

/** Says what it means and where the tag is used, then deletes it (P-137). */
export const DeleteTag = ({ tag, may, onChanged }: Props) => {
  const t = useText('tags');
  const { addAlert } = useExtensionActions<'pages'>();
  const action = useAction('DELETE /tags/{slot}/{tag}');
  const remove = async () => {
    if (!(await action.run({ path: { slot: tag.slot, tag: tag.id } }))) return false;
    addAlert({ type: 'success', message: t('delete.done', { name: tag.name }) });
    onChanged();
    return true;
  };
  return (
    <RowDialog
      name="remove-tag"
      row={tag.id}
      label={t('delete')}
      title={t('delete.title', { name: tag.name })}
      confirm={t('delete.go')}
      danger
      disabled={!may}
      busy={action.busy}
      onOpen={action.clear}
      onConfirm={remove}
    >
      <Text>{tag.friends === null ? t('delete.whatUnknown') : t('delete.what', { n: tag.friends })}</Text>
      <Uses tag={tag} />
      <Text>{t('delete.kept')}</Text>
      <ErrorAlert error={action.error} />
    </RowDialog>
  );
};

const Uses = ({ tag }: { tag: TagRow }) => {
  const t = useText('tags');
  const uses = useApi('GET /tags/{slot}/{tag}/uses', { path: { slot: tag.slot, tag: tag.id }, query: { limit: 20 } });
  if (uses.error) return <ErrorAlert error={uses.error} />;
  if (!uses.data) return <LoadingSpinner label={t('delete.looking')} showLabel />;
  const { items, next } = uses.data;
  return (
    <>
      {items.length === 0 ? (
        <Text>{t('delete.unused')}</Text>
      ) : (
        <>
          <Text format={{ fontWeight: 'bold' }}>{t('delete.used')}</Text>
          <List variant="unordered-styled">
            {items.map((use) => (
              <Use key={`${use.kind} ${use.id}`} use={use} />
            ))}
            {next !== null && <Text>{t('delete.more')}</Text>}
          </List>
        </>
      )}
      <Text variant="microcopy">{t('delete.limits')}</Text>
    </>
  );
};

const STATUS = ['draft', 'scheduled', 'sending', 'held'] as const;

const Use = ({ use }: { use: TagUse }) => {
  const t = useText('tags');
  const { dateTime } = useFormat();
  const links = useHubSpotLinks();
  if (use.kind === 'workflow') {
    return (
      <Link href={{ url: links.workflow(use.id), external: true }}>
        {t('use.workflow', { name: use.name, time: dateTime(use.lastAt) })}
      </Link>
    );
  }
  const status = STATUS.find((known) => known === use.status);
  return <Text>{t(`use.${use.kind}`, { name: use.name, status: status ? t(`status.${status}`) : '' })}</Text>;
};
