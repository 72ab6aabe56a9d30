import { useSyncExternalStore } from 'react';

interface Toast {
  key: number;
  type: string;
  title?: string;
  message: string;
}

let toasts: Toast[] = [];
let count = 0;
const listeners = new Set<() => void>();
const set = (next: Toast[]) => {
  toasts = next;
  for (const listener of listeners) listener();
};

/** Stays until it is dismissed, unless it only reports success. */
export function addToast({ type = 'info', title, message }: { type?: string; title?: string; message: string }) {
  const key = ++count;
  set([...toasts, { key, type, title, message }].slice(-4));
  if (type === 'success') setTimeout(() => dismiss(key), 8000);
}

const dismiss = (key: number) => set(toasts.filter((t) => t.key !== key));

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts">
      {shown.map((t) => (
        <div key={t.key} className={`toast ${t.type}`} role="status">
          <div>
            {t.title && <strong>{t.title}</strong>}
            <span>{t.message}</span>
          </div>
          <button type="button" className="x" aria-label="Dismiss" onClick={() => dismiss(t.key)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
