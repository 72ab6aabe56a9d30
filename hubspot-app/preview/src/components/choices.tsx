import { useEffect, useId, useRef, useState, type FocusEvent, type KeyboardEvent } from 'react';
import { cx, testId, type Props } from './base.ts';
import { Field, useFormValue, useHeld } from './form.tsx';
import { Icon } from './icons.tsx';

type Value = string | number | boolean;
interface Option {
  label: string;
  value: Value;
}

/** Above so many options HubSpot puts a search. */
const FEW = 7;

export function Select(p: Props) {
  const options: Option[] = p.options ?? [];
  return options.length > FEW ? <SearchedSelect {...p} /> : <PlainSelect {...p} />;
}

function PlainSelect(p: Props) {
  const [value, setValue] = useHeld<Value | null>(p.value, null);
  useFormValue(p.name, value ?? undefined);
  const options: Option[] = p.options ?? [];
  const chosen = options.findIndex((o) => o.value === value);
  return (
    <Field p={p}>
      {({ id, described, invalid }) => (
        <select
          id={id}
          className={p.variant}
          value={chosen}
          disabled={Boolean(p.readOnly)}
          required={Boolean(p.required)}
          aria-label={p.label ? undefined : p.placeholder}
          aria-describedby={described}
          aria-invalid={invalid}
          onChange={(e) => {
            const option = options[Number(e.target.value)];
            if (!option) return;
            setValue(option.value);
            p.onChange?.(option.value);
          }}
          {...testId(p)}
        >
          {chosen < 0 && <option value={-1}>{p.placeholder ?? ''}</option>}
          {options.map((o, i) => (
            <option key={String(o.value)} value={i}>
              {o.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** What opens on demand, and closes when it is left or by Escape. */
function useList() {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (open) box.current?.querySelector<HTMLInputElement>('input[type=search]')?.focus();
  }, [open]);
  const close = () => {
    setOpen(false);
    box.current?.querySelector<HTMLElement>('button.toggle-list')?.focus();
  };
  const shared = {
    ref: box,
    className: 'multi',
    onBlur: (e: FocusEvent<HTMLElement>) => !e.currentTarget.contains(e.relatedTarget) && setOpen(false),
    onKeyDown: (e: KeyboardEvent<HTMLElement>) => {
      if (e.key !== 'Escape' || !open) return;
      e.stopPropagation();
      e.nativeEvent.stopImmediatePropagation();
      close();
    },
  };
  return { open, toggle: () => setOpen(!open), close, shared };
}

const matching = (options: Option[], filter: string) =>
  options.filter((o) => o.label.toLowerCase().includes(filter.toLowerCase()));

function SearchedSelect(p: Props) {
  const [value, setValue] = useHeld<Value | null>(p.value, null);
  useFormValue(p.name, value ?? undefined);
  const list = useList();
  const [filter, setFilter] = useState('');
  const options: Option[] = p.options ?? [];
  const choose = (option: Option) => {
    setValue(option.value);
    p.onChange?.(option.value);
    setFilter('');
    list.close();
  };
  return (
    <Field p={p}>
      {({ id, described, invalid }) => (
        <div {...list.shared} {...testId(p)}>
          <button
            id={id}
            type="button"
            className={cx('toggle-list', 'chosen', p.variant)}
            disabled={Boolean(p.readOnly)}
            aria-expanded={list.open}
            aria-haspopup="listbox"
            aria-describedby={described}
            aria-invalid={invalid}
            aria-label={p.label ? undefined : p.placeholder}
            onClick={list.toggle}
          >
            {options.find((o) => o.value === value)?.label ?? p.placeholder ?? ''} <Icon name="downCarat" size="sm" />
          </button>
          {list.open && (
            <div className="multi-list">
              <input type="search" aria-label="Filter" value={filter} onChange={(e) => setFilter(e.target.value)} />
              <div role="listbox" aria-label={p.label ?? p.placeholder}>
                {matching(options, filter).map((o) => (
                  <button
                    type="button"
                    role="option"
                    key={String(o.value)}
                    aria-selected={o.value === value}
                    onClick={() => choose(o)}
                  >
                    {o.label}
                  </button>
                ))}
              </div>
            </div>
          )}
        </div>
      )}
    </Field>
  );
}

/** Chips of what is chosen, over a list with a filter that opens on demand. */
export function MultiSelect(p: Props) {
  const [values, setValues] = useHeld<Value[]>(p.value, []);
  useFormValue(p.name, values);
  const list = useList();
  const [filter, setFilter] = useState('');
  const options: Option[] = p.options ?? [];
  const set = (next: Value[]) => {
    setValues(next);
    p.onChange?.(next);
  };
  const shown = matching(options, filter);
  return (
    <Field p={p}>
      {({ id, described, invalid }) => (
        <div {...list.shared} {...testId(p)}>
          <span className="chips">
            {options
              .filter((o) => values.includes(o.value))
              .map((o) => (
                <span className="tag" key={String(o.value)}>
                  {o.label}
                  {!p.readOnly && (
                    <button
                      type="button"
                      className="x"
                      aria-label={`Remove ${o.label}`}
                      onClick={() => set(values.filter((v) => v !== o.value))}
                    >
                      ×
                    </button>
                  )}
                </span>
              ))}
            <button
              id={id}
              type="button"
              className="toggle-list"
              disabled={Boolean(p.readOnly)}
              aria-expanded={list.open}
              aria-haspopup="listbox"
              aria-describedby={described}
              aria-invalid={invalid}
              aria-label={p.label ?? p.placeholder}
              onClick={list.toggle}
            >
              {values.length === 0 && (p.placeholder ?? '')} <Icon name="downCarat" size="sm" />
            </button>
          </span>
          {list.open && (
            <div className="multi-list">
              {options.length > 8 && (
                <input type="search" aria-label="Filter" value={filter} onChange={(e) => setFilter(e.target.value)} />
              )}
              <div role="group" aria-label={p.label ?? p.placeholder}>
                {shown.map((o) => (
                  <label key={String(o.value)}>
                    <input
                      type="checkbox"
                      checked={values.includes(o.value)}
                      onChange={(e) =>
                        set(e.target.checked ? [...values, o.value] : values.filter((v) => v !== o.value))
                      }
                    />
                    {o.label}
                  </label>
                ))}
              </div>
            </div>
          )}
        </div>
      )}
    </Field>
  );
}

function tick(type: 'checkbox' | 'radio') {
  return function Tick(p: Props) {
    const [checked, setChecked] = useHeld<boolean>(p.checked, Boolean(p.initialIsChecked));
    useFormValue(p.name, type === 'radio' ? (checked ? p.value : undefined) : checked);
    const help = useId();
    return (
      <label className={cx('tick', p.variant, p.inline && 'inline')}>
        <input
          type={type}
          name={p.name}
          value={p.value}
          checked={checked}
          disabled={Boolean(p.readOnly ?? p.readonly)}
          aria-label={p['aria-label']}
          aria-describedby={p.description ? help : undefined}
          onChange={(e) => {
            setChecked(e.target.checked);
            p.onChange?.(e.target.checked, p.value ?? '');
          }}
          {...testId(p)}
        />
        <span>
          {p.children}
          {p.description && (
            <small id={help} className="help">
              {p.description}
            </small>
          )}
        </span>
      </label>
    );
  };
}
export const Checkbox = tick('checkbox');
export const RadioButton = tick('radio');

export function Toggle(p: Props) {
  const [checked, setChecked] = useHeld<boolean>(p.checked, Boolean(p.initialIsChecked));
  useFormValue(p.name, checked);
  const words = checked ? p.textChecked : p.textUnchecked;
  return (
    <span className={cx('toggle', size(p), p.labelDisplay ?? 'inline')}>
      {p.labelDisplay !== 'hidden' && <span aria-hidden>{p.label}</span>}
      <button
        type="button"
        role="switch"
        aria-checked={checked}
        aria-label={p.label}
        disabled={Boolean(p.readOnly ?? p.readonly)}
        onClick={() => {
          setChecked(!checked);
          p.onChange?.(!checked);
        }}
        {...testId(p)}
      >
        <i aria-hidden />
      </button>
      {words && <small aria-hidden>{words}</small>}
    </span>
  );
}
const size = (p: Props) => (['xs', 'extra-small', 'sm', 'small'].includes(p.size) ? 'sm' : 'md');

interface GroupOption {
  label: string;
  value: string;
  initialIsChecked?: boolean;
  readonly?: boolean;
  readOnly?: boolean;
  description?: string;
}

export function ToggleGroup(p: Props) {
  const name = useId();
  const many = p.toggleType !== 'radioButtonList';
  const options: GroupOption[] = p.options ?? [];
  const initial = options.filter((o) => o.initialIsChecked).map((o) => o.value);
  const given = p.value === undefined ? undefined : [p.value].flat();
  const [values, setValues] = useHeld<string[]>(given, initial);
  useFormValue(p.name, many ? values : values[0]);
  const pick = (value: string, on: boolean) => {
    const next = many ? (on ? [...values, value] : values.filter((v) => v !== value)) : [value];
    setValues(next);
    p.onChange?.(many ? next : value);
  };
  return (
    <Field p={p} group>
      {() => (
        <div className={cx('choices', p.inline && 'inline')} {...testId(p)}>
          {options.map((o) => (
            <label key={o.value} className="tick">
              <input
                type={many ? 'checkbox' : 'radio'}
                name={`${p.name}-${name}`}
                checked={values.includes(o.value)}
                disabled={Boolean(o.readOnly ?? o.readonly)}
                onChange={(e) => pick(o.value, e.target.checked)}
              />
              <span>
                {o.label}
                {o.description && <small className="help">{o.description}</small>}
              </span>
            </label>
          ))}
        </div>
      )}
    </Field>
  );
}
