import { Alert, DescriptionList, DescriptionListItem, Flex, Link, Text } from '@hubspot/ui-extensions';
import type { Friend } from '../api/types.ts';
import type { Format } from '../format.ts';
import { useText } from '../i18n/useText.ts';
import { useHubSpotLinks } from '../links.ts';

const METHODS = [
  'email_link',
  'message_link',
  'account_link',
  'unverified',
  'imported_id',
  'auto_match',
  'manual',
] as const;

/** How a friend came to belong to a contact (P-33); where two contacts claim the same friend, both are named. */
export const LinkFacts = ({ friend, format, own }: { friend: Friend; format: Format; own?: string }) => {
  const t = useText('friends');
  const { link } = friend;
  const method = METHODS.find((known) => known === link.method);
  return (
    <Flex direction="column" gap="small">
      {link.state === 'conflict' && (
        <Alert variant="danger" title={t('conflict.title')}>
          <Text>{t('conflict.text')}</Text>
          <Flex gap="small" wrap>
            <ContactLink id={link.contactId} own={own} />
            <ContactLink id={link.claimantId} own={own} />
          </Flex>
        </Alert>
      )}
      <DescriptionList direction="row">
        <DescriptionListItem label={t('fact.contact')}>
          {link.contactId ? <ContactLink id={link.contactId} own={own} /> : <Text>{t('fact.noContact')}</Text>}
        </DescriptionListItem>
        <DescriptionListItem label={t('fact.method')}>
          <Text>{method ? t(`method.${method}`) : (link.method ?? '–')}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('fact.linkedAt')}>
          <Text>{format.dateTime(link.at)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('fact.since')}>
          <Text>{format.dateTime(friend.friendSince)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('fact.lastMessage')}>
          <Text>{format.dateTime(friend.lastMessageAt)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('fact.userId')}>
          <Text>{friend.user}</Text>
        </DescriptionListItem>
      </DescriptionList>
    </Flex>
  );
};

const ContactLink = ({ id, own }: { id: string | null; own?: string }) => {
  const t = useText('friends');
  const links = useHubSpotLinks();
  if (!id) return null;
  if (id === own) return <Text inline>{t('fact.thisContact')}</Text>;
  return <Link href={{ url: links.contact(id), external: true }}>{t('fact.openContact', { id })}</Link>;
};
