import { useRef, type ChangeEvent, type KeyboardEvent } from 'react';
import { testId, type Props } from './base.ts';
import { Field, useFormValue, useHeld } from './form.tsx';
import { Icon } from './icons.tsx';

/** How the text in the box becomes the value that handlers get, and back. */
interface Codec {
  /** What is picked, not typed, is committed at once. */
  picked?: boolean;
  show: (value: unknown) => string;
  read: (text: string) => unknown;
}

const TEXT: Codec = { show: (v) => String(v ?? ''), read: (t) => t };
const NUMBER: Codec = {
  show: (v) => (v === undefined || v === null ? '' : String(v)),
  read: (t) => (t === '' ? undefined : Number(t)),
};

const two = (n: number) => String(n).padStart(2, '0');
interface BaseDate {
  year: number;
  month: number;
  date: number;
}
const showDate = (d: BaseDate | null | undefined) =>
  d ? `${String(d.year).padStart(4, '0')}-${two(d.month + 1)}-${two(d.date)}` : '';
const DATE: Codec = {
  picked: true,
  show: (v) => showDate(v as BaseDate),
  read: (t) => {
    if (!t) return null;
    const [year = 0, month = 1, date = 1] = t.split('-').map(Number);
    return { year, month: month - 1, date, formattedDate: t };
  },
};
interface BaseTime {
  hours: number;
  minutes: number;
}
const showTime = (v: BaseTime | null | undefined) => (v ? `${two(v.hours)}:${two(v.minutes)}` : '');
const TIME: Codec = {
  picked: true,
  show: (v) => showTime(v as BaseTime),
  read: (t) => {
    if (!t) return null;
    const [hours = 0, minutes = 0] = t.split(':').map(Number);
    return { hours, minutes };
  },
};

type Element = HTMLInputElement | HTMLTextAreaElement;

/** HubSpot's inputs: onInput at every keystroke, onChange when the value is committed by leaving the box or by Enter. */
function useText(p: Props, codec: Codec) {
  const given = p.value === undefined ? undefined : codec.show(p.value);
  const [text, setText] = useHeld<string>(given, given ?? codec.show(p.defaultValue));
  const committed = useRef(text);
  useFormValue(p.name, codec.read(text));
  const commit = (next: string) => {
    if (committed.current === next) return;
    committed.current = next;
    p.onChange?.(codec.read(next));
  };
  const type = (next: string) => {
    setText(next);
    p.onInput?.(codec.read(next));
    if (codec.picked) commit(next);
  };
  return {
    text,
    type,
    commit,
    attributes: {
      value: text,
      name: p.name as string | undefined,
      placeholder: p.placeholder as string | undefined,
      readOnly: Boolean(p.readOnly),
      required: Boolean(p.required),
      onChange: (e: ChangeEvent<Element>) => type(e.target.value),
      onFocus: () => {
        committed.current = text;
        p.onFocus?.(codec.read(text));
      },
      onBlur: () => {
        commit(text);
        p.onBlur?.(codec.read(text));
      },
      onKeyDown: (e: KeyboardEvent<Element>) => {
        if (e.key === 'Enter' && e.currentTarget.tagName === 'INPUT') commit(text);
      },
      ...testId(p),
    },
  };
}

function box(htmlType: string, codec: Codec, more: (p: Props) => Record<string, unknown> = () => ({})) {
  return function Box(p: Props) {
    const { attributes } = useText(p, codec);
    return (
      <Field p={p}>
        {({ id, described, invalid }) => (
          <input
            id={id}
            type={p.type === 'password' ? 'password' : htmlType}
            aria-describedby={described}
            aria-invalid={invalid}
            {...more(p)}
            {...attributes}
          />
        )}
      </Field>
    );
  };
}

const range = (p: Props) => ({
  min: p.min,
  max: p.max,
  step: p.precision ? 10 ** -p.precision : 'any',
  className: p.textAlign,
});

export const Input = box('text', TEXT);
export const NumberInput = box('number', NUMBER, range);
export const DateInput = box('date', DATE, (p) => ({ min: showDate(p.min), max: showDate(p.max) }));
export const TimeInput = box('time', TIME, (p) => ({ min: showTime(p.min), max: showTime(p.max) }));

export function CurrencyInput(p: Props) {
  const { attributes } = useText(p, NUMBER);
  return (
    <Field p={p}>
      {({ id, described, invalid }) => (
        <span className="with-unit">
          <span aria-hidden>{p.currency ?? 'USD'}</span>
          <input
            id={id}
            type="number"
            aria-describedby={described}
            aria-invalid={invalid}
            {...range(p)}
            {...attributes}
          />
        </span>
      )}
    </Field>
  );
}

export function StepperInput(p: Props) {
  const { attributes, text, type, commit } = useText(p, NUMBER);
  const step = (by: number) => {
    const next = Math.min(p.max ?? Infinity, Math.max(p.min ?? -Infinity, Number(text || 0) + by));
    type(String(next));
    commit(String(next));
  };
  const by = Number(p.stepSize ?? 1);
  return (
    <Field p={p}>
      {({ id, described, invalid }) => (
        <span className="stepper">
          <button
            type="button"
            aria-label="Less"
            disabled={p.readOnly || Number(text) <= p.min}
            onClick={() => step(-by)}
          >
            −
          </button>
          <input
            id={id}
            type="number"
            aria-describedby={described}
            aria-invalid={invalid}
            {...range(p)}
            step={by}
            {...attributes}
          />
          <button
            type="button"
            aria-label="More"
            disabled={p.readOnly || Number(text) >= p.max}
            onClick={() => step(by)}
          >
            +
          </button>
        </span>
      )}
    </Field>
  );
}

export function SearchInput(p: Props) {
  const { attributes, text, type, commit } = useText(p, TEXT);
  const clear = () => {
    type('');
    commit('');
  };
  return (
    <Field p={p}>
      {({ id, described, invalid }) => (
        <span className="search">
          <Icon name="search" size="sm" />
          <input
            id={id}
            type="search"
            aria-label={p.label ? undefined : p.placeholder}
            aria-describedby={described}
            aria-invalid={invalid}
            {...attributes}
          />
          {p.clearable !== false && text && (
            <button type="button" className="x" aria-label="Clear" onClick={clear}>
              ×
            </button>
          )}
        </span>
      )}
    </Field>
  );
}

export function TextArea(p: Props) {
  const { attributes } = useText(p, TEXT);
  return (
    <Field p={p}>
      {({ id, described, invalid }) => (
        <textarea
          id={id}
          rows={p.rows ?? 3}
          cols={p.cols}
          maxLength={p.maxLength}
          style={{ resize: p.resize ?? 'vertical' }}
          aria-describedby={described}
          aria-invalid={invalid}
          {...attributes}
        />
      )}
    </Field>
  );
}
