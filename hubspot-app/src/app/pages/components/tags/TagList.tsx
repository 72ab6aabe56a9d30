import { Flex, StatusTag, TableCell, TableRow, Text } from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { useFormat, useMay, usePages, useText, type Account, type Slot, type TagRow } from '@lumo/screens';
import { CreateTag } from '../friends/CreateTag.tsx';
import { PagedTable } from '../PagedTable.tsx';
import { CopyTag } from './CopyTag.tsx';
import { DeleteTag } from './DeleteTag.tsx';
import { RenameTag } from './RenameTag.tsx';

const ROWS = 20;
const WHILE_WORKING_MS = 3_000;

const moving = (items: TagRow[] | undefined) => items?.some(({ state }) => state !== 'active') ?? false;

/** The tags of an account that are in use, or soon will be (P-135). */
export const TagList = ({ slot, accounts }: { slot: Slot; accounts: Account[] }) => {
  const t = useText('tags');
  const mayEdit = useMay().edit_friends;
  const connected = accounts.some((account) => account.slot === slot && account.state === 'active');
  const may = mayEdit && connected;
  const pages = usePages(
    'GET /tags',
    { slot, limit: ROWS },
    { every: (page) => (moving(page?.items) ? WHILE_WORKING_MS : null) },
  );
  return (
    <Flex direction="column" gap="medium">
      <Flex justify="between" align="center" gap="small" wrap>
        <Text>{t('intro')}</Text>
        <CreateTag slot={slot} may={may} onCreated={pages.reload} />
      </Flex>
      <PagedTable
        pages={pages}
        loading={t('loading')}
        empty={{ title: t('empty'), text: t('emptyText') }}
        head={[t('col.name'), t('col.account'), { number: t('col.friends') }, t('col.updated'), t('col.actions')]}
        row={(tag) => <Row key={tag.id} tag={tag} accounts={accounts} may={may} onChanged={pages.reload} />}
      />
      <PageLink to={`/tags/${slot}/deleted`}>{t('showDeleted')}</PageLink>
    </Flex>
  );
};

interface RowProps {
  tag: TagRow;
  accounts: Account[];
  may: boolean;
  onChanged: () => void;
}

const Row = ({ tag, accounts, may, onChanged }: RowProps) => {
  const t = useText('tags');
  const { number, dateTime } = useFormat();
  const account = accounts.find(({ slot }) => slot === tag.slot)?.name ?? String(tag.slot);
  const others = accounts.filter(({ slot, state }) => slot !== tag.slot && state === 'active');
  return (
    <TableRow>
      <TableCell>
        <Text truncate={{ maxWidth: 280, tooltipText: tag.name }}>{tag.name}</Text>
      </TableCell>
      <TableCell>
        <Text truncate={{ maxWidth: 200, tooltipText: account }}>{account}</Text>
      </TableCell>
      <TableCell align="right">
        <Text>{tag.friends === null ? t('uncounted') : number(tag.friends)}</Text>
      </TableCell>
      <TableCell>
        <Text>{dateTime(tag.updatedAt)}</Text>
      </TableCell>
      <TableCell>
        {tag.state === 'active' ? (
          <Flex gap="xs" wrap>
            <RenameTag tag={tag} may={may} onChanged={onChanged} />
            {others.length > 0 && <CopyTag tag={tag} accounts={others} may={may} onChanged={onChanged} />}
            <DeleteTag tag={tag} may={may} onChanged={onChanged} />
          </Flex>
        ) : (
          <>
            <StatusTag variant="info">{t(`state.${tag.state}`)}</StatusTag>
            <Text variant="microcopy">{t('state.help')}</Text>
          </>
        )}
      </TableCell>
    </TableRow>
  );
};
