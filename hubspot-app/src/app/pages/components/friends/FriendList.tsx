import { Flex, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { PagedTable, useAllTags, useFormat, useMay, usePages, useText, type Key, type Slot } from '@lumo/screens';
import { useState } from 'react';
import { ExportButton } from '../ExportButton.tsx';
import { BulkTags } from './BulkTags.tsx';
import { FilterBar, queryOf, useFilter } from './FilterBar.tsx';
import { FriendRow } from './FriendRow.tsx';

const ROWS = 50;
const COLUMNS = [
  'col.select',
  'col.name',
  'col.follow',
  'col.link',
  'col.tags',
  'col.lastMessage',
] as const satisfies readonly Key<'friends'>[];

/** Search, filters, a page of at most 50 friends, and tagging of those that are selected. */
export const FriendList = ({ slot }: { slot: Slot }) => {
  const t = useText('friends');
  const format = useFormat();
  const may = useMay();
  const { addAlert } = useExtensionActions<'pages'>();
  const filter = useFilter();
  const tags = useAllTags(slot);
  const query = { slot, ...queryOf(filter.wanted), limit: ROWS };
  const pages = usePages('GET /friends', query);
  const [selected, setSelected] = useSelection(JSON.stringify(query));
  const rows = pages.items ?? [];
  const empty = filter.active
    ? { title: t('empty.found'), text: t('empty.foundText') }
    : { title: t('empty.friends'), text: t('empty.friendsText') };

  const toggle = (user: string, on: boolean) =>
    setSelected(on ? [...selected, user] : selected.filter((other) => other !== user));

  return (
    <Flex direction="column" gap="medium">
      <FilterBar filter={filter} tags={tags.tags} />
      <ExportButton what="friends" filter={{ slot, ...queryOf(filter.wanted) }} disabled={!pages.items?.length} />
      <BulkTags
        slot={slot}
        may={may.edit_friends}
        tags={tags}
        page={rows.map(({ user }) => user)}
        selected={selected}
        onSelect={setSelected}
        onDone={(message, type) => {
          addAlert({ type, message });
          setSelected([]);
          pages.reload();
          tags.reload();
        }}
      />
      {pages.items?.length === 0 && pages.pageCount > 1 && <Text>{t('empty.page')}</Text>}
      <PagedTable
        pages={pages}
        loading={t('loading')}
        empty={empty}
        head={COLUMNS.map((column) => t(column))}
        row={(friend) => (
          <FriendRow
            key={friend.user}
            friend={friend}
            format={format}
            selected={selected.includes(friend.user)}
            onSelect={(on) => toggle(friend.user, on)}
          />
        )}
      />
    </Flex>
  );
};

/** Who is selected; another question drops the selection, another page of the same keeps it. */
function useSelection(question: string): [string[], (users: string[]) => void] {
  const [state, setState] = useState<{ question: string; users: string[] }>({ question, users: [] });
  return [state.question === question ? state.users : [], (users) => setState({ question, users })];
}
