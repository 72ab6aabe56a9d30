import { EmptyState, Flex, Table, TableBody, TableHead, TableHeader, TableRow, Text } from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { Loadable, useApi, useText, type Key, type MappingList } from '@lumo/screens';
import { AddProperty } from '../components/syncData/AddProperty.tsx';
import { HubSpotLists } from '../components/syncData/HubSpotLists.tsx';
import { MappingRow } from '../components/syncData/MappingRow.tsx';

const COLUMNS = [
  'col.property',
  'col.appField',
  'col.rule',
  'col.status',
  'col.actions',
] as const satisfies readonly Key<'syncData'>[];

const WHILE_WAITING_MS = 5_000;
const waiting = (list: MappingList | null) => list?.items.some(({ status }) => status === 'waiting_first_sync');

/** Which HubSpot properties and lists are synced, by which rule, and how that stands (P-36 to P-40, P-50 to P-55). */
export const SyncData = () => {
  const t = useText('syncData');
  const mappings = useApi('GET /mappings', {}, { every: (list) => (waiting(list) ? WHILE_WAITING_MS : null) });
  return (
    <Flex direction="column" gap="large">
      <Loadable from={mappings} label={t('loading')}>
        {(list) => <Mappings list={list} onChanged={mappings.reload} />}
      </Loadable>
      <HubSpotLists />
    </Flex>
  );
};

const Mappings = ({ list, onChanged }: { list: MappingList; onChanged: () => void }) => {
  const t = useText('syncData');
  const dashboard = useText('dashboard');
  const full = list.items.length >= list.max;
  return (
    <Flex direction="column" gap="medium">
      <Flex justify="between" align="center" gap="small" wrap>
        <Flex direction="column" gap="flush">
          <Text>{t('intro')}</Text>
          <Text variant="microcopy">{full ? t('full') : t('count', { n: list.items.length, max: list.max })}</Text>
        </Flex>
        <AddProperty full={full} onAdded={onChanged} />
      </Flex>
      {list.items.length === 0 ? (
        <EmptyState title={t('empty')} layout="vertical" reverseOrder imageWidth={120}>
          <Text>{t('emptyText')}</Text>
        </EmptyState>
      ) : (
        <Table bordered density="condensed">
          <TableHead>
            <TableRow>
              {COLUMNS.map((column) => (
                <TableHeader key={column}>{t(column)}</TableHeader>
              ))}
            </TableRow>
          </TableHead>
          <TableBody>
            {list.items.map((mapping) => (
              <MappingRow key={mapping.property} mapping={mapping} onChanged={onChanged} />
            ))}
          </TableBody>
        </Table>
      )}
      <PageLink to="/help/notSynced">{dashboard('notSyncedLink')}</PageLink>
    </Flex>
  );
};
