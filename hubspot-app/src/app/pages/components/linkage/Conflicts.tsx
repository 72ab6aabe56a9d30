import { Flex, Heading, Text } from '@hubspot/ui-extensions';
import { useMay, usePages, useText, type Slot } from '@lumo/screens';
import { PagedTable } from '../PagedTable.tsx';
import { ConflictRow } from './ConflictRow.tsx';

const ROWS = 50;
/** What was decided leaves the queue once it is done, which takes seconds. */
const WHILE_SOME_MS = 5_000;

/** Where two sides claim the same link (P-31). They are among the failed items, which know no account or kind to ask for. */
export const Conflicts = ({ slot }: { slot: Slot }) => {
  const t = useText('linkage');
  const may = useMay();
  const ours = (item: { code: string; slot: number | null }) => item.code === 'LINK_CONFLICT' && item.slot === slot;
  const pages = usePages(
    'GET /failures',
    { limit: ROWS },
    { every: (page) => (page?.items.some(ours) ? WHILE_SOME_MS : null) },
  );
  const items = pages.items?.filter(ours) ?? null;
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('queue.title')}</Heading>
      <Text>{t('queue.intro')}</Text>
      {items?.length === 0 && pages.pageCount > 1 && <Text>{t('queue.emptyPage')}</Text>}
      <PagedTable
        pages={{ ...pages, items }}
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
