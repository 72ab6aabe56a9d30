import { Alert, Flex, Heading, Icon, Image, StatusTag, Text } from '@hubspot/ui-extensions';
import type { FollowStatus, Friend, Link } from '../api/types.ts';
import { useText } from '../i18n/useText.ts';

const FOLLOW = { following: 'success', blocked: 'danger', unknown: 'default' } as const;
const LINK = { linked: 'success', conflict: 'danger', unlinked: 'default' } as const;

/** LINE names may be empty; a friend without one is told apart by the end of the ID. */
export function useFriendName(): (friend: Pick<Friend, 'name' | 'user'>) => string {
  const t = useText('friends');
  return ({ name, user }) => name.trim() || t('nameless', { id: user.slice(-6) });
}

export const FollowTag = ({ follow }: { follow: FollowStatus }) => {
  const t = useText('friends');
  return <StatusTag variant={FOLLOW[follow]}>{t(`follow.${follow}`)}</StatusTag>;
};

export const LinkTag = ({ link: { state, method } }: { link: Pick<Link, 'state' | 'method'> }) => {
  const t = useText('friends');
  const doubtful = state === 'linked' && method === 'unverified';
  return (
    <StatusTag variant={doubtful ? 'warning' : LINK[state]} hollow>
      {t(doubtful ? 'link.unverified' : `link.${state}`)}
    </StatusTag>
  );
};

export const Avatar = ({ picture, name, size }: { picture: string | null; name: string; size: number }) => {
  const t = useText('friends');
  if (picture?.startsWith('https://'))
    return <Image src={picture} alt={t('picture', { name })} width={size} height={size} />;
  return <Icon name="contact" size="lg" screenReaderText={t('noPicture')} />;
};

/** Who it is: picture, name, whether the friend can be reached, and whether there is a contact. */
export const FriendHead = ({ friend }: { friend: Friend }) => {
  const t = useText('friends');
  const name = useFriendName()(friend);
  return (
    <Flex direction="column" gap="small">
      <Flex gap="medium" align="center" wrap>
        <Avatar picture={friend.picture} name={name} size={48} />
        <Flex direction="column" gap="xs">
          <Heading>{name}</Heading>
          <Flex gap="small" wrap>
            <FollowTag follow={friend.follow} />
            <LinkTag link={friend.link} />
            {friend.needsReply && <StatusTag variant="warning">{t('needsReply')}</StatusTag>}
            {friend.failed && <StatusTag variant="danger">{t('failed')}</StatusTag>}
            {friend.pending && !friend.failed && <StatusTag variant="info">{t('pending')}</StatusTag>}
          </Flex>
        </Flex>
      </Flex>
      {friend.follow === 'blocked' && (
        <Alert variant="warning" title={t('blocked')}>
          <Text>{t('blockedHelp')}</Text>
        </Alert>
      )}
    </Flex>
  );
};
