import { Button, Flex, LoadingButton, MultiSelect, Tag, Text } from '@hubspot/ui-extensions';
import { useState } from 'react';
import type { Friend } from '../api/types.ts';
import { useAction } from '../api/useAction.ts';
import { ErrorAlert } from '../components/Problems.tsx';
import { useText } from '../i18n/useText.ts';
import { useAllTags } from './useAllTags.ts';

interface Props {
  friend: Friend;
  may: boolean;
  /** The tags are others now: ask again. */
  onChanged: () => void;
}

/** The tags of one friend, shown and edited. */
export const TagEditor = ({ friend, may, onChanged }: Props) => {
  const t = useText('friends');
  const [editing, setEditing] = useState(false);
  if (editing) {
    return (
      <Choose
        friend={friend}
        onDone={(changed) => {
          setEditing(false);
          if (changed) onChanged();
        }}
      />
    );
  }
  return (
    <Flex gap="xs" align="center" wrap>
      {friend.tags.length === 0 && <Text variant="microcopy">{t('tags.none')}</Text>}
      {friend.tags.map((tag) => (
        <Tag key={tag.id}>{tag.name}</Tag>
      ))}
      <Button size="xs" disabled={!may} onClick={() => setEditing(true)} testId="edit-tags">
        {t('tags.edit')}
      </Button>
    </Flex>
  );
};

const Choose = ({ friend, onDone }: { friend: Friend; onDone: (changed: boolean) => void }) => {
  const t = useText('friends');
  const words = useText('common');
  const had = friend.tags.map(({ id }) => id);
  const [chosen, setChosen] = useState<string[]>(had);
  const all = useAllTags(friend.slot);
  const action = useAction('POST /friends/tags');
  const known = new Map([...friend.tags, ...all.tags].map(({ id, name }) => [id, name]));
  const add = chosen.filter((id) => !had.includes(id));
  const remove = had.filter((id) => !chosen.includes(id));

  const save = async () => {
    const change = { ...(add.length && { add }), ...(remove.length && { remove }) };
    const answer = await action.run({ body: { slot: friend.slot, users: [friend.user], ...change } });
    if (answer) onDone(true);
  };

  return (
    <Flex direction="column" gap="small">
      <MultiSelect
        name="tags"
        label={t('tags')}
        placeholder={all.loading ? t('tags.loading') : t('tags.choose')}
        description={!all.loading && known.size === 0 ? t('tags.noneYet') : undefined}
        value={chosen}
        options={[...known].map(([value, label]) => ({ value, label }))}
        onChange={(values) => setChosen(values.map(String))}
      />
      <ErrorAlert error={action.error ?? all.error} />
      <Flex gap="small">
        <LoadingButton
          size="sm"
          variant="primary"
          loading={action.busy}
          disabled={add.length + remove.length === 0}
          onClick={() => void save()}
          testId="save-tags"
        >
          {t('save')}
        </LoadingButton>
        <Button size="sm" disabled={action.busy} onClick={() => onDone(false)}>
          {words('cancel')}
        </Button>
      </Flex>
    </Flex>
  );
};
