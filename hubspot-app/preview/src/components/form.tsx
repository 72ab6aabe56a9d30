import { createContext, useContext, useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { cx, event, testId, type Props } from './base.ts';
import { reactions } from './overlays.ts';

interface FormApi {
  set: (name: string, value: unknown) => void;
  reset: () => void;
  /** Changes with every reset, so that inputs start anew. */
  generation: number;
}
export const FormContext = createContext<FormApi | null>(null);

export function Form(p: Props) {
  const values = useRef<Record<string, unknown>>({});
  const [generation, setGeneration] = useState(0);
  const form: FormApi = {
    generation,
    set: (name, value) => {
      values.current[name] = value;
    },
    reset: () => {
      values.current = {};
      setGeneration(generation + 1);
    },
  };
  return (
    <FormContext.Provider value={form}>
      <form
        className="form"
        noValidate
        autoComplete={p.autoComplete}
        onSubmit={(e) => {
          e.preventDefault();
          e.stopPropagation();
          p.onSubmit?.({ ...event('submit'), targetValue: { ...values.current } }, reactions);
        }}
        {...testId(p)}
      >
        {p.children}
      </form>
    </FormContext.Provider>
  );
}

/** Tells the form around an input what it holds. */
export function useFormValue(name: string | undefined, value: unknown) {
  const form = useContext(FormContext);
  useEffect(() => {
    if (name) form?.set(name, value);
  });
}

/**
 * The value of an input: kept here, because a keystroke's way to the extension and back is slow, and taken from the extension whenever
 * that changes it.
 */
export function useHeld<T>(given: T | undefined, first: T) {
  const generation = useContext(FormContext)?.generation ?? 0;
  const [value, setValue] = useState<T>(given ?? first);
  const start = useRef(first);
  const seen = useRef({ key: JSON.stringify(given), generation });
  const key = JSON.stringify(given);
  useEffect(() => {
    if (generation !== seen.current.generation) setValue(start.current);
    else if (key !== seen.current.key) setValue(key === undefined ? start.current : (JSON.parse(key) as T));
    seen.current = { key, generation };
  }, [key, generation]);
  return [value, setValue] as const;
}

interface FieldProps {
  p: Props;
  group?: boolean;
  children: (ids: { id: string; described: string | undefined; invalid: true | undefined }) => ReactNode;
}

/** Label, help and validation message around an input. */
export function Field({ p, group, children }: FieldProps) {
  const id = useId();
  const help = p.description ? `${id}-help` : undefined;
  const message = p.validationMessage ? `${id}-message` : undefined;
  const described = [help, message].filter(Boolean).join(' ') || undefined;
  const label = p.label && (
    <>
      {p.label}
      {p.required && (
        <span className="required" aria-hidden>
          {' *'}
        </span>
      )}
      {p.tooltip && (
        <span className="info" title={p.tooltip} role="img" aria-label={p.tooltip}>
          i
        </span>
      )}
    </>
  );
  const inside = (
    <>
      {help && (
        <small id={help} className="help">
          {p.description}
        </small>
      )}
      {children({ id, described, invalid: p.error ? true : undefined })}
      {message && (
        <small id={message} className={cx('message', p.error && 'bad')}>
          {p.validationMessage}
        </small>
      )}
    </>
  );
  if (group) {
    return (
      <fieldset className={cx('field', p.error && 'error')} aria-describedby={described}>
        {label && <legend>{label}</legend>}
        {inside}
      </fieldset>
    );
  }
  return (
    <div className={cx('field', p.error && 'error')}>
      {label && <label htmlFor={id}>{label}</label>}
      {inside}
    </div>
  );
}
