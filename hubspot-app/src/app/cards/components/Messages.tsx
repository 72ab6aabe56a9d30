import { Button, Flex, Heading, Icon, Text } from '@hubspot/ui-extensions';
import { useText, type Format, type Message } from '@lumo/screens';
import { useState } from 'react';

const FEW = 5;
const TYPES = ['image', 'video', 'audio', 'file', 'location', 'sticker'] as const;

/** The last messages as the server keeps them, oldest first as in LINE. */
export const Messages = ({ messages, format }: { messages: Message[]; format: Format }) => {
  const t = useText('card');
  const [all, setAll] = useState(false);
  const shown = (all ? messages : messages.slice(0, FEW)).slice().reverse();
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
        <Flex key={message.id} direction="column" gap="flush">
          <Flex gap="xs" align="center">
            <Icon name={message.direction === 'in' ? 'left' : 'right'} size="sm" screenReaderText="" />
            <Text variant="microcopy">
              {t(`messages.${message.direction}`)} · {format.dateTime(message.at)}
            </Text>
          </Flex>
          <Words message={message} />
        </Flex>
      ))}
    </Flex>
  );
};

const Words = ({ message }: { message: Message }) => {
  const t = useText('card');
  if (message.unsent) return <Text format={{ italic: true }}>{t('messages.unsent')}</Text>;
  if (message.text !== '') return <Text>{message.text}</Text>;
  const type = TYPES.find((known) => known === message.type) ?? 'other';
  return <Text format={{ italic: true }}>{t(`type.${type}`)}</Text>;
};
