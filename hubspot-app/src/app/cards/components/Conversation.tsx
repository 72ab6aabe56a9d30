import { Accordion, Button, Flex, Heading, Text } from '@hubspot/ui-extensions';
import { MessageLine, MessagePages, useText, type Format, type FriendDetail } from '@lumo/screens';
import { useState } from 'react';
import { Composer, EMPTY, type Draft } from './Composer.tsx';
import type { CardProps } from './ContactScreen.tsx';
import { FromTemplate } from './FromTemplate.tsx';
import { useSend } from './useSend.ts';

const FEW = 5;
/** As many as the card brings along. */
const LAST = 20;

export interface DraftProps {
  draft: Draft;
  onDraft: (draft: Draft) => void;
}

type Props = CardProps & DraftProps & { friend: FriendDetail; format: Format };

/** What was said last, oldest first as in LINE, and a box to answer (P-112 to P-114). */
export const Conversation = ({ card, friend, format, may, onChanged, draft, onDraft }: Props) => {
  const t = useText('card');
  const [all, setAll] = useState(false);
  const sending = useSend(friend, card.contactId);
  const known = friend.messages ?? [];
  const { latest, arrived } = sending;
  const messages = latest && !known.some(({ id }) => id === latest.id) ? [latest, ...known] : known;
  const edit = (next: Draft) => {
    if (arrived) sending.forget();
    onDraft(next);
  };
  const barred = useBarred({ card, friend, may });
  const shown = (all ? messages : messages.slice(0, FEW)).slice().reverse();
  const line = { friend, format, may: may.send_messages, onChanged };
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('messages.title')}</Heading>
      {messages.length === 0 && <Text variant="microcopy">{t('messages.empty')}</Text>}
      {messages.length > FEW && (
        <Flex>
          <Button size="xs" onClick={() => setAll(!all)} testId="all-messages">
            {all ? t('messages.less') : t('messages.more', { n: messages.length })}
          </Button>
        </Flex>
      )}
      {shown.map((message) => (
        <MessageLine key={message.id} message={message} {...line} />
      ))}
      <Composer sending={sending} barred={barred} draft={arrived ? EMPTY : draft} onDraft={edit} onSent={onChanged} />
      {barred === null && (
        <FromTemplate
          friend={friend}
          disabled={sending.busy}
          onText={(text) => edit({ text: join(arrived ? '' : draft.text, text), picture: null })}
        />
      )}
      {known.length >= LAST && <History {...line} />}
    </Flex>
  );
};

/** A template's text comes after what was typed. */
const join = (typed: string, text: string) => (typed.trim() === '' ? text : `${typed.trimEnd()}\n${text}`);

/** Why nobody can write to the friend here (P-115). */
function useBarred({ card, friend, may }: Pick<Props, 'card' | 'friend' | 'may'>): string | null {
  const t = useText('card');
  const account = card.accounts.find(({ slot }) => slot === friend.slot);
  if (account?.state !== 'active') return t('compose.accountOff');
  if (friend.follow === 'blocked') return t('compose.blocked');
  return may.send_messages ? null : t('compose.notAllowed');
}

interface LineProps {
  friend: FriendDetail;
  format: Format;
  may: boolean;
  onChanged: () => void;
}

/** All that was said, page by page; asked for when it is opened. */
const History = (props: LineProps) => {
  const t = useText('card');
  const [open, setOpen] = useState(false);
  return (
    <Accordion title={t('messages.history')} size="small" open={open} onClick={() => setOpen(!open)}>
      {open && <MessagePages {...props} />}
    </Accordion>
  );
};
