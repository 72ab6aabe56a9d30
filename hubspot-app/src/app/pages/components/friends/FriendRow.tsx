import { Checkbox, Flex, StatusTag, TableCell, TableRow, Tag, Text } from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { Avatar, FollowTag, LinkTag, useFriendName, useText, type Format, type Friend } from '@lumo/screens';

interface Props {
  friend: Friend;
  format: Format;
  selected: boolean;
  onSelect: (on: boolean) => void;
}

/** More tags would make the row tall; the detail shows all. */
const MOST_TAGS = 3;

export const FriendRow = ({ friend, format, selected, onSelect }: Props) => {
  const t = useText('friends');
  const name = useFriendName()(friend);
  const more = friend.tags.length - MOST_TAGS;
  return (
    <TableRow>
      <TableCell width="min">
        <Checkbox
          name={`select-${friend.user}`}
          aria-label={t('select', { name })}
          checked={selected}
          onChange={onSelect}
        />
      </TableCell>
      <TableCell>
        <Flex gap="small" align="center">
          <Avatar picture={friend.picture} name={name} size={28} />
          <PageLink to={`/friends/${friend.slot}/${friend.user}`}>{short(name)}</PageLink>
        </Flex>
      </TableCell>
      <TableCell>
        <FollowTag follow={friend.follow} />
      </TableCell>
      <TableCell>
        <Flex direction="column" gap="flush">
          <LinkTag link={friend.link} />
          {friend.failed && <StatusTag variant="danger">{t('failed')}</StatusTag>}
        </Flex>
      </TableCell>
      <TableCell>
        <Flex gap="xs" wrap>
          {friend.tags.slice(0, MOST_TAGS).map((tag) => (
            <Tag key={tag.id}>{short(tag.name)}</Tag>
          ))}
          {more > 0 && <Text variant="microcopy">+{format.number(more)}</Text>}
        </Flex>
      </TableCell>
      <TableCell>
        <Text>{format.dateTime(friend.lastMessageAt)}</Text>
        {friend.needsReply && <StatusTag variant="warning">{t('needsReply')}</StatusTag>}
      </TableCell>
    </TableRow>
  );
};

const LONGEST = 40;

/** Links and tags cannot be cut by the page; whole characters are kept, so that no emoji is halved. */
function short(text: string): string {
  const letters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join('')}…` : text;
}
