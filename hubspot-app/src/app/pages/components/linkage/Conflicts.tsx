import { Flex, Heading, Text } from '@hubspot/ui-extensions';
import { useMay, usePages, useText, type Slot } from '@lumo/screens';
import { PagedTable } from '../PagedTable.tsx';
import { ConflictRow } from './ConflictRow.tsx';

const ROWS = 50;
/** What was decided leaves the queue once it is done, which takes seconds. */
const WHILE_SOME_MS = 5_000;

/** Where two sides claim the same link (P-31): the failed items that say so. */
export const Conflicts = ({ slot }: { slot: Slot }) => {
  const t = useText('linkage');
  const may = useMay();
  const pages = usePages(
    'GET /failures',
    { limit: ROWS, kind: 'link', slot, codes: 'LINK_CONFLICT' },
    { every: (page) => (page?.items.length ? WHILE_SOME_MS : null) },
  );
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('queue.title')}</Heading>
      <Text>{t('queue.intro')}</Text>
      {pages.items?.length === 0 && pages.pageCount > 1 && <Text>{t('queue.emptyPage')}</Text>}
      <PagedTable
        pages={pages}
        loading={t('queue.loading')}
        empty={{ title: t('queue.empty'), text: t('queue.emptyText') }}
        head={[t('queue.friend'), t('queue.now'), t('queue.claim'), t('queue.since'), t('queue.decide')]}
        row={(failure) => (
          <ConflictRow key={failure.id} failure={failure} may={may.edit_friends} onDecided={pages.reload} />
        )}
      />
    </Flex>
  );
};
