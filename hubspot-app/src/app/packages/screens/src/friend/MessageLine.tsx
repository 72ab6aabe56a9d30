import { Flex, Link, LoadingButton, StatusTag, Text, Tile } from '@hubspot/ui-extensions';
import type { Message } from '../api/types.ts';
import { useAction } from '../api/useAction.ts';
import { ErrorAlert } from '../components/Problems.tsx';
import type { Format } from '../format.ts';
import { useProblem } from '../help/useProblem.ts';
import { useText } from '../i18n/useText.ts';

const TYPES = ['image', 'video', 'audio', 'file', 'location', 'sticker'] as const;
const STATUS = { sending: 'info', sent: 'success', failed: 'danger', unclear: 'warning' } as const;

/** Whom messages are exchanged with: a friend, or a group chat. */
export interface Talk {
  slot: number;
  user?: string;
  group?: string;
  messages?: Message[];
}

interface Props {
  message: Message;
  friend: Talk;
  format: Format;
  /** Whether the user may send. */
  may: boolean;
  onChanged: () => void;
}

/** One message: what others wrote stands left, what was written here stands right, as in LINE. */
export const MessageLine = (props: Props) => {
  const { message, format } = props;
  const t = useText('card');
  const out = message.direction === 'out';
  const who = out
    ? message.by
      ? t('messages.by', { who: message.by })
      : t('messages.out')
    : (message.by ?? t('messages.in'));
  return (
    <Flex direction="column" gap="flush" align={out ? 'end' : 'start'}>
      <Text variant="microcopy">
        {who} · {format.dateTime(message.at)}
      </Text>
      <Tile compact>
        <Words message={message} />
      </Tile>
      {message.status && <Outcome {...props} status={message.status} />}
    </Flex>
  );
};

const Words = ({ message }: { message: Message }) => {
  const t = useText('card');
  if (message.unsent) return <Text format={{ italic: true }}>{t('messages.unsent')}</Text>;
  if (message.type === 'text') return <Lines text={message.text} />;
  const known = TYPES.find((one) => one === message.type) ?? 'other';
  const type = t(`type.${known}`);
  const told = message.text ? t('type.with', { type, text: message.text }) : type;
  if (message.image?.startsWith('https://'))
    return (
      <Text>
        {told}{' '}
        <Link href={{ url: message.image, external: true }}>
          {t(known === 'image' ? 'messages.picture' : 'messages.file')}
        </Link>
      </Text>
    );
  return <Text format={{ italic: true }}>{told}</Text>;
};

/** A Text joins lines into one. */
const Lines = ({ text }: { text: string }) => (
  <Flex direction="column" gap="flush">
    {text.split('\n').map((line, n) => (
      <Text key={n}>{line}</Text>
    ))}
  </Flex>
);

/** What became of a message that was written here. */
const Outcome = ({ message, friend, may, onChanged, status }: Props & { status: NonNullable<Message['status']> }) => {
  const t = useText('card');
  const problem = useProblem();
  const toFriend = useAction('POST /friends/{slot}/{user}/messages/{message}/retry');
  const toGroup = useAction('POST /groups/{slot}/{group}/messages/{message}/retry');
  const { slot, user = '', group } = friend;
  const retry = group === undefined ? toFriend : toGroup;
  const why = message.code
    ? problem({ code: message.code, message: message.reason ?? '', correlationId: message.correlationId })
    : null;
  const again = async () => {
    const sent =
      group === undefined
        ? await toFriend.run({ path: { slot, user, message: message.id }, body: {} })
        : await toGroup.run({ path: { slot, group, message: message.id }, body: {} });
    if (sent) onChanged();
  };
  return (
    <Flex direction="column" gap="xs" align="end">
      <Flex gap="xs" align="center" wrap>
        <StatusTag variant={STATUS[status]}>{t(`status.${status}`)}</StatusTag>
        {message.cost !== null && (
          <Text variant="microcopy">{message.cost === 0 ? t('cost.free') : t('cost.count', { n: message.cost })}</Text>
        )}
      </Flex>
      {why && (
        <Text variant="microcopy">
          {why.text} {why.todo}
        </Text>
      )}
      {why?.detail && <Text variant="microcopy">{why.detail}</Text>}
      <ErrorAlert error={retry.error} />
      {message.retry && may && (
        <LoadingButton size="xs" loading={retry.busy} onClick={() => void again()} testId={`retry-${message.id}`}>
          {t(status === 'unclear' ? 'send.check' : 'send.retry')}
        </LoadingButton>
      )}
    </Flex>
  );
};
