import { StatusTag, TableCell, TableRow, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { useAction, useFormat, useMay, usePages, useText, type DeletedTag, type Slot } from '@lumo/screens';
import { useState } from 'react';
import { PagedTable } from '../PagedTable.tsx';
import { NameInput } from './NameInput.tsx';
import { useNameProblem } from './names.ts';
import { RowDialog } from '../RowDialog.tsx';

const ROWS = 20;
const WHILE_WORKING_MS = 3_000;

/** Deleted tags of an account, for as long as they can be restored. */
export const DeletedTagList = ({ slot, account }: { slot: Slot; account: string }) => {
  const t = useText('tags');
  const may = useMay().edit_friends;
  const pages = usePages(
    'GET /deleted-tags',
    { slot, limit: ROWS },
    { every: (page) => (page?.items.some(({ working }) => working) ? WHILE_WORKING_MS : null) },
  );
  return (
    <PagedTable
      pages={pages}
      loading={t('deleted.loading')}
      empty={{ title: t('deleted.empty'), text: t('deleted.emptyText') }}
      head={[
        t('col.name'),
        t('col.account'),
        { number: t('col.had') },
        t('col.deleted'),
        t('col.until'),
        t('col.actions'),
      ]}
      row={(tag) => <Row key={tag.id} tag={tag} account={account} may={may} onChanged={pages.reload} />}
    />
  );
};

interface RowProps {
  tag: DeletedTag;
  account: string;
  may: boolean;
  onChanged: () => void;
}

const Row = ({ tag, account, may, onChanged }: RowProps) => {
  const t = useText('tags');
  const { number, dateTime } = useFormat();
  return (
    <TableRow>
      <TableCell>
        <Text truncate={{ maxWidth: 280, tooltipText: tag.name }}>{tag.name}</Text>
      </TableCell>
      <TableCell>
        <Text truncate={{ maxWidth: 200, tooltipText: account }}>{account}</Text>
      </TableCell>
      <TableCell align="right">
        {tag.working ? (
          <StatusTag variant="info">{t('deleted.working')}</StatusTag>
        ) : (
          <Text>{number(tag.friends ?? 0)}</Text>
        )}
      </TableCell>
      <TableCell>
        <Text>{dateTime(tag.deletedAt)}</Text>
        {tag.deletedBy && (
          <Text variant="microcopy" truncate={{ maxWidth: 200, tooltipText: tag.deletedBy }}>
            {t('deleted.by', { who: tag.deletedBy })}
          </Text>
        )}
      </TableCell>
      <TableCell>
        <Text>{dateTime(tag.restorableUntil)}</Text>
      </TableCell>
      <TableCell>
        <RestoreTag tag={tag} may={may} onChanged={onChanged} />
      </TableCell>
    </TableRow>
  );
};

const RestoreTag = ({ tag, may, onChanged }: Omit<RowProps, 'account'>) => {
  const t = useText('tags');
  const { addAlert } = useExtensionActions<'pages'>();
  const problem = useNameProblem();
  const [name, setName] = useState(tag.name);
  const action = useAction('POST /tags/{slot}/{tag}/restore');
  const restore = async () => {
    const answer = await action.run({ path: { slot: tag.slot, tag: tag.id }, body: { name: name.trim() } });
    if (!answer) return false;
    addAlert({ type: 'success', message: t('restore.done', { name: answer.name }) });
    onChanged();
    return true;
  };
  return (
    <RowDialog
      name="restore-tag"
      row={tag.id}
      label={t('restore')}
      title={t('restore.title', { name: tag.name })}
      confirm={t('restore.go')}
      disabled={!may}
      ready={problem(name) === null}
      busy={action.busy}
      onOpen={() => {
        action.clear();
        setName(tag.name);
      }}
      onConfirm={restore}
    >
      <Text>{tag.friends === null ? t('restore.textUnknown') : t('restore.text', { n: tag.friends })}</Text>
      <NameInput
        name="tag-name"
        label={t('restore.name')}
        help={t('restore.nameHelp')}
        value={name}
        onInput={setName}
        error={action.error}
      />
    </RowDialog>
  );
};
