import {
  asApiError,
  call,
  newRequestId,
  useOrigin,
  type ApiError,
  type Message,
  type SendMessage,
  type Talk,
} from '@lumo/screens';
import { useEffect, useRef, useState } from 'react';

export type Content = Pick<SendMessage, 'text' | 'image'>;

export interface Sending {
  /** The last one, as it will stand in the conversation: on its way, or as the server answered. */
  latest: Message | null;
  busy: boolean;
  /** Why the last one was not taken; null once it turns up in the conversation all the same. */
  error: ApiError | null;
  /** The last one, of which no answer came, is in the conversation: it was taken. */
  arrived: boolean;
  send: (content: Content) => Promise<Message | null>;
  /** The user goes on to something else. */
  forget: () => void;
}

const write = (origin: string, { slot, user = '', group }: Talk, body: SendMessage) =>
  group === undefined
    ? call(origin, 'POST /friends/{slot}/{user}/messages', { path: { slot, user }, body })
    : call(origin, 'POST /groups/{slot}/{group}/messages', { path: { slot, group }, body });

interface Try {
  what: string;
  id: string;
  error: ApiError | null;
}

const sketch = (id: string, content: Content): Message => ({
  id,
  direction: 'out',
  type: content.image ? 'image' : 'text',
  text: content.text ?? '',
  image: content.image?.url ?? null,
  preview: null,
  unsent: false,
  at: Date.now(),
  status: 'sending',
  code: null,
  reason: null,
  correlationId: null,
  by: null,
  cost: null,
  retry: false,
});

/**
 * Sends a message to a friend or a group. Its id is made here: as long as nobody knows what became of it, sending the same content again carries the
 * same id, and the server sends it once.
 */
export function useSend(to: Talk, contact: string | null): Sending {
  const origin = useOrigin();
  const [latest, setLatest] = useState<Message | null>(null);
  const [busy, setBusy] = useState(false);
  const [last, setLast] = useState<Try | null>(null);
  const mounted = useRef(true);
  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);

  const send = async (content: Content) => {
    const what = JSON.stringify(content);
    const id = last?.error?.uncertain && last.what === what ? last.id : newRequestId();
    setLatest(sketch(id, content));
    setBusy(true);
    setLast(null);
    try {
      const { message } = await write(origin, to, { requestId: id, ...(contact !== null && { contact }), ...content });
      if (mounted.current) {
        setLatest(message);
        setBusy(false);
      }
      return message;
    } catch (thrown) {
      if (mounted.current) {
        setLatest(null);
        setBusy(false);
        setLast({ what, id, error: asApiError(thrown) });
      }
      return null;
    }
  };

  const arrived = last !== null && (to.messages ?? []).some(({ id }) => id === last.id);
  return { latest, busy, error: arrived ? null : (last?.error ?? null), arrived, send, forget: () => setLast(null) };
}
