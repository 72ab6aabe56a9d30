import { useSyncExternalStore } from 'react';

export interface Frame {
  uri: string;
  title?: string;
  width: number;
  height: number;
}

let open: readonly string[] = [];
let frame: { frame: Frame; onClose?: () => void } | undefined;
const listeners = new Set<() => void>();
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
const set = (next: readonly string[]) => {
  open = next;
  for (const listener of listeners) listener();
};

/** Which modals and panels are open, by the ids that the extension gave them. */
export const overlays = {
  open: (id: string) => {
    if (!open.includes(id)) set([...open, id]);
  },
  close: (id: string) => set(open.filter((x) => x !== id)),
  closeAll: () => {
    frame = undefined;
    set([]);
  },
  openFrame: (next: Frame, onClose?: () => void) => {
    frame = { frame: next, onClose };
    set([...open]);
  },
  closeFrame: () => {
    const closed = frame;
    frame = undefined;
    set([...open]);
    closed?.onClose?.();
  },
};

export const useIsOpen = (id: string) => useSyncExternalStore(subscribe, () => open.includes(id));
export const useFrame = () => useSyncExternalStore(subscribe, () => frame);

export const reactions = {
  openModal: overlays.open,
  closeModal: overlays.close,
  openPanel: overlays.open,
  closePanel: overlays.close,
};
