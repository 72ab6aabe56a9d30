import { Divider, Flex, Heading, useExtensionActions } from '@hubspot/ui-extensions';
import { PageLink, usePageRoute } from '@hubspot/ui-extensions/pages';
import {
  FriendFields,
  FriendHead,
  LinkFacts,
  Loadable,
  MessagePages,
  PagedTable,
  TagEditor,
  useApi,
  useFormat,
  useMay,
  usePages,
  useText,
  type FriendDetail,
} from '@lumo/screens';
import { LinkHistory } from '../components/linkage/LinkHistory.tsx';
import { CHANGE_COLUMNS, ChangeRow } from '../components/runs/ChangeRow.tsx';

const ROWS = 20;

/** One friend: link, tags, synced fields with their sources and times, the conversation, and what was changed (P-140, P-141). */
export const FriendsDetail = () => {
  const t = useText('friends');
  const { params } = usePageRoute();
  const slot = Number(params.slot);
  const user = params.user ?? '';
  const friend = useApi('GET /friends/{slot}/{user}', { path: { slot, user } });
  return (
    <Flex direction="column" gap="medium">
      <PageLink to="/friends">{t('detail.back')}</PageLink>
      <Loadable from={friend} label={t('detail.loading')}>
        {(data) => <Detail friend={data} onChanged={friend.reload} />}
      </Loadable>
    </Flex>
  );
};

const Detail = ({ friend, onChanged }: { friend: FriendDetail; onChanged: () => void }) => {
  const t = useText('friends');
  const messages = useText('card');
  const format = useFormat();
  const may = useMay();
  const { addAlert } = useExtensionActions<'pages'>();
  const changed = (message: string) => {
    addAlert({ type: 'success', message });
    onChanged();
  };
  return (
    <Flex direction="column" gap="large">
      <FriendHead friend={friend} />
      <LinkFacts friend={friend} format={format} />
      <Flex direction="column" gap="small">
        <Heading>{t('tags')}</Heading>
        <TagEditor friend={friend} may={may.edit_friends} onChanged={() => changed(t('tags.saved'))} />
      </Flex>
      <Divider />
      <Flex direction="column" gap="small">
        <Heading>{t('fields.title')}</Heading>
        <FriendFields
          friend={friend}
          format={format}
          may={may.edit_friends}
          onSaved={() => changed(t('fields.saved'))}
        />
      </Flex>
      <Divider />
      <Flex direction="column" gap="small">
        <Heading>{messages('messages.title')}</Heading>
        <MessagePages friend={friend} format={format} may={may.send_messages} onChanged={onChanged} />
      </Flex>
      <Divider />
      <LinkHistory friend={friend} may={may.edit_friends} onChanged={onChanged} />
      <Divider />
      <History friend={friend} />
    </Flex>
  );
};

const History = ({ friend }: { friend: FriendDetail }) => {
  const t = useText('friends');
  const dashboard = useText('dashboard');
  const format = useFormat();
  const pages = usePages('GET /changes', { slot: friend.slot, user: friend.user, limit: ROWS });
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('history.title')}</Heading>
      <PagedTable
        pages={pages}
        loading={t('history.loading')}
        empty={{ title: t('history.empty'), text: t('history.emptyText') }}
        head={CHANGE_COLUMNS.map((column) => dashboard(column))}
        row={(change) => (
          <ChangeRow key={`${change.at} ${change.field} ${change.to}`} change={change} format={format} />
        )}
      />
    </Flex>
  );
};
