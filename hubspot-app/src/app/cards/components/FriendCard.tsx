import { Accordion, Divider, Flex, Heading, useExtensionActions } from '@hubspot/ui-extensions';
import { FriendFields, FriendHead, LinkFacts, TagEditor, useFormat, useText, type FriendDetail } from '@lumo/screens';
import type { CardProps } from './ContactScreen.tsx';
import { Conversation, type DraftProps } from './Conversation.tsx';
import { ResyncContact } from './ResyncContact.tsx';
import { SyncLog } from './SyncLog.tsx';
import { Unlink } from './Unlink.tsx';

/** One friend on the card (P-114). */
export const FriendCard = ({ friend, draft, onDraft, ...props }: CardProps & DraftProps & { friend: FriendDetail }) => {
  const { card, may, onChanged } = props;
  const t = useText('card');
  const friends = useText('friends');
  const format = useFormat();
  const { addAlert } = useExtensionActions<'crm.record.tab'>();
  const changed = (message: string) => {
    addAlert({ type: 'success', message });
    onChanged();
  };
  return (
    <Flex direction="column" gap="medium">
      <FriendHead friend={friend} />
      {friend.link.state === 'conflict' ? (
        <Flex direction="column" gap="small">
          <LinkFacts friend={friend} format={format} own={card.contactId} />
          <Unlink {...props} friend={friend} />
        </Flex>
      ) : (
        <Accordion title={t('details')} size="small">
          <Flex direction="column" gap="small">
            <LinkFacts friend={friend} format={format} own={card.contactId} />
            <Unlink {...props} friend={friend} />
          </Flex>
        </Accordion>
      )}
      <Conversation {...props} friend={friend} format={format} draft={draft} onDraft={onDraft} />
      <Divider />
      <Flex direction="column" gap="xs">
        <Heading>{friends('tags')}</Heading>
        <TagEditor friend={friend} may={may.edit_friends} onChanged={() => changed(friends('tags.saved'))} />
      </Flex>
      <Divider />
      <Flex direction="column" gap="small">
        <Heading>{friends('fields.title')}</Heading>
        <FriendFields
          friend={friend}
          format={format}
          may={may.edit_friends}
          onSaved={() => changed(friends('fields.saved'))}
        />
      </Flex>
      <SyncLog friend={friend} format={format} />
      <ResyncContact {...props} />
    </Flex>
  );
};
