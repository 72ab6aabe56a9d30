import { Button, Flex, Text } from '@hubspot/ui-extensions';
import type { FriendDetail } from '../api/types.ts';
import { usePages } from '../api/usePages.ts';
import { Loadable } from '../components/Loadable.tsx';
import type { Format } from '../format.ts';
import { useText } from '../i18n/useText.ts';
import { MessageLine } from './MessageLine.tsx';

const ROWS = 20;

interface Props {
  friend: FriendDetail;
  format: Format;
  /** Whether the user may send. */
  may: boolean;
  onChanged: () => void;
}

/** All that was said, oldest first as in LINE, the newest page first. */
export const MessagePages = (props: Props) => {
  const t = useText('card');
  const { slot, user } = props.friend;
  const pages = usePages('GET /friends/{slot}/{user}/messages', { limit: ROWS }, { path: { slot, user } });
  const { page, pageCount, onPageChange } = pages;
  return (
    <Loadable from={{ data: pages.items, error: pages.error, reload: pages.reload }} label={t('messages.loading')}>
      {(messages) => (
        <Flex direction="column" gap="small">
          {messages.length === 0 && page === 1 && <Text variant="microcopy">{t('messages.empty')}</Text>}
          {(page > 1 || pageCount > 1) && (
            <Flex gap="small">
              <Button size="xs" disabled={page >= pageCount || pages.loading} onClick={() => onPageChange(page + 1)}>
                {t('messages.older')}
              </Button>
              <Button size="xs" disabled={page === 1 || pages.loading} onClick={() => onPageChange(page - 1)}>
                {t('messages.newer')}
              </Button>
            </Flex>
          )}
          {messages
            .slice()
            .reverse()
            .map((message) => (
              <MessageLine key={message.id} message={message} {...props} />
            ))}
        </Flex>
      )}
    </Loadable>
  );
};
